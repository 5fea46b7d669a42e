"""The ridge logit alone: one of the two parts of the service model."""

from __future__ import annotations

from collections.abc import Callable

from models.estimators import fit_logit, log_odds_of
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows


def fit_logit_alone(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster of the ridge logit.

    Args:
        rows: What may train.
        settings: Penalty.
    """
    fitted = fit_logit(rows.features, rows.labels, settings.ridge_c, rows.weights)
    return lambda new: log_odds_of(fitted, new.features)
