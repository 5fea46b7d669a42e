"""The ridge logit with an effect of each region, shrunk as hard as the features.

A region's effect says what its features do not; with few separate runs of violence it mostly says
what happened once. Gelman & Hill (2006), doi:10.1017/CBO9780511790942.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from models.estimators.ridge import feature_scale, standardise
from models.metrics import Floats, Ints
from models.settings import ModelSettings
from models.task import ClosedRows, Rows


def fit_regions(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster with an intercept per region; a region that did not train has none.

    Args:
        rows: What may train.
        settings: Penalty.
    """
    # Loaded where something is fitted: most commands fit nothing, and loading takes a second.
    from sklearn.linear_model import LogisticRegression

    centre, scale = feature_scale(rows.features, rows.weights)
    n_regions = int(rows.region.max()) + 1
    logit = LogisticRegression(C=settings.ridge_c, solver="lbfgs", tol=1e-8, max_iter=2_000)
    design = _with_regions(standardise(rows.features, centre, scale), rows.region, n_regions)
    logit.fit(design, rows.labels > 0, sample_weight=rows.weights)

    def forecast(new: Rows) -> Floats:
        known = standardise(new.features, centre, scale)
        return np.asarray(
            logit.decision_function(_with_regions(known, new.region, n_regions)), np.float64
        )

    return forecast


def _with_regions(standard: Floats, region: Ints, n_regions: int) -> sparse.csr_matrix:
    trained = np.flatnonzero(region < n_regions)
    marks = sparse.csr_matrix(
        (np.ones(len(trained)), (trained, region[trained])), shape=(len(region), n_regions)
    )
    return sparse.csr_matrix(sparse.hstack([sparse.csr_matrix(standard), marks]))
