"""Recalibration: a + b * log-odds, learned from out-of-time forecasts, identity unless it helps.

With few separate runs of violence a recalibration fits noise. So both numbers are shrunk hard to
the identity (a = 0, b = 1), the result is itself tried forward in time, and it is used only if the
gain in log score has a 95 % interval above 0. It stays linear in log-odds, so that contributions
still sum to the score. Cox (1958), doi:10.1093/biomet/45.3-4.562.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.bootstrap import BlockDraws, Interval, interval_of, mean_draws
from models.estimators.ridge import probability_of
from models.metrics import Floats, Ints, log_losses

PRIOR_DEVIATION = 0.1
"""Standard deviation of the normal prior on a (around 0) and on b (around 1)."""

MIN_POSITIVES = 20
"""Positive forecasts that must be closed before a recalibration is fitted."""


@dataclass(frozen=True)
class Calibration:
    """A line in log-odds.

    Attributes:
        intercept: a.
        slope: b.
    """

    intercept: float
    slope: float

    def apply(self, log_odds: Floats) -> Floats:
        """Returns a + b * log-odds, shape kept."""
        return self.intercept + self.slope * log_odds


IDENTITY = Calibration(0.0, 1.0)


@dataclass(frozen=True)
class CalibrationChoice:
    """Which recalibration is used, and why.

    Attributes:
        calibration: The line in force; `IDENTITY` unless the fitted one helps.
        fitted: The line fitted to all closed out-of-time forecasts.
        gain: Mean gain in log score, in nats, of recalibrating forward in time.
        log_odds: The out-of-time log-odds as the choice would have served them, shape (n,).
    """

    calibration: Calibration
    fitted: Calibration
    gain: Interval
    log_odds: Floats

    @property
    def is_identity(self) -> bool:
        """True if scores are served as the estimator makes them."""
        return self.calibration == IDENTITY


def fit_calibration(log_odds: Floats, observed: Floats) -> Calibration:
    """Returns the line with the greatest posterior density.

    Args:
        log_odds: Out-of-time forecasts, shape (n_forecasts,).
        observed: Outcomes, 1.0 or 0.0, shape (n_forecasts,).
    """
    design = np.stack([np.ones_like(log_odds), log_odds], axis=1)
    identity, precision = np.array([0.0, 1.0]), np.eye(2) / PRIOR_DEVIATION**2
    line = identity.copy()
    for _ in range(50):
        probability = probability_of(design @ line)
        slope = design.T @ (observed - probability) - precision @ (line - identity)
        spread = probability * (1 - probability)
        step = np.linalg.solve((design * spread[:, None]).T @ design + precision, slope)
        line = line + step
        if np.abs(step).max() < 1e-10:
            break
    return Calibration(float(line[0]), float(line[1]))


def keep_identity(log_odds: Floats) -> CalibrationChoice:
    """Returns the choice of no recalibration.

    Args:
        log_odds: Out-of-time forecasts, shape (n_forecasts,).
    """
    return CalibrationChoice(IDENTITY, IDENTITY, Interval(0.0, 0.0, 0.0), log_odds)


def choose_calibration(
    log_odds: Floats, observed: Floats, origin: Ints, horizon: int, block: Ints, draws: BlockDraws
) -> CalibrationChoice:
    """Returns the fitted line if it helps forward in time, else the identity.

    Each block of origins (a year) is recalibrated with the line fitted to the forecasts whose
    windows are closed at the block's first origin.

    Args:
        log_odds: Out-of-time forecasts, shape (n_forecasts,).
        observed: Outcomes, 1.0 or 0.0, shape (n_forecasts,).
        origin: Row or ordinal of each forecast's origin, shape (n_forecasts,).
        horizon: Steps ahead.
        block: Block in time of each forecast, rising with the origin, shape (n_forecasts,).
        draws: Draws for the interval of the gain.
    """
    forward = log_odds.copy()
    for one in np.unique(block):
        here = block == one
        closed = origin + horizon <= origin[here].min()
        if observed[closed].sum() >= MIN_POSITIVES:
            forward[here] = fit_calibration(log_odds[closed], observed[closed]).apply(
                log_odds[here]
            )
    gains = log_losses(probability_of(log_odds), observed) - log_losses(
        probability_of(forward), observed
    )
    gain = interval_of(float(gains.mean()), mean_draws(gains, draws))
    fitted = fit_calibration(log_odds, observed)
    if gain.low > 0:
        return CalibrationChoice(fitted, fitted, gain, forward)
    return CalibrationChoice(IDENTITY, fitted, gain, log_odds)
