"""The interval of a probability: what the model might say with more history and true counts.

Two things are weighed. *Learning*: the covariance of all coefficients, robust to what the windows
of one region and year have in common: the analytic counterpart of refits on drawn region-years;
Liang & Zeger (1986), doi:10.1093/biomet/73.1.13. *Inputs*: what the model says on the low and on
the high estimates of the dead.

The interval is about what the same model would say, had it learned from far more history and been
told the true numbers. It is not about what no feature shows: the plans of armed groups move the
true probability further than any such interval reaches.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.special import ndtri

from models.estimators.counts import (
    DISPERSION_PENALTY,
    MEAN_PENALTY,
    FittedCounts,
    count_slopes,
    reach_log_odds,
)
from models.estimators.ensemble import FittedEnsemble
from models.estimators.ridge import FittedLogit, base_log_odds, probability_of, standardise
from models.metrics import Floats, Ints
from models.task import ClosedRows, Rows

LEVEL = 0.9
"""Share of the probabilities of a model with far more history that an interval shall hold."""

WIDENING = 2.5
"""Factor on the part from learning, for the bias of the penalties and what the covariance misses.

Measured on simulated worlds against a model that learned from thirty others:
`tests/benchmarks/interval_coverage.py`.
"""

_STEP = 1e-4


def coefficient_covariance(fitted: FittedEnsemble, rows: ClosedRows, ridge_c: float) -> Floats:
    """Returns the covariance of all coefficients, float64, shape (n_coefficients,) squared.

    Args:
        fitted: The model.
        rows: What it was fitted to.
        ridge_c: Inverse penalty of the logits.

    Returns:
        The order is logit, log mean, log dispersion and wide logit, as far as the model has them,
        in each the intercept first. Empty with trees, which have no coefficients.
    """
    if fitted.boosting is not None:
        return np.empty((0, 0))
    every = [rows] if rows.others is None else [rows, rows.others]
    pairs = np.stack(
        [np.concatenate([getattr(one, name) for one in every]) for name in ("region", "year")]
    )
    block = np.unique(pairs, axis=1, return_inverse=True)[1].reshape(-1)
    n_blocks = int(block.max()) + 1
    own = block[: len(rows.labels)]
    pulls: list[Floats] = []
    if fitted.logit is not None:
        pulls.append(_logit_pull(fitted.logit, [rows], ridge_c, own, n_blocks))
    if fitted.counts is not None:
        pulls.extend(_counts_pulls(fitted.counts, rows, own, n_blocks))
    if fitted.wide is not None:
        pulls.append(_logit_pull(fitted.wide, every, ridge_c, block, n_blocks))
    # Blocks that pull on several parts alike make their errors alike.
    pull = np.concatenate(pulls, axis=1)
    return np.asarray(pull.T @ pull * (n_blocks / max(n_blocks - 1, 1)))


def log_odds_deviation(fitted: FittedEnsemble, covariance: Floats, rows: Rows) -> Floats:
    """Returns the standard deviation of each row's log-odds by its coefficients, (n_rows,)."""
    gradient = _gradient(fitted, rows)
    variance = ((gradient @ covariance) * gradient).sum(axis=1)
    return cast(Floats, np.sqrt(np.maximum(variance, 0.0)))


def interval_of_log_odds(
    log_odds: Floats,
    deviation: Floats,
    low_input: Floats,
    high_input: Floats,
    widening: float = WIDENING,
) -> tuple[Floats, Floats]:
    """Returns the ends of the interval of each row's log-odds, shape (n_rows,) each.

    Args:
        log_odds: What the model says, shape (n_rows,).
        deviation: What `log_odds_deviation` returned.
        low_input: What it says on the low estimates of the dead, shape (n_rows,).
        high_input: The same on the high estimates.
        widening: Factor of the part that comes from learning.
    """
    learned = widening * float(ndtri(0.5 + LEVEL / 2)) * deviation
    down = log_odds - np.minimum(np.minimum(low_input, high_input), log_odds)
    up = np.maximum(np.maximum(low_input, high_input), log_odds) - log_odds
    return log_odds - np.hypot(learned, down), log_odds + np.hypot(learned, up)


