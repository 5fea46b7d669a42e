"""Seeded panels of the sizes that are measured: S1, S2 and S3 as design goals name them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.calendar import period_end
from data.panel import Panel

N_PERIODS = 430
_LAST_PERIOD = 620
_COUNTRIES = tuple(f"X{letter}A" for letter in "ABCDEFGHIJKLMN")


@dataclass(frozen=True)
class Size:
    """Regions on a grid of so many columns, months, events."""

    name: str
    n_regions: int
    n_columns: int
    n_events: int
    n_periods: int = N_PERIODS


S1 = Size("s1", 60, 10, 30_000)
S2 = Size("s2", 13_110, 120, 400_000)
S3 = Size("s3", 64_818, 360, 5_000_000)


def draw_events(size: Size, seed: int = 20_260_101) -> dict[str, np.ndarray]:
    """Returns events as columns: period, region, kind, best, low, high, civilians, coarse.

    A few regions see most of it, later years more than early ones.
    """
    draws = np.random.default_rng(seed)
    weights = draws.gamma(0.15, 1.0, size.n_regions) + 1e-6
    best = np.ceil(draws.lognormal(0.4, 1.2, size.n_events)).astype(np.int64) - 1
    return {
        "period": (size.n_periods * draws.random(size.n_events) ** 0.6).astype(np.int64),
        "region": draws.choice(size.n_regions, size.n_events, p=weights / weights.sum()),
        "kind": draws.integers(0, 3, size.n_events),
        "best": best,
        "low": draws.binomial(best, 0.9),
        "high": best + draws.poisson(0.3 * best),
        "civilians": draws.binomial(best, 0.4),
        "coarse": np.where(draws.random(size.n_events) < 0.15, best, 0),
    }


def count_events(events: dict[str, np.ndarray], size: Size) -> dict[str, np.ndarray]:
    """Returns the base variables, float32, shape (n_periods, n_regions)."""
    shape = (size.n_periods, size.n_regions)
    cell = events["period"] * size.n_regions + events["region"]

    def total(weight: np.ndarray) -> np.ndarray:
        counted = np.bincount(cell, weights=weight, minlength=shape[0] * shape[1])
        return counted.reshape(shape).astype(np.float32)

    values = {"events": total(np.ones(len(cell))), "deaths": total(events["best"])}
    for number, kind in enumerate(("state_based", "non_state", "one_sided")):
        is_kind = events["kind"] == number
        values[f"events_{kind}"] = total(is_kind.astype(np.float64))
        values[f"deaths_{kind}"] = total(np.where(is_kind, events["best"], 0))
    for name in ("low", "high", "civilians", "coarse"):
        values[f"deaths_{name}"] = total(events[name])
    return values


def make_panel(size: Size, events: dict[str, np.ndarray] | None = None) -> Panel:
    """Returns the panel of a size, or of given events on its grid."""
    n_regions, n_columns = size.n_regions, size.n_columns
    grid = [divmod(region, n_columns) for region in range(n_regions)]
    neighbours = tuple(
        tuple(
            other
            for up in (-1, 0, 1)
            for right in (-1, 0, 1)
            if (up or right)
            and 0 <= column + right < n_columns
            and 0 <= (other := (row + up) * n_columns + column + right) < n_regions
        )
        for row, column in grid
    )
    day = period_end(_LAST_PERIOD, "month")
    n_countries = len(_COUNTRIES)
    return Panel(
        region_set=size.name,
        step="month",
        as_of=day,
        data_cutoff=day,
        region_ids=tuple(str(region) for region in range(n_regions)),
        periods=np.arange(_LAST_PERIOD - size.n_periods + 1, _LAST_PERIOD + 1),
        values=count_events(draw_events(size) if events is None else events, size),
        known=np.ones((size.n_periods, n_regions), np.bool_),
        countries=_COUNTRIES,
        country_of=np.arange(n_regions) * n_countries // n_regions,
        country_values={
            name: np.zeros((size.n_periods, n_countries), np.float32)
            for name in ("events", "deaths")
        },
        neighbours=neighbours,
        is_simulated=True,
        centres=np.array([(-15 + 0.5 * column, 5 + 0.2 * row) for row, column in grid]),
    )
