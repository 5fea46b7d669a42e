"""Conformal widening: intervals that were too narrow of late are made wider by as much.

For each period ahead and stratum of past violence, the forecasts whose periods closed within the
last 60 are looked at: how far beyond each interval, in log(1 + deaths), did the truth lie? The
quantile of those distances that makes the interval hold its share widens it; intervals are never
made narrower. Romano, Patterson & Candès (2019), doi:10.48550/arXiv.1905.03222.
"""

from __future__ import annotations

import numpy as np

from models.distribution import interval_ends
from models.metrics import Floats, Ints

LOOK_BACK = 60
"""Closed periods that are looked back on."""

STRATUM_BOUNDS: tuple[float, ...] = (0.0, 2.0, 20.0)
"""Mean deaths per period over the last 12 that divide the strata; a bound belongs to the lower."""

MIN_SCORES = 60
"""Closed forecasts that a stratum needs for a widening of its own; else all strata share one."""

KNOTS: tuple[float, ...] = (0.9, 0.8, 0.5)
"""Levels of the intervals whose widening is measured; between them it is linear in the tail."""


def stratify(mean_deaths: Floats) -> Ints:
    """Returns the stratum of each unit: 0 for none killed, then rising."""
    return np.searchsorted(np.array(STRATUM_BOUNDS), mean_deaths, side="left").astype(np.int64)


def widen(
    draws: Floats, stratum: Ints, past: Floats, past_observed: Floats, past_stratum: Ints
) -> Floats:
    """Returns wider draws, sorted, whole, >= 0, shape kept.

    Args:
        draws: Sorted draws of the present forecasts, shape (n_units, n_draws).
        stratum: Their strata, shape (n_units,).
        past: Sorted draws of closed forecasts as far ahead, shape (n_past, n_draws).
        past_observed: What came, shape (n_past,).
        past_stratum: Their strata, shape (n_past,).
    """
    result = draws.copy()
    for one in np.unique(stratum):
        here = past_stratum == one
        if here.sum() < MIN_SCORES:
            here = np.ones(len(past), bool)
        if here.sum() < MIN_SCORES:
            continue
        widening = _widenings(past[here], past_observed[here])
        result[stratum == one] = _stretch(draws[stratum == one], widening)
    return result


def _widenings(past: Floats, observed: Floats) -> Floats:
    """Returns by how much each interval of `KNOTS` must be wider, in log(1 + deaths)."""
    truth = np.log1p(observed)
    found = []
    for level in KNOTS:
        low, high = (np.log1p(end) for end in interval_ends(past, level))
        beyond = np.maximum(low - truth, truth - high)
        rank = min(1.0, np.ceil((len(beyond) + 1) * level) / len(beyond))
        found.append(max(0.0, float(np.quantile(beyond, rank, method="higher"))))
    # A wider interval is widened at least as much as one inside it.
    return np.maximum.accumulate(np.array(found)[::-1])[::-1]


def _stretch(draws: Floats, widening: Floats) -> Floats:
    n_draws = draws.shape[-1]
    share = (np.arange(n_draws) + 0.5) / n_draws
    tail = np.minimum(share, 1 - share)
    knots = [(1 - level) / 2 for level in KNOTS]
    by = np.interp(tail, [*knots, 0.5], [*widening, 0.0]) * np.where(share < 0.5, -1.0, 1.0)
    stretched = np.expm1(np.maximum(np.log1p(draws) + by, 0.0))
    return np.sort(np.round(stretched), axis=-1)
