"""The estimator: a ridge logit on standardised features, with exact contributions.

A feature is standardised by its mean and standard deviation over the training rows and moved to at
most eight standard deviations from the mean, so that one broken number cannot carry a score. A
missing feature takes the mean: it contributes nothing. Log-odds are a sum over features, so an
explanation is a reading of the model and not an approximation of it.

Hoerl & Kennard (1970), doi:10.1080/00401706.1970.10488634; le Cessie & van Houwelingen (1992),
doi:10.2307/2347628, for the logit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from models.metrics import Floats

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

CLIP_DEVIATIONS = 8.0


@dataclass(frozen=True)
class FittedLogit:
    """A fitted ridge logit.

    Attributes:
        centre: Mean of each feature over the training rows, shape (n_features,).
        scale: Standard deviation of each feature, 1 where it does not vary, shape (n_features,).
        logit: The scikit-learn estimator, fitted on standardised features.
    """

    centre: Floats
    scale: Floats
    logit: LogisticRegression


def fit_logit(
    features: npt.NDArray[np.floating],
    labels: Floats,
    ridge_c: float,
    weights: Floats | None = None,
) -> FittedLogit:
    """Returns the logit fitted to the rows; the same rows give the same numbers.

    Args:
        features: Shape (n_rows, n_features), NaN where missing.
        labels: 1.0 or 0.0, both present, shape (n_rows,).
        ridge_c: Inverse penalty.
        weights: How many rows each stands for, shape (n_rows,); None for 1 each.
    """
    # Loaded where something is fitted: most commands fit nothing, and loading takes a second.
    from sklearn.linear_model import LogisticRegression

    centre, scale = feature_scale(features, weights)
    logit = LogisticRegression(C=ridge_c, solver="newton-cholesky", tol=1e-8, max_iter=200)
    logit.fit(standardise(features, centre, scale), labels > 0, sample_weight=weights)
    return FittedLogit(centre, scale, logit)


def feature_scale(
    features: npt.NDArray[np.floating], weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """Returns mean and standard deviation of each feature over the rows where it is known.

    Args:
        features: Shape (n_rows, n_features), NaN where missing.
        weights: How many rows each stands for, shape (n_rows,); None for 1 each.

    Returns:
        Two float64 arrays, shape (n_features,); the deviation is 1 where a feature does not vary.
    """
    rows = np.asarray(features, np.float64)
    is_known = np.isfinite(rows)
    counted = np.ones(len(rows)) if weights is None else weights
    total = counted @ is_known
    n_known = np.where(total > 0, total, 1.0)
    centre = counted @ np.where(is_known, rows, 0.0) / n_known
    spread = np.sqrt(counted @ np.where(is_known, rows - centre, 0.0) ** 2 / n_known)
    scale = np.where(spread > 1e-9 * np.maximum(1.0, np.abs(centre)), spread, 1.0)
    return centre, scale


def standardise(features: npt.NDArray[np.floating], centre: Floats, scale: Floats) -> Floats:
    """Returns the features in standard deviations, clipped, 0 where missing, float64."""
    standard = (np.asarray(features, np.float64) - centre) / scale
    standard = np.clip(standard, -CLIP_DEVIATIONS, CLIP_DEVIATIONS)
    return np.where(np.isnan(standard), 0.0, standard)


def contributions_of(fitted: FittedLogit, features: npt.NDArray[np.floating]) -> Floats:
    """Returns what each feature adds to the log-odds, float64, shape (n_rows, n_features)."""
    standard = standardise(features, fitted.centre, fitted.scale)
    return np.asarray(standard * fitted.logit.coef_[0], np.float64)


def base_log_odds(fitted: FittedLogit) -> float:
    """Returns the log-odds where every feature has its training mean."""
    return float(fitted.logit.intercept_[0])


def log_odds_of(fitted: FittedLogit, features: npt.NDArray[np.floating]) -> Floats:
    """Returns base plus contributions, shape (n_rows,)."""
    added: Floats = contributions_of(fitted, features).sum(axis=1)
    return base_log_odds(fitted) + added


def probability_of(log_odds: Floats) -> Floats:
    """Returns the probability of log-odds, in (0, 1)."""
    return np.asarray(expit(log_odds), np.float64)
