"""A count model: a negative binomial of the deaths in the window, read at the threshold.

The log mean and the log dispersion are both linear in the standardised features: quiet regions are
far more dispersed than violent ones, and one dispersion for all is the worse forecast. Both have a
ridge penalty. The forecast is P(sum >= threshold). Negative binomial (NB2) as in Hilbe (2011),
doi:10.1017/CBO9780511973420.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, special, stats

from models.estimators import feature_scale, standardise
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

MEAN_PENALTY = 200.0
DISPERSION_PENALTY = 100.0
"""Penalties on the squared coefficients, in log-likelihood; chosen on origins 2014 to 2018."""

DISPERSION_FEATURES: tuple[str, ...] = ("deaths_3m", "deaths_12m", "events_12m", "events_24m")
MOST_LOG_ODDS = 12.0

_LOG_MEAN = (-15.0, 12.0)
_LOG_DISPERSION = (-6.0, 8.0)


def fit_counts(rows: ClosedRows, _settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster fitted to the deaths of closed windows.

    Args:
        rows: What may train.
        _settings: Not used: the penalties are fixed.
    """
    centre, scale = feature_scale(rows.features)
    design = standardise(rows.features, centre, scale)
    columns = [at for at, name in enumerate(rows.names) if name in DISPERSION_FEATURES]
    # Deaths of events with a vague date are spread over periods: a sum may be broken.
    coefficients = _fit(design, design[:, columns], np.round(rows.sums))

    def forecast(new: Rows) -> Floats:
        known = standardise(new.features, centre, scale)
        mean, size = _mean_and_size(coefficients, known, known[:, columns])
        most_below = np.ceil(new.thresholds) - 1
        share = size / (size + mean)
        reached = stats.nbinom.logsf(most_below, size, share)
        missed = stats.nbinom.logcdf(most_below, size, share)
        return np.asarray(np.clip(reached - missed, -MOST_LOG_ODDS, MOST_LOG_ODDS))

    return forecast


def _mean_and_size(coefficients: Floats, design: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Returns mean and size (the inverse dispersion) of the negative binomial of each row."""
    n_features = design.shape[1]
    log_mean = coefficients[0] + design @ coefficients[1 : n_features + 1]
    log_dispersion = coefficients[n_features + 1] + spread @ coefficients[n_features + 2 :]
    return (
        np.exp(np.clip(log_mean, *_LOG_MEAN)),
        np.exp(-np.clip(log_dispersion, *_LOG_DISPERSION)),
    )


def _fit(design: Floats, spread: Floats, counts: Floats) -> Floats:
    n_features, n_spread = design.shape[1], spread.shape[1]
    penalty = np.concatenate(
        [
            [0.0],
            np.full(n_features, MEAN_PENALTY),
            [1.0],
            np.full(n_spread, DISPERSION_PENALTY),
        ]
    )
    centre = np.zeros(len(penalty))
    centre[n_features + 1] = 1.0

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        mean, size = _mean_and_size(coefficients, design, spread)
        log_share = np.log(size / (size + mean))
        likelihood = (
            special.gammaln(counts + size)
            - special.gammaln(size)
            - special.gammaln(counts + 1)
            + size * log_share
            + counts * np.log(mean / (size + mean))
        )
        by_mean = (counts - mean) * size / (size + mean)
        by_size = (
            special.digamma(counts + size)
            - special.digamma(size)
            + log_share
            + 1
            - (counts + size) / (size + mean)
        ) * -size
        gradient = np.concatenate(
            [[by_mean.sum()], design.T @ by_mean, [by_size.sum()], spread.T @ by_size]
        )
        away = coefficients - centre
        total = -likelihood.sum() + 0.5 * (penalty @ away**2)
        return float(total) / len(counts), (penalty * away - gradient) / len(counts)

    start = centre.copy()
    start[0] = np.log(counts.mean() + 1e-3)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 800})
    return np.asarray(found.x, np.float64)
