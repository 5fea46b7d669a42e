"""Panels made up for tests: sparse, with gaps in what is known, by month and by week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

import features.build
from data.calendar import Step, period_end
from data.panel import BASE_VARIABLES, REPORTED_VARIABLES, Panel
from data.panel.details import DETAIL_VARIABLES, ActorActivity
from features.catalogue import CATALOGUE, indicators_of

MakePanel = Callable[..., Panel]


def _make_panel(
    *,
    n_periods: int = 60,
    n_regions: int = 5,
    step: Step = "month",
    seed: int = 0,
    density: float = 0.2,
    unknown: bool = True,
    reported: tuple[str, ...] = REPORTED_VARIABLES,
    fractions: bool = False,
) -> Panel:
    draws = np.random.default_rng(seed)
    shape = (n_periods, n_regions)
    n_countries = min(2, n_regions)
    country_of = np.arange(n_regions) % n_countries
    values: dict[str, np.ndarray] = {}
    for variable in (*BASE_VARIABLES, *DETAIL_VARIABLES, *reported):
        present = draws.random(shape) < density
        drawn = draws.poisson(draws.gamma(0.5, 20, shape)) * present
        values[variable] = drawn.astype(np.float32) / np.float32(3 if fractions else 1)
    values["deaths_low"] = np.minimum(values["deaths_low"], values["deaths"])
    values["deaths_high"] = values["deaths"] + values["deaths_high"]
    values["deaths_coarse"] = np.minimum(values["deaths_coarse"], values["deaths"])
    country_values = {
        name: draws.poisson(0.3, (n_periods, n_countries)).astype(np.float32)
        for name in ("events", "deaths")
    }
    known = np.ones(shape, np.bool_)
    if unknown:
        first = draws.integers(0, max(1, n_periods // 6), n_countries)
        last = n_periods - draws.integers(0, 3, n_countries)
        rows = np.arange(n_periods)[:, None]
        by_country = (rows >= first) & (rows < last)
        if draws.random() < 0.5:
            by_country[draws.integers(0, n_periods), draws.integers(0, n_countries)] = False
        known = by_country[:, country_of]
        known[n_periods // 2] |= True
        if draws.random() < 0.5:
            known = known & (draws.random(shape) > 1 / n_periods)
            known[n_periods // 2, 0] = True
        for counted in country_values.values():
            counted[~by_country] = np.nan
        values["deaths_civilians"][draws.random(shape) < 0.02] = np.nan
    for counted in values.values():
        counted[~known] = np.nan
    cells = np.argwhere(draws.random((n_regions, 5, n_periods)) < density / 2)
    actors = ActorActivity(
        actor=cells[:, 1],
        region=cells[:, 0],
        row=cells[:, 2],
        n_events=draws.integers(1, 9, len(cells)),
    )
    capitals = draws.uniform((-5, 10), (5, 20), (n_countries, 2))
    capitals[draws.random(n_countries) < 0.1] = np.nan
    touching = draws.random((n_regions, n_regions)) < 0.5
    touching = np.triu(touching, 1)
    touching |= touching.T
    origin = 600 if step == "month" else 2600
    periods = np.arange(origin - n_periods + 1, origin + 1)
    day = period_end(origin, step)
    return Panel(
        region_set="made-up",
        step=step,
        as_of=day,
        data_cutoff=day,
        region_ids=tuple(f"R{position}" for position in range(n_regions)),
        periods=periods,
        values=values,
        known=known,
        countries=("AAA", "BBB")[:n_countries],
        country_of=country_of,
        country_values=country_values,
        neighbours=tuple(tuple(np.flatnonzero(row).tolist()) for row in touching),
        is_simulated=True,
        centres=draws.uniform((-5, 10), (5, 20), (n_regions, 2)),
        capitals=capitals,
        actors=actors,
    )


@pytest.fixture(scope="session")
def make_panel() -> MakePanel:
    """Returns a function that draws a panel from a seed."""
    return _make_panel


@pytest.fixture(scope="session")
def panels() -> st.SearchStrategy[Panel]:
    """Returns a strategy of small panels, long enough for every window in both steps."""

    lengths: dict[Step, st.SearchStrategy[int]] = {
        "month": st.one_of(st.integers(40, 90), st.integers(1, 40)),
        "week": st.one_of(st.integers(160, 330), st.integers(1, 160)),
    }

    def by_step(step: Step) -> st.SearchStrategy[Panel]:
        return st.builds(
            _make_panel,
            n_periods=lengths[step],
            n_regions=st.integers(1, 6),
            step=st.just(step),
            seed=st.integers(0, 2**31),
            density=st.sampled_from((0.02, 0.2, 0.9)),
            unknown=st.booleans(),
            fractions=st.booleans(),
            reported=st.sampled_from((REPORTED_VARIABLES, REPORTED_VARIABLES[::2], ())),
        )

    return st.sampled_from(("month", "month", "week")).flatmap(by_step)


@pytest.fixture(scope="session")
def make_deaths_panel() -> Callable[[np.ndarray], Panel]:
    """Returns a function that makes a panel of given deaths, with nothing else in it."""

    def make(deaths: np.ndarray, *, step: Step = "month") -> Panel:
        counted = np.asarray(deaths, np.float32)
        panel = _make_panel(
            n_periods=len(counted), n_regions=counted.shape[1], step=step, density=0, unknown=False
        )
        known = ~np.isnan(counted)
        nothing = np.where(known, np.float32(0), np.float32(np.nan))
        values = {name: nothing.copy() for name in BASE_VARIABLES}
        values["deaths"] = counted
        values["events"] = np.where(known, (counted > 0).astype(np.float32), np.float32(np.nan))
        held = {
            name: np.zeros((len(counted), len(panel.countries)), np.float32)
            for name in ("events", "deaths")
        }
        return replace(panel, values=values, known=known, country_values=held)

    return make


@pytest.fixture(scope="session", autouse=True)
def everything() -> Iterator[str]:
    """Yields the name of a feature set, for tests only, of every indicator in the catalogue."""
    name = "everything"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            features.build,
            "indicators_of",
            lambda wanted: tuple(CATALOGUE.values()) if wanted == name else indicators_of(wanted),
        )
        yield name
