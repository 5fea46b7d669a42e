"""The equal-weight mean, in log-odds, of the ridge logit and the count model.

Means of forecasts with equal weights are hard to beat with so few separate runs of violence:
Clemen (1989), doi:10.1016/0169-2070(89)90012-5.
"""

from __future__ import annotations

from collections.abc import Callable

from models.challengers.counts import fit_counts
from models.estimators import fit_logit, log_odds_of
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows


def fit_mix(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster that gives logit and count model half of the log-odds each.

    Args:
        rows: What may train.
        settings: Penalty of the logit.
    """
    logit, counts = (
        fit_logit(rows.features, rows.labels, settings.ridge_c),
        fit_counts(rows, settings),
    )

    def forecast(new: Rows) -> Floats:
        return 0.5 * log_odds_of(logit, new.features) + 0.5 * counts(new)

    return forecast
