"""Adaptive conformal widening: each series moves its own level by what it missed.

A series is one unit at one horizon. Where an interval missed the truth, the next is read at a
higher quantile of the closed forecasts' distances, where it held, at a slightly lower one: Gibbs &
Candès (2021), doi:10.48550/arXiv.2106.00170. A miss is known only once its period is over, so that
the level at an origin hangs on nothing after it. The level that asks for more than the farthest
distance seen is given that one.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from models.fatalities.conformal import KNOTS, ClosedForecasts, knot_ends, measure_widening, stretch
from models.metrics import Floats, Ints

STEP = 0.005
"""Step of the level after each period, as in the paper; larger ones were worse in 2012 to 2016."""

_TARGET = 1 - np.array(KNOTS)


class AdaptiveWidener:
    """A `models.fatalities.conformal.Widener` that remembers what it said.

    Args:
        deaths: Deaths by period and unit, shape (n_periods, n_units), NaN where not known.
    """

    def __init__(self, deaths: Floats) -> None:
        self._truth = np.log1p(deaths)
        self._missed_share: dict[int, Floats] = {}
        self._said: dict[int, dict[int, Floats]] = defaultdict(dict)

    def __call__(
        self, draws: Floats, stratum: Ints, closed: ClosedForecasts, *, row: int, horizon: int
    ) -> Floats:
        """Returns wider draws; see `models.fatalities.conformal.Widener`."""
        allowed = self._allow(row, horizon)
        result = draws.copy()
        said = knot_ends(draws)
        for unit in np.flatnonzero(np.isfinite(draws).all(axis=-1)):
            past = closed.of_stratum(int(stratum[unit]))
            if past is None:
                continue
            levels = tuple(float(share) for share in np.clip(1 - allowed[unit], 0.0, 1.0))
            widening = measure_widening(past, levels)
            result[unit] = stretch(draws[unit], widening)
            said[unit] += widening * (-1.0, 1.0)
        self._said[horizon][row] = said
        return result

    def _allow(self, row: int, horizon: int) -> Floats:
        """Returns the share that each unit's intervals may miss, shape (n_units, n_knots)."""
        n_units = self._truth.shape[1]
        allowed = self._missed_share.get(horizon, np.tile(_TARGET, (n_units, 1)))
        said = self._said[horizon]
        for origin in sorted(one for one in said if one + horizon <= row):
            ends, truth = said.pop(origin), self._truth[origin + horizon][:, None]
            missed = (truth < ends[..., 0]) | (truth > ends[..., 1])
            is_known = np.isfinite(truth) & np.isfinite(ends).all(axis=-1)
            allowed = allowed + np.where(is_known, STEP * (_TARGET - missed), 0.0)
        self._missed_share[horizon] = allowed
        return allowed
