"""A ridge logit on cubic splines: each feature may bend at fixed places.

Hastie, Tibshirani & Friedman (2009), doi:10.1007/978-0-387-84858-7, chapter 5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.estimators.ridge import feature_scale, standardise
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

KNOTS: tuple[float, ...] = (-2.0, -0.5, 0.5, 2.0)
"""Where a feature may bend, in standard deviations; beyond the ends it goes on straight."""


def fit_splines(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster of an additive model.

    Args:
        rows: What may train.
        settings: Penalty.
    """
    # Loaded where something is fitted: most commands fit nothing, and loading takes a second.
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import SplineTransformer

    centre, scale = feature_scale(rows.features, rows.weights)
    knots = np.tile(np.array(KNOTS)[:, None], rows.features.shape[1])
    bends = SplineTransformer(degree=3, knots=knots, extrapolation="linear")
    basis = bends.fit_transform(standardise(rows.features, centre, scale))
    logit = LogisticRegression(C=settings.ridge_c, solver="newton-cholesky", max_iter=200)
    logit.fit(basis, rows.labels > 0, sample_weight=rows.weights)

    def forecast(new: Rows) -> Floats:
        there = bends.transform(standardise(new.features, centre, scale))
        return np.asarray(logit.decision_function(there), np.float64)

    return forecast
