"""The logit that also learns from other regions' events, alone."""

from __future__ import annotations

from collections.abc import Callable

from models.ensemble import fit_wide_logit
from models.estimators import log_odds_of
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows


def fit_wide(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster of one ridge logit; without auxiliary sets it is `logit` itself.

    Args:
        rows: What may train.
        settings: Penalty.
    """
    fitted = fit_wide_logit(rows, settings.ridge_c)
    return lambda new: log_odds_of(fitted, new.features)
