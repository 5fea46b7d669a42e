"""The service model, recalibrated on the later windows: Platt's line without shrinkage.

The line a + b * log-odds is learned from the later quarter of the closed windows with a model of
the earlier three. Platt (1999); that it overfits few runs is why `models.estimators.calibration`
shrinks its line to the identity.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.challengers.stacking import EARLIER, GAP_PERIODS, LEAST_CASES
from models.estimators.ensemble import ensemble_log_odds, fit_ensemble
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows, pick_rows


def fit_recalibrated(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster; the service model itself where there are few cases.

    Args:
        rows: What may train.
        settings: Penalty of the logit.
    """
    # Loaded where something is fitted: most commands fit nothing, and loading takes a second.
    from sklearn.linear_model import LogisticRegression

    fitted = fit_ensemble(rows, settings)
    split = np.quantile(rows.period, EARLIER)
    earlier = pick_rows(rows, rows.period <= split - GAP_PERIODS)
    later = pick_rows(rows, rows.period > split)
    cases = [min(one.labels.sum(), (one.labels <= 0).sum()) for one in (earlier, later)]
    if min(cases) < LEAST_CASES:
        return lambda new: ensemble_log_odds(fitted, new)
    before = fit_ensemble(earlier, settings)
    line = LogisticRegression(C=np.inf, max_iter=200)
    line.fit(
        ensemble_log_odds(before, later)[:, None], later.labels > 0, sample_weight=later.weights
    )

    def forecast(new: Rows) -> Floats:
        return np.asarray(
            line.decision_function(ensemble_log_odds(fitted, new)[:, None]), np.float64
        )

    return forecast
