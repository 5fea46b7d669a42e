"""Boosted trees on histograms: Ke et al. (2017), "LightGBM", as scikit-learn has them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows


def fit_boosted_trees(rows: ClosedRows, settings: ModelSettings) -> HistGradientBoostingClassifier:
    """Returns 100 small trees, learned slowly and with a penalty on leaves.

    Args:
        rows: What may train; a missing feature stays missing.
        settings: Seed.
    """
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=100,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        l2_regularization=10.0,
        early_stopping=False,
        random_state=settings.seed % 2**31,
    )
    trees.fit(rows.features, rows.labels > 0, sample_weight=rows.weights)
    return trees


def fit_boosting(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster of boosted trees.

    Args:
        rows: What may train; a missing feature stays missing.
        settings: Seed.
    """
    trees = fit_boosted_trees(rows, settings)

    def forecast(new: Rows) -> Floats:
        return np.asarray(trees.decision_function(new.features), np.float64)

    return forecast
