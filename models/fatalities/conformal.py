"""Conformal widening: intervals that were too narrow of late are made wider by as much.

For each period ahead and stratum of past violence, the forecasts whose periods closed within the
last 60 are looked at, together with those one period less and one more ahead: how far beyond each
interval, in log(1 + deaths), did the truth lie? The lower end is moved by the quantile of the
distances beyond either end, the upper end, which escalation passes, by that of the distances above
it alone; an interval is never made narrower. Romano, Patterson & Candès (2019),
doi:10.48550/arXiv.1905.03222; ends apart: their theorem 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from models.fatalities.measures import interval_ends
from models.metrics import Floats, Ints

LOOK_BACK = 60
"""Closed periods that are looked back on."""

STRATUM_BOUNDS: tuple[float, ...] = (0.0, 2.0, 20.0)
"""Mean deaths per period over the last 12 that divide the strata; a bound belongs to the lower."""

MIN_SCORES = 60
"""Closed forecasts that a stratum needs for a widening of its own; else all strata share one."""

KNOTS: tuple[float, ...] = (0.9, 0.8, 0.5)
"""Levels of the intervals whose widening is measured; between them it is linear in the tail."""

UPPER_SHARE = 0.55
"""Share of an interval's misses that may lie above it; chosen on origins 2012 to 2016."""


@dataclass(frozen=True)
class ClosedForecasts:
    """Forecasts whose period is over.

    Attributes:
        ends: Lower and upper end of each interval of `KNOTS` before widening, in log(1 + deaths),
            shape (n_closed, n_knots, 2).
        truth: log(1 + deaths) that came, shape (n_closed,).
        stratum: Their strata, shape (n_closed,).
    """

    ends: Floats
    truth: Floats
    stratum: Ints

    def of_stratum(self, stratum: int) -> ClosedForecasts | None:
        """Returns what widens a stratum: its own, all if they are too few, None if those are."""
        here = self.stratum == stratum
        if here.sum() >= MIN_SCORES:
            return ClosedForecasts(self.ends[here], self.truth[here], self.stratum[here])
        return self if len(self.truth) >= MIN_SCORES else None


class Widener(Protocol):
    """A way to widen the draws of one origin and horizon."""

    def __call__(
        self, draws: Floats, stratum: Ints, closed: ClosedForecasts, *, row: int, horizon: int
    ) -> Floats:
        """Returns wider draws, sorted, whole, >= 0, shape (n_units, n_draws).

        Args:
            draws: Sorted draws, NaN for a unit that has none, shape (n_units, n_draws).
            stratum: Strata of past violence, shape (n_units,).
            closed: What was closed by the origin.
            row: Row of the origin; origins are given in their order.
            horizon: Periods ahead.
        """


def stratify(mean_deaths: Floats) -> Ints:
    """Returns the stratum of each unit: 0 for none killed, then rising."""
    return np.searchsorted(np.array(STRATUM_BOUNDS), mean_deaths, side="left").astype(np.int64)


def knot_ends(draws: Floats) -> Floats:
    """Returns the ends of the intervals of `KNOTS` in log(1 + deaths), shape (..., n_knots, 2)."""
    ends = [np.stack(interval_ends(draws, level), axis=-1) for level in KNOTS]
    return np.asarray(np.log1p(np.stack(ends, axis=-2)))


def widen(draws: Floats, stratum: Ints, closed: ClosedForecasts, **_place: Any) -> Floats:
    """The default `Widener`: by the strata's closed forecasts, the same at every origin."""
    result = draws.copy()
    for one in np.unique(stratum):
        past = closed.of_stratum(int(one))
        if past is not None:
            here = stratum == one
            result[here] = stretch(draws[here], measure_widening(past))
    return result


def measure_widening(closed: ClosedForecasts, levels: tuple[float, ...] = KNOTS) -> Floats:
    """Returns by how much the ends of each interval must move, shape (n_knots, 2), >= 0.

    Args:
        closed: Forecasts whose period is over.
        levels: Share that each interval of `KNOTS` shall hold.
    """
    below = closed.ends[..., 0] - closed.truth[:, None]
    above = closed.truth[:, None] - closed.ends[..., 1]
    beyond = np.maximum(below, above)
    found = np.array(
        [
            (
                _conformal_quantile(beyond[:, knot], level),
                _conformal_quantile(above[:, knot], 1 - UPPER_SHARE * (1 - level)),
            )
            for knot, level in enumerate(levels)
        ]
    )
    # A wider interval is widened at least as much as one inside it.
    return np.maximum.accumulate(np.maximum(found, 0.0)[::-1])[::-1]


def stretch(draws: Floats, widening: Floats) -> Floats:
    """Returns draws whose intervals are wider, sorted and whole, shape kept.

    Args:
        draws: Sorted draws, shape (..., n_draws).
        widening: What `measure_widening` returned.
    """
    n_draws = draws.shape[-1]
    share = (np.arange(n_draws) + 0.5) / n_draws
    tail = np.minimum(share, 1 - share)
    knots = [*((1 - level) / 2 for level in KNOTS), 0.5]
    down, up = (np.interp(tail, knots, [*widening[:, side], 0.0]) for side in (0, 1))
    by = np.where(share < 0.5, -down, up)
    stretched = np.expm1(np.maximum(np.log1p(draws) + by, 0.0))
    return np.sort(np.round(stretched), axis=-1)


def _conformal_quantile(scores: Floats, level: float) -> float:
    rank = float(np.clip(np.ceil((len(scores) + 1) * level) / len(scores), 0.0, 1.0))
    # What `np.quantile` returns by its method "higher", without what it asks first.
    place = int(np.ceil((len(scores) - 1) * rank))
    return float(np.partition(scores, place)[place])