def _gradient(fitted: FittedEnsemble, rows: Rows) -> Floats:
    """Returns the slope of each row's log-odds along each coefficient."""
    parts: list[Floats] = []
    if fitted.logit is not None:
        parts.append(_design(fitted.logit.centre, fitted.logit.scale, rows))
    if fitted.counts is not None:
        parts.extend(_counts_gradient(fitted.counts, rows))
    if fitted.wide is not None:
        parts.append(_design(fitted.wide.centre, fitted.wide.scale, rows))
    return np.concatenate(parts, axis=1) / len(fitted.parts)


def _counts_gradient(counts: FittedCounts, rows: Rows) -> tuple[Floats, Floats]:
    design = _design(counts.centre, counts.scale, rows)
    log_mean, log_dispersion = design @ counts.mean, design @ counts.dispersion
    by_mean, by_dispersion = (
        (
            reach_log_odds(log_mean + step[0], log_dispersion + step[1], rows.thresholds)
            - reach_log_odds(log_mean - step[0], log_dispersion - step[1], rows.thresholds)
        )
        / (2 * _STEP)
        for step in ((_STEP, 0.0), (0.0, _STEP))
    )
    return by_mean[:, None] * design, by_dispersion[:, None] * design * _used(counts)


def _design(centre: Floats, scale: Floats, rows: Rows) -> Floats:
    standard = standardise(rows.features, centre, scale)
    return np.concatenate([np.ones((len(standard), 1)), standard], axis=1)


def _used(counts: FittedCounts) -> Floats:
    """1.0 for the intercept and each feature that the log dispersion uses, else 0.0."""
    used: Floats = np.where(counts.dispersion != 0, 1.0, 0.0)
    used[0] = 1.0
    return used


def _logit_pull(
    fitted: FittedLogit, every: list[ClosedRows], ridge_c: float, block: Ints, n_blocks: int
) -> Floats:
    """Returns how far each block of rows pulls the coefficients, (n_blocks, n_coefficients)."""
    design = np.concatenate([_design(fitted.centre, fitted.scale, one) for one in every])
    weights = np.concatenate([one.weights for one in every])
    labels = np.concatenate([one.labels for one in every])
    said = probability_of(base_log_odds(fitted) + design[:, 1:] @ fitted.logit.coef_[0])
    penalty = np.full(design.shape[1], 1 / ridge_c)
    penalty[0] = 0.0
    return _pull(
        design, weights * (labels - said), weights * said * (1 - said), penalty, block, n_blocks
    )


def _counts_pulls(
    fitted: FittedCounts, rows: ClosedRows, block: Ints, n_blocks: int
) -> tuple[Floats, Floats]:
    """Returns the same for log mean and log dispersion, which do not inform on each other."""
    design = _design(fitted.centre, fitted.scale, rows)
    used = _used(fitted)
    by_mean, by_dispersion, mean_information = count_slopes(
        design @ fitted.mean, design @ fitted.dispersion, np.round(rows.sums)
    )
    pulls = []
    for slope, information, width, (first, rest) in (
        (by_mean, mean_information, design, (0.0, MEAN_PENALTY)),
        (by_dispersion, by_dispersion**2, design * used, (1.0, DISPERSION_PENALTY)),
    ):
        penalty = np.full(design.shape[1], rest)
        penalty[0] = first
        pulls.append(
            _pull(width, rows.weights * slope, rows.weights * information, penalty, block, n_blocks)
        )
    return pulls[0], pulls[1]


def _pull(
    design: Floats,
    slope: Floats,
    information: Floats,
    penalty: Floats,
    block: Ints,
    n_blocks: int,
) -> Floats:
    """Returns the blocks' sums of slopes, each solved against the whole information."""
    sums = np.stack([np.bincount(block, slope * column, n_blocks) for column in design.T], axis=1)
    whole = (design * information[:, None]).T @ design + np.diag(penalty)
    # A feature that never varies tells nothing and is given nothing.
    return np.asarray(np.linalg.lstsq(whole, sums.T, rcond=None)[0].T)
