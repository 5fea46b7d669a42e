"""Distributions of fatalities origin by origin, each widened by what was closed by then.

One walk serves the backtest and the forecast that is given out, so that what is measured there
holds here. Of past forecasts only the ends of their intervals are kept: memory grows with units
and origins, not with draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from data.calendar import months_to_periods, parse_period, period_label, period_of, period_start
from data.errors import UsageError
from models.fatalities.conformal import (
    KNOTS,
    LOOK_BACK,
    ClosedForecasts,
    Widener,
    knot_ends,
    stratify,
    widen,
)
from models.fatalities.period import N_VALUES, draw_fatalities, measure_levels
from models.fatalities.units import UnitSeries
from models.metrics import Floats, Ints
from models.progress import Progress

MOST_MONTHS_AHEAD = 36


@dataclass(frozen=True)
class OriginDraws:
    """The forecasts of one origin.

    Attributes:
        row: Row of the origin.
        draws: By horizon, sorted and widened, shape (n_units, n_draws), NaN where unknown.
        unwidened: The same before widening.
    """

    row: int
    draws: dict[int, Floats]
    unwidened: dict[int, Floats]


class OriginStore(Protocol):
    """Where arrays of origins are kept, so that a walk can go on after a kill."""

    def load(self, row: int) -> dict[str, Any] | None:
        """Returns the arrays of an origin; None if they are not kept."""

    def save(self, row: int, arrays: dict[str, Any]) -> None:
        """Keeps the arrays of an origin, whole or not at all."""


def check_horizons(horizons: tuple[int, ...], series: UnitSeries) -> None:
    """Refuses horizons out of range.

    Raises:
        UsageError: One is below 1, or beyond 36 months.
    """
    most = months_to_periods(MOST_MONTHS_AHEAD, series.step)
    if not horizons or min(horizons) < 1 or max(horizons) > most:
        raise UsageError(
            f"Horizons {horizons} are out of range.",
            f"Choose from 1 to {MOST_MONTHS_AHEAD} months.",
        )


def first_history_row(series: UnitSeries, train_from: str) -> int:
    """Returns the first row of the histories that may be analogues.

    Args:
        series: Deaths by unit.
        train_from: The month in which they begin.
    """
    first_day = period_start(parse_period(train_from, "month"), "month")
    return max(0, period_of(first_day, series.step) - int(series.periods[0]))


def rows_needed(horizons: tuple[int, ...]) -> int:
    """Returns how many known periods an origin needs before it."""
    return LOOK_BACK + max(horizons) + 2 * N_VALUES


def walk_origins(
    series: UnitSeries,
    rows: range,
    horizons: tuple[int, ...],
    first_row: int,
    *,
    widener: Widener | None = None,
    store: OriginStore | None = None,
    on_progress: Progress | None = None,
) -> Iterator[OriginDraws]:
    """Yields the forecasts of each origin, in order.

    What a later origin needs of an earlier one is kept once whoever walks asks for the next: by
    then it has done with the earlier one. An origin that is kept is not yielded again.

    Args:
        series: Deaths by unit.
        rows: Rows of the origins; each needs `rows_needed` rows from `first_row` on.
        horizons: Periods ahead.
        first_row: First row of the histories that may be analogues.
        widener: A way to widen that learns: it is also given the origins before the first, and
            nothing after an origin. None for the default.
        store: Keeps the ends of the intervals of each origin; None to keep nothing. Not for a
            widener that learns: what it has learned is not kept.
        on_progress: Called with origins done, origins in all, and what was done.
    """
    levels = measure_levels(series)
    # The widening of a horizon also looks at those beside it.
    drawn = tuple(sorted({one + by for one in horizons for by in (-1, 0, 1)} - {0}))
    walked = range(rows.start - LOOK_BACK - max(horizons), rows.stop)
    strata = np.stack([_strata_at(series, row) for row in walked])
    ends = {h: np.full((*strata.shape, len(KNOTS), 2), np.nan) for h in drawn}
    for at, row in enumerate(walked):
        kept = None if store is None else store.load(row)
        if kept is None:
            found = draw_fatalities(series, levels, row, drawn, first_row)
            kept = {str(horizon): knot_ends(draws) for horizon, draws in found.items()}
        else:
            found = {}
        for horizon in drawn:
            ends[horizon][at] = kept[str(horizon)]
        if on_progress is not None:
            label = period_label(int(series.periods[row]), series.step)
            on_progress(at + 1, len(walked), label)
        if not found:
            continue
        if row >= rows.start or widener is not None:
            closed = {h: _closed_at(series, ends, strata, walked.start, row, h) for h in horizons}
            widened = {
                h: (widener or widen)(found[h], strata[at], closed[h], row=row, horizon=h)
                for h in horizons
            }
            if row >= rows.start:
                yield OriginDraws(row, widened, {h: found[h] for h in horizons})
        if store is not None:
            store.save(row, kept)


def _strata_at(series: UnitSeries, row: int) -> Ints:
    return stratify(series.deaths[row - N_VALUES + 1 : row + 1].mean(axis=0))


def _closed_at(
    series: UnitSeries, ends: dict[int, Floats], strata: Ints, start: int, row: int, horizon: int
) -> ClosedForecasts:
    """Returns the closed forecasts that a horizon is widened by; period s + h <= row."""
    parts = []
    for ahead in (horizon - 1, horizon, horizon + 1):
        stop = row - ahead - start + 1
        if ahead < 1 or stop < 1:
            continue
        closed = slice(max(0, stop - LOOK_BACK), stop)
        came = series.deaths[start + closed.start + ahead : row + 1]
        past = ends[ahead][closed]
        known = np.isfinite(came) & np.isfinite(past).all(axis=(-1, -2))
        parts.append((past[known], np.log1p(came[known]), strata[closed][known]))
    if not parts:
        return ClosedForecasts(np.empty((0, len(KNOTS), 2)), np.empty(0), np.empty(0, np.int64))
    return ClosedForecasts(*(np.concatenate(column) for column in zip(*parts, strict=True)))
