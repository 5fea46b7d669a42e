"""The panel and its details as known on any day of a random history, against slow loops."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.database import Database, open_database
from data.errors import NothingKnown
from data.panel import Panel, build_panel
from data.regions import RegionSet
from data.sources.contract import SourceInfo
from tests.histories import (
    COUNTRIES,
    GROUPS,
    KINDS,
    MOMENTS,
    PLACES,
    Said,
    Told,
    histories,
    is_month_known,
    month_days,
    replay,
    store_history,
)

relaxed = settings(max_examples=15, deadline=None)
moments = st.sampled_from(MOMENTS)


@pytest.fixture(scope="module")
def store(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database; each history is written in a transaction that is rolled back."""
    path = tmp_path_factory.mktemp("histories") / "tocsin.db"
    shutil.copy(migrated_file, path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.close()


def weigh(event_id: str, said: Said, state: dict[str, Said]) -> dict[str, float]:
    """What one whole event adds to each variable."""
    kinds: dict[str, float] = {
        name: word in said.sub_type.split("; ") for name, word in KINDS.items()
    }
    if not said.is_violence:
        return {"events_looting": kinds["events_looting"]}
    sides = {said.actor_a, said.actor_b} - {"Civilians"}
    groups = {GROUPS[side] for side in sides}
    n_sources = said.n_sources or 0
    return {
        "events": 1,
        "deaths": said.deaths,
        "deaths_low": said.deaths // 2,
        "deaths_high": 2 * said.deaths,
        "deaths_civilians": np.nan if said.civilians is None else said.civilians,
        "deaths_coarse": said.deaths if said.where_precision >= 4 or said.days_vague else 0,
        **{
            f"{what}_{kind}": (value if said.event_type == kind else 0)
            for kind in ("state_based", "non_state", "one_sided")
            for what, value in (("events", 1), ("deaths", said.deaths))
        },
        "events_coordinated": any(
            is_pair(said, other)
            for key, other in state.items()
            if key != event_id and other.is_violence
        ),
        "events_rival_first": "jnim" in groups,
        "events_rival_second": "islamic_state" in groups,
        "events_rival_clash": {"jnim", "islamic_state"} <= groups,
        "events_sourced": n_sources > 0,
        "events_single_source": n_sources == 1,
        "sources": n_sources,
        "events_state_force": "state" in groups,
        "events_self_defence": "self_defence" in groups,
        "events_outside_force": 0,
        **kinds,
    }


def is_pair(one: Said, other: Said) -> bool:
    """Whether one actor had both, in two places, on the same or the next day."""
    shared = {one.actor_a, one.actor_b} & {other.actor_a, other.actor_b}
    return bool(
        shared - {"Civilians", "Government of Mali"}
        and not (one.days_vague or other.days_vague)
        and one.where_precision <= 3
        and other.where_precision <= 3
        and abs((one.date - other.date).days) <= 1
        and PLACES[one.place][1] != PLACES[other.place][1]
    )


def check_panel(panel: Panel, history: list[Told], squares: RegionSet) -> None:
    """Compares a panel with loops over what the replay knows on its day."""
    state = replay(history, panel.as_of)
    first = int(panel.periods[0]) - (2021 - 1970) * 12
    months = range(first, first + len(panel.periods))
    country_of = {region.region_id: region.country for region in squares.regions}
    known = np.array(
        [
            [
                is_month_known(history, panel.as_of, country_of[name], month)
                for name in panel.region_ids
            ]
            for month in months
        ]
    )
    np.testing.assert_array_equal(panel.known, known)
    assert month_days(months[-1])[-1] <= panel.as_of < month_days(months[-1] + 1)[-1]

    sums: dict[str, npt.NDArray[Any]] = {}
    held = {name: np.zeros((len(months), len(COUNTRIES))) for name in ("events", "deaths")}
    activity: Counter[tuple[str, int, int]] = Counter()
    for event_id, said in state.items():
        for day in said.days:
            row = (day.year - 2021) * 12 + day.month - 1 - first
            if not 0 <= row < len(months):
                continue
            weights = weigh(event_id, said, state)
            for name, weight in weights.items():
                total = sums.setdefault(name, np.zeros(known.shape))
                if said.region is not None:
                    column = panel.region_ids.index(said.region)
                    total[row, column] += weight / len(said.days)
            if not said.is_violence:
                continue
            if said.country in COUNTRIES and said.region is None:
                for name, total in held.items():
                    column = COUNTRIES.index(said.country)
                    total[row, column] += weights[name] / len(said.days)
            is_of_one_month = said.days[0].month == said.days[-1].month
            if said.region is not None and is_of_one_month and day == said.date:
                column = panel.region_ids.index(said.region)
                if known[row, column]:
                    for side in {said.actor_a, said.actor_b} - {"Civilians"}:
                        activity[side, column, row] += 1
    for name, total in sums.items():
        expected = np.where(known, total, np.nan)
        if name in KINDS:
            rows = np.flatnonzero((np.nan_to_num(expected) > 0).any(axis=1))
            if not len(rows):
                assert name not in panel.values
                continue
            expected[: rows[0]] = np.nan
        np.testing.assert_allclose(panel.values[name], expected, rtol=1e-6, err_msg=name)
    for name, total in held.items():
        shown = [[is_month_known(history, panel.as_of, c, m) for c in COUNTRIES] for m in months]
        np.testing.assert_allclose(
            panel.country_values[name], np.where(shown, total, np.nan), rtol=1e-6
        )
    assert panel.actors is not None
    found = zip(panel.actors.region, panel.actors.row, panel.actors.n_events, strict=True)
    counted = sorted((region, row, n) for (_, region, row), n in activity.items())
    assert sorted(tuple(map(int, one)) for one in found) == counted


@relaxed
@given(history=histories, as_of=moments)
def test_the_panel_equals_a_replay(
    store: Database,
    squares: RegionSet,
    ged: SourceInfo,
    history: list[Told],
    as_of: date,
) -> None:
    with store.read() as connection:
        taken = list(store_history(connection, history, ged).values())
        try:
            panel = build_panel(connection, squares, as_of)
        except NothingKnown:
            assert not any(
                is_month_known(taken, as_of, country, month)
                for country in COUNTRIES
                for month in range(4)
            )
        else:
            check_panel(panel, taken, squares)


@relaxed
@given(history=histories, days=st.tuples(moments, moments).map(sorted))
def test_what_comes_later_changes_no_panel_and_takes_none_away(
    store: Database,
    squares: RegionSet,
    ged: SourceInfo,
    history: list[Told],
    days: list[date],
) -> None:
    in_order = sorted(history, key=lambda told: told.known_on)
    with store.read() as connection:
        taken = store_history(connection, in_order, ged)
        panels = [build_or_none(connection, squares, day) for day in days]
    by_then = [told for told in taken.values() if told.known_on <= days[0]]
    with store.read() as connection:
        store_history(connection, by_then, ged)
        alone = build_or_none(connection, squares, days[0])
    early, late = panels
    assert (early is None) == (alone is None)
    if early is None or alone is None:
        return
    assert_equal(early, alone)
    assert late is not None
    offset = int(early.periods[0] - late.periods[0])
    assert offset >= 0
    assert late.known[offset : offset + len(early.periods)][early.known].all()


def build_or_none(connection: Any, squares: RegionSet, as_of: date) -> Panel | None:
    try:
        return build_panel(connection, squares, as_of)
    except NothingKnown:
        return None


def assert_equal(one: Panel, other: Panel) -> None:
    """Compares every array of two panels, bit for bit."""
    assert one.values.keys() == other.values.keys()
    for name, values in one.values.items():
        np.testing.assert_array_equal(values, other.values[name], err_msg=name)
    for name in ("periods", "known", "country_of"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name, values in one.country_values.items():
        np.testing.assert_array_equal(values, other.country_values[name])
    assert one.actors is not None
    for field in fields(one.actors):
        np.testing.assert_array_equal(
            getattr(one.actors, field.name), getattr(other.actors, field.name)
        )
