"""Fatalities of one period ahead, as a distribution.

Two forecasts are averaged quantile by quantile. *Conflictology*: the last 12 periods are the draws;
Hegre et al. (2024), doi:10.48550/arXiv.2407.11045. *Analogues*: of all units' closed histories, the
120 most like the present one in the logs of their mean deaths over 12 and over 3 periods; each adds
the log-ratio by which its deaths, so many periods later, differed from its mean. On the mean of
quantiles: Lichtendahl, Grushka-Cockayne & Winkler (2013), doi:10.1287/mnsc.1120.1667.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.windows import window_sums
from models.fatalities.measures import spread_values
from models.fatalities.units import UnitSeries
from models.metrics import Floats, Ints

N_VALUES = 12
SHORT = 3
N_ANALOGUES = 120


@dataclass(frozen=True)
class Levels:
    """How violent each unit has been, by period.

    Attributes:
        long: log(1 + mean of the last 12 periods), shape (n_periods, n_units), NaN if unknown.
        short: The same over 3 periods.
    """

    long: Floats
    short: Floats


def measure_levels(series: UnitSeries) -> Levels:
    """Returns the log mean deaths of every period and unit."""
    return Levels(
        long=np.log1p(window_sums(series.deaths, N_VALUES) / N_VALUES),
        short=np.log1p(window_sums(series.deaths, SHORT) / SHORT),
    )


def draw_conflictology(series: UnitSeries, row: int) -> Floats:
    """Returns the last 12 periods as sorted draws, shape (n_units, n_draws), NaN if unknown.

    Args:
        series: Deaths by unit.
        row: Row of the origin, at least 11.
    """
    draws = spread_values(series.deaths[row - N_VALUES + 1 : row + 1].T)
    draws[np.isnan(draws).any(axis=-1)] = np.nan
    return draws


def draw_fatalities(
    series: UnitSeries, levels: Levels, row: int, horizons: tuple[int, ...], first_row: int
) -> dict[int, Floats]:
    """Returns sorted draws for each period ahead, shape (n_units, n_draws), NaN if unknown.

    Where fewer than 120 histories are closed, the draws are those of conflictology alone.

    Args:
        series: Deaths by unit.
        levels: Their levels.
        row: Row of the origin; nothing after it is read.
        horizons: Periods ahead.
        first_row: First row of the histories that may be analogues.
    """
    past = draw_conflictology(series, row)
    found = {horizon: past.copy() for horizon in horizons}
    rows, units = np.nonzero(
        np.isfinite(levels.long[first_row:row]) & np.isfinite(levels.short[first_row:row])
    )
    rows = rows + first_row
    known = np.flatnonzero(np.isfinite(levels.long[row]) & np.isfinite(levels.short[row]))
    pairs = np.stack([levels.long[row, known], levels.short[row, known]], axis=1)
    # Of the nearest histories, at most this many are not closed at any one horizon, and twice the
    # analogues are enough for the few that are not known.
    wanted = 2 * N_ANALOGUES + max(horizons) * series.deaths.shape[1]
    # Units as violent as each other have the same analogues; on a grid most have no deaths at all.
    alike, group = np.unique(pairs, axis=0, return_inverse=True)
    for at, (long, short) in enumerate(alike):
        here = known[group.reshape(-1) == at]
        distance = np.abs(levels.long[rows, units] - long) + np.abs(
            levels.short[rows, units] - short
        )
        order = nearest_first(distance, wanted)
        nearest_rows, nearest_units = rows[order], units[order]
        for horizon in horizons:
            ratios = _ratios(series, levels, nearest_rows, nearest_units, row, horizon)
            if len(ratios) < N_ANALOGUES:
                continue
            ahead = np.maximum(np.expm1(long + ratios), 0.0)
            # Persons are whole.
            found[horizon][here] = np.round((past[here] + spread_values(ahead)) / 2)
    return found


def nearest_first(distance: Floats, wanted: int) -> Ints:
    """Returns the places of the smallest distances, rising, at least as many as wanted.

    Ties stand in the order of the places, so that the same data give the same draws.

    Args:
        distance: Shape (n_histories,), no NaN.
        wanted: How many are needed; all of them if there are fewer.
    """
    if len(distance) <= wanted:
        return np.argsort(distance, kind="stable")
    near = np.flatnonzero(distance <= np.partition(distance, wanted - 1)[wanted - 1])
    return near[np.argsort(distance[near], kind="stable")]


def _ratios(
    series: UnitSeries, levels: Levels, rows: Ints, units: Ints, row: int, horizon: int
) -> Floats:
    """Returns the log-ratios of the nearest closed histories, at most 120."""
    is_closed = rows + horizon <= row
    # Enough for the few that are not known.
    rows, units = rows[is_closed][: 2 * N_ANALOGUES], units[is_closed][: 2 * N_ANALOGUES]
    ratios = np.log1p(series.deaths[rows + horizon, units]) - levels.long[rows, units]
    return np.asarray(ratios[np.isfinite(ratios)][:N_ANALOGUES])
