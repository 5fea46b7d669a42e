"""The count model alone: one of the two parts of the service model."""

from __future__ import annotations

from collections.abc import Callable

from models.counts import counts_log_odds, fit_counts
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows


def fit_counts_alone(rows: ClosedRows, _settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster of the count model.

    Args:
        rows: What may train.
        _settings: Not used: the penalties are fixed.
    """
    fitted = fit_counts(rows)
    return lambda new: counts_log_odds(fitted, new)
