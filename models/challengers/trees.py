"""Extremely randomised trees: Geurts, Ernst & Wehenkel (2006), doi:10.1007/s10994-006-6226-1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import logit as log_odds
from sklearn.ensemble import ExtraTreesClassifier

from models.estimators import feature_scale, standardise
from models.metrics import LOG_SCORE_FLOOR, Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

N_TREES = 300
LEAST_LEAF = 20


def fit_trees(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster of 300 trees whose leaves hold at least 20 rows.

    Args:
        rows: What may train.
        settings: Seed.
    """
    centre, scale = feature_scale(rows.features, rows.weights)
    forest = ExtraTreesClassifier(
        n_estimators=N_TREES,
        min_samples_leaf=LEAST_LEAF,
        max_features=0.5,
        random_state=settings.seed % 2**31,
    )
    forest.fit(standardise(rows.features, centre, scale), rows.labels > 0, rows.weights)

    def forecast(new: Rows) -> Floats:
        found = forest.predict_proba(standardise(new.features, centre, scale))[:, 1]
        return np.asarray(log_odds(np.clip(found, LOG_SCORE_FLOOR, 1 - LOG_SCORE_FLOOR)))

    return forecast
