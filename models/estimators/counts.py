"""A count model: a negative binomial of the deaths in the window, read at the threshold.

The log mean and the log dispersion are both linear in the standardised features: quiet regions are
far more dispersed than violent ones, and one dispersion for all is the worse forecast. Both have a
ridge penalty. The forecast is P(sum >= threshold). Negative binomial (NB2) as in Hilbe (2011),
doi:10.1017/CBO9780511973420.

An explanation is exact and additive. The log-odds hang on three numbers: log mean, log dispersion
and threshold. What each adds to the log-odds of an average row is its Shapley value, the mean over
all orders in which the three can be moved: Shapley (1953), doi:10.1515/9781400881970-018. Log mean
and log dispersion are sums over features, so each passes its value on in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import cast

import numpy as np
from scipy import optimize, special

from models.estimators.ridge import feature_scale, standardise
from models.metrics import Floats
from models.task import ClosedRows, Rows

MEAN_PENALTY = 200.0
DISPERSION_PENALTY = 100.0
"""Penalties on the squared coefficients, in log-likelihood; chosen on origins 2014 to 2018."""

DISPERSION_FEATURES: tuple[str, ...] = ("deaths_3m", "deaths_12m", "events_12m", "events_24m")
THRESHOLD_FEATURE = "escalation_threshold"
"""The feature that shows what the threshold adds; without it the base does."""

MOST_LOG_ODDS = 12.0

_LOG_MEAN = (-15.0, 12.0)
_LOG_DISPERSION = (-6.0, 8.0)


@dataclass(frozen=True)
class FittedCounts:
    """A fitted count model.

    Attributes:
        centre: Mean of each feature over the training rows, shape (n_features,).
        scale: Standard deviation of each feature, shape (n_features,).
        mean: Intercept and coefficients of the log mean, shape (1 + n_features,).
        dispersion: The same of the log dispersion; 0 for features that it does not use.
        threshold: Geometric mean of the training rows' thresholds: that of an average row.
    """

    centre: Floats
    scale: Floats
    mean: Floats
    dispersion: Floats
    threshold: float


def fit_counts(rows: ClosedRows) -> FittedCounts:
    """Returns the count model fitted to the deaths of closed windows.

    Args:
        rows: What may train.
    """
    centre, scale = feature_scale(rows.features, rows.weights)
    design = standardise(rows.features, centre, scale)
    spread = np.array([name in DISPERSION_FEATURES for name in rows.names])
    # Deaths of events with a vague date are spread over periods: a sum may be broken.
    mean, used = _fit(design, design[:, spread], np.round(rows.sums), rows.weights)
    dispersion = np.zeros(len(mean))
    dispersion[0] = used[0]
    dispersion[1:][spread] = used[1:]
    average = float(np.exp(np.average(np.log(rows.thresholds), weights=rows.weights)))
    return FittedCounts(centre, scale, mean, dispersion, average)


def counts_log_odds(fitted: FittedCounts, rows: Rows) -> Floats:
    """Returns the log-odds that each row's threshold is reached, shape (n_rows,)."""
    design = standardise(rows.features, fitted.centre, fitted.scale)
    log_mean = fitted.mean[0] + design @ fitted.mean[1:]
    log_dispersion = fitted.dispersion[0] + design @ fitted.dispersion[1:]
    return reach_log_odds(log_mean, log_dispersion, rows.thresholds)


def explain_counts(fitted: FittedCounts, rows: Rows) -> tuple[Floats, Floats]:
    """Returns the base of each row and what each feature adds to it.

    Args:
        fitted: The model.
        rows: What is explained.

    Returns:
        Base, shape (n_rows,), and contributions, shape (n_rows, n_features); together they sum to
        `counts_log_odds`. A row without a threshold is taken to have the average one.
    """
    known = np.isfinite(rows.thresholds)
    thresholds = np.where(known, rows.thresholds, fitted.threshold)
    design = standardise(rows.features, fitted.centre, fitted.scale)
    parts = (design * fitted.mean[1:], design * fitted.dispersion[1:])
    moved = tuple(part.sum(axis=1) for part in parts)
    value = {
        way: reach_log_odds(
            fitted.mean[0] + way[0] * moved[0],
            fitted.dispersion[0] + way[1] * moved[1],
            thresholds if way[2] else np.full(len(design), fitted.threshold),
        )
        for way in product((0, 1), repeat=3)
    }
    shares = [_shapley(value, player) for player in range(3)]
    added = np.zeros_like(design)
    for part, by, share in zip(parts, moved, shares, strict=False):
        # The mean slope along the move; a move of next to nothing adds next to nothing.
        slope = np.divide(share, by, out=np.zeros_like(share), where=np.abs(by) > 1e-9)
        added += part * slope[:, None]
    base = value[0, 0, 0].copy()
    if THRESHOLD_FEATURE in rows.names:
        added[:, rows.names.index(THRESHOLD_FEATURE)] += shares[2]
    else:
        base += shares[2]
    return base, added


