"""A test of calibration that may be looked at after every period.

It bets against the forecasts: each period its wealth is multiplied by 1 + lambda * mean(c (y - p)),
which is 1 on average if every probability p is right, whatever the regions have to do with each
other. By Ville's inequality wealth ever reaches 100 with a chance of at most 1 in 100. Henzi &
Ziegel (2022), doi:10.1093/biomet/asab047; Arnold, Henzi & Ziegel (2023), doi:10.1214/22-AOAS1679;
on betting, Waudby-Smith & Ramdas (2024), doi:10.1093/jrsssb/qkad009.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.metrics import Floats, Ints

STAKES: tuple[float, ...] = (0.1, 0.3, 0.9)
"""Parts of the largest bet that leaves something whatever comes; wealth is spread over them."""

ENOUGH = 1e12
"""A bet that has won so much stops: nobody needs more evidence."""

_FINDINGS: tuple[str, ...] = (
    "the outcome comes more often than forecast",
    "the outcome comes less often than forecast",
    "high forecasts are too low and low ones too high",
    "high forecasts are too high and low ones too low",
)


@dataclass(frozen=True)
class CalibrationTest:
    """What the bets have won.

    Attributes:
        e_value: The most evidence that there ever was against calibration; 1 is none. A calibrated
            model ever reaches x with a chance of at most 1 / x.
        n_periods: Origins that were bet on.
        n_forecasts: Forecasts that were bet on.
        finding: What the best bet says of the forecasts, a clause.
    """

    e_value: float
    n_periods: int
    n_forecasts: int
    finding: str


def weigh_calibration(
    origin: Ints, probability: Floats, observed: Floats, horizon: int
) -> CalibrationTest:
    """Returns the evidence against calibration in forecasts of one horizon.

    Windows that overlap are kept apart: origins are dealt into as many sequences as the horizon is
    long, and the highest wealth among them, divided by their number, is the evidence.

    Args:
        origin: Ordinal of each forecast's origin, shape (n_forecasts,).
        probability: Forecasts in [0, 1], shape (n_forecasts,).
        observed: Outcomes, 1.0 or 0.0, shape (n_forecasts,).
        horizon: Periods in a window.
    """
    best, finding = 1.0, _FINDINGS[0]
    for sequence in range(horizon):
        wealth = np.ones((len(_FINDINGS), len(STAKES)))
        for period in np.unique(origin[origin % horizon == sequence]):
            here = origin == period
            wealth = np.minimum(wealth * _factors(probability[here], observed[here]), ENOUGH)
            total = float(wealth.mean())
            if total / horizon > best:
                best = total / horizon
                finding = _FINDINGS[int(wealth.mean(axis=1).argmax())]
    return CalibrationTest(best, len(np.unique(origin)), len(origin), finding)


def _factors(probability: Floats, observed: Floats) -> Floats:
    """What each bet is multiplied by in one period, shape (n_findings, n_stakes)."""
    surprise = observed - probability
    # Known before the outcome, as a bet must be.
    side = np.where(probability >= np.median(probability), 1.0, -1.0)
    # The least that the mean of c (y - p) can be, for each bet: what the stake must survive.
    worst = (
        probability.mean(),
        (1 - probability).mean(),
        np.where(side > 0, probability, 1 - probability).mean(),
        np.where(side > 0, 1 - probability, probability).mean(),
    )
    won = (surprise.mean(), -surprise.mean(), (side * surprise).mean(), -(side * surprise).mean())
    return np.array(
        [
            [1 + stake / max(least, 1e-9) * gain for stake in STAKES]
            for least, gain in zip(worst, won, strict=True)
        ]
    )
