"""The service model: an equal-weight mean, in log-odds, of two or three small models.

Its parts are the ridge logit of `models.estimators`, the count model of `models.counts` and, where
other regions' events are at hand, a logit that also learns from them at a low weight. Means of
forecasts with equal weights are hard to beat with so few separate runs of violence: Clemen (1989),
doi:10.1016/0169-2070(89)90012-5. A mean of log-odds stays a sum over features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.counts import FittedCounts, counts_log_odds, explain_counts, fit_counts
from models.estimators import (
    FittedLogit,
    base_log_odds,
    contributions_of,
    fit_logit,
    log_odds_of,
)
from models.metrics import Floats
from models.task import ClosedRows, Rows


@dataclass(frozen=True)
class FittedEnsemble:
    """A fitted service model.

    Attributes:
        logit: The ridge logit.
        counts: The count model.
        wide: The logit that also learned from other regions; None if there were none.
    """

    logit: FittedLogit
    counts: FittedCounts
    wide: FittedLogit | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, each of the same weight."""
        return ("logit", "counts") if self.wide is None else ("logit", "counts", "wide")


def fit_ensemble(rows: ClosedRows, ridge_c: float) -> FittedEnsemble:
    """Returns the service model fitted to closed windows; the same rows give the same numbers.

    Args:
        rows: What may train; `rows.others` makes the wide logit.
        ridge_c: Inverse penalty of the logits.
    """
    return FittedEnsemble(
        logit=fit_logit(rows.features, rows.labels, ridge_c, rows.weights),
        counts=fit_counts(rows),
        wide=None if rows.others is None else fit_wide_logit(rows, ridge_c),
    )


def fit_wide_logit(rows: ClosedRows, ridge_c: float) -> FittedLogit:
    """Returns the logit fitted to own and other regions' rows, as much as each weighs."""
    both = [rows] if rows.others is None else [rows, rows.others]
    return fit_logit(
        np.concatenate([one.features for one in both]),
        np.concatenate([one.labels for one in both]),
        ridge_c,
        np.concatenate([one.weights for one in both]),
    )


def ensemble_log_odds(fitted: FittedEnsemble, rows: Rows) -> Floats:
    """Returns the log-odds of each row, shape (n_rows,)."""
    found = [
        log_odds_of(fitted.logit, rows.features),
        counts_log_odds(fitted.counts, rows),
        *([] if fitted.wide is None else [log_odds_of(fitted.wide, rows.features)]),
    ]
    return np.asarray(sum(found) / len(found), np.float64)


def explain_ensemble(fitted: FittedEnsemble, rows: Rows) -> tuple[Floats, Floats]:
    """Returns the base of each row and what each feature adds to it.

    Args:
        fitted: The model.
        rows: What is explained.

    Returns:
        Base, shape (n_rows,), and contributions, shape (n_rows, n_features); together they sum to
        `ensemble_log_odds` where a row has a threshold.
    """
    base, added = explain_counts(fitted.counts, rows)
    for logit in (fitted.logit, fitted.wide):
        if logit is not None:
            base = base + base_log_odds(logit)
            added = added + contributions_of(logit, rows.features)
    return base / len(fitted.parts), added / len(fitted.parts)