def reach_log_odds(log_mean: Floats, log_dispersion: Floats, thresholds: Floats) -> Floats:
    """Returns the log-odds of a count that reaches a threshold, within +-12, shape (n_rows,).

    Args:
        log_mean: Log of the mean, shape (n_rows,).
        log_dispersion: Log of the dispersion, shape (n_rows,).
        thresholds: At least so many; a number that is not whole needs the next one. NaN gives NaN.
    """
    mean = np.exp(np.clip(log_mean, *_LOG_MEAN))
    size = np.exp(-np.clip(log_dispersion, *_LOG_DISPERSION))
    most_below = np.ceil(thresholds) - 1
    # The distribution function of a negative binomial is an incomplete beta function.
    missed = special.betainc(size, most_below + 1, size / (size + mean))
    reached = special.betainc(most_below + 1, size, mean / (size + mean))
    with np.errstate(divide="ignore"):
        odds = np.log(reached) - np.log(missed)
    return np.asarray(np.clip(odds, -MOST_LOG_ODDS, MOST_LOG_ODDS))


def count_slopes(
    log_mean: Floats, log_dispersion: Floats, counts: Floats
) -> tuple[Floats, Floats, Floats]:
    """Returns how the log-likelihood of each row rises with log mean and log dispersion.

    Args:
        log_mean: Log of the mean, shape (n_rows,).
        log_dispersion: Log of the dispersion, shape (n_rows,).
        counts: What came, whole, shape (n_rows,).

    Returns:
        Slope along the log mean, slope along the log dispersion, and the expected information on
        the log mean, shape (n_rows,) each.
    """
    mean = np.exp(np.clip(log_mean, *_LOG_MEAN))
    size = np.exp(-np.clip(log_dispersion, *_LOG_DISPERSION))
    by_size = -np.log1p(mean / size) + 1 - (counts + size) / (size + mean)
    # Most windows have no deaths, and the digamma functions of 0 cancel out.
    some = np.flatnonzero(counts > 0)
    by_size[some] += special.digamma(counts[some] + size[some]) - special.digamma(size[some])
    information = mean * size / (size + mean)
    return (counts - mean) * size / (size + mean), -size * by_size, information


def _shapley(value: dict[tuple[int, ...], Floats], player: int) -> Floats:
    """Returns one player's mean gain over all orders of three players, shape (n_rows,)."""
    gained = np.zeros_like(value[0, 0, 0])
    for way, with_player in value.items():
        if way[player]:
            without = tuple(0 if one == player else is_in for one, is_in in enumerate(way))
            # 2 of 6 orders have the player first or last, 1 has it between the other two.
            gained += (with_player - value[without]) / (3 if sum(way) != 2 else 6)
    return gained


def _fit(design: Floats, spread: Floats, counts: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Returns the coefficients of log mean and log dispersion, intercepts first."""
    n_mean = design.shape[1] + 1
    penalty = np.concatenate(
        [
            [0.0],
            np.full(design.shape[1], MEAN_PENALTY),
            [1.0],
            np.full(spread.shape[1], DISPERSION_PENALTY),
        ]
    )
    centre = np.zeros(len(penalty))
    centre[n_mean] = 1.0
    # Most windows have no deaths, and the gamma functions of 0 cancel out.
    some = np.flatnonzero(counts > 0)
    some_counts, some_weights, total = counts[some], weights[some], weights.sum()

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        log_mean = coefficients[0] + design @ coefficients[1:n_mean]
        log_dispersion = coefficients[n_mean] + spread @ coefficients[n_mean + 1 :]
        mean = np.exp(np.clip(log_mean, *_LOG_MEAN))
        size = np.exp(-np.clip(log_dispersion, *_LOG_DISPERSION))
        log_share = -np.log1p(mean / size)
        likelihood = weights @ (size * log_share) + some_weights @ (
            special.gammaln(some_counts + size[some])
            - special.gammaln(size[some])
            - special.gammaln(some_counts + 1)
            + some_counts * (np.log(mean[some]) - np.log(mean[some] + size[some]))
        )
        by_mean, by_size, _ = count_slopes(log_mean, log_dispersion, counts)
        by_mean, by_size = weights * by_mean, weights * by_size
        gradient = np.concatenate(
            [[by_mean.sum()], design.T @ by_mean, [by_size.sum()], spread.T @ by_size]
        )
        away = coefficients - centre
        objective = 0.5 * (penalty @ away**2) - likelihood
        return float(objective / total), (penalty * away - gradient) / total

    start = centre.copy()
    start[0] = np.log(np.average(counts, weights=weights) + 1e-3)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 800})
    fitted = cast(Floats, np.asarray(found.x, np.float64))
    return fitted[:n_mean], fitted[n_mean:]
