"""Extremely randomised trees: Geurts, Ernst & Wehenkel (2006), doi:10.1007/s10994-006-6226-1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit as log_odds

from models.estimators.ridge import feature_scale, standardise
from models.metrics import LOG_SCORE_FLOOR, Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

N_TREES = 300
LEAST_LEAF = 20


@dataclass(frozen=True)
class Forest:
    """A fitted forest.

    Attributes:
        centre: Mean of each feature over the training rows, shape (n_features,).
        scale: Standard deviation of each feature, shape (n_features,).
        trees: The scikit-learn estimator, fitted on standardised features.
    """

    centre: Floats
    scale: Floats
    trees: ExtraTreesClassifier


def fit_forest(rows: ClosedRows, settings: ModelSettings) -> Forest:
    """Returns 300 trees whose leaves hold at least 20 rows.

    Args:
        rows: What may train.
        settings: Seed.
    """
    # Loaded where something is fitted: most commands fit nothing, and loading takes a second.
    from sklearn.ensemble import ExtraTreesClassifier

    centre, scale = feature_scale(rows.features, rows.weights)
    forest = ExtraTreesClassifier(
        n_estimators=N_TREES,
        min_samples_leaf=LEAST_LEAF,
        max_features=0.5,
        random_state=settings.seed % 2**31,
    )
    forest.fit(standardise(rows.features, centre, scale), rows.labels > 0, rows.weights)
    return Forest(centre, scale, forest)


def fit_trees(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster of the forest.

    Args:
        rows: What may train.
        settings: Seed.
    """
    forest = fit_forest(rows, settings)

    def forecast(new: Rows) -> Floats:
        standard = standardise(new.features, forest.centre, forest.scale)
        found = forest.trees.predict_proba(standard)[:, 1]
        return np.asarray(log_odds(np.clip(found, LOG_SCORE_FLOOR, 1 - LOG_SCORE_FLOOR)))

    return forecast
