"""What can be served: an equal-weight mean, in log-odds, of one or a few parts.

The default has two or three: the ridge logit of `models.estimators.ridge`, the count model of
`models.estimators.counts` and, where other regions' events are at hand, a logit that also learns
from them at a low weight. Means of forecasts with equal weights are hard to beat with so few
separate runs of violence: Clemen (1989), doi:10.1016/0169-2070(89)90012-5. Each part alone, and the
boosted trees of `models.estimators.boosted`, can be served in its place. A mean of log-odds stays a
sum over features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.estimators.boosted import FittedTrees, explain_trees_exactly, fit_trees, trees_log_odds
from models.estimators.counts import FittedCounts, counts_log_odds, explain_counts, fit_counts
from models.estimators.ridge import (
    FittedLogit,
    base_log_odds,
    contributions_of,
    fit_logit,
    log_odds_of,
)
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows

PARTS: tuple[str, ...] = ("logit", "counts", "wide", "boosting")
"""Names of all parts, in the order in which they are fitted, stored and explained."""


@dataclass(frozen=True)
class FittedEnsemble:
    """A fitted service model; a part that it does not have is None.

    Attributes:
        logit: The ridge logit.
        counts: The count model.
        wide: The logit that also learned from other regions.
        boosting: Boosted trees.
    """

    logit: FittedLogit | None = None
    counts: FittedCounts | None = None
    wide: FittedLogit | None = None
    boosting: FittedTrees | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, each of the same weight."""
        return tuple(name for name in PARTS if getattr(self, name) is not None)


def fit_ensemble(
    rows: ClosedRows, settings: ModelSettings, parts: tuple[str, ...] | None = None
) -> FittedEnsemble:
    """Returns the service model fitted to closed windows; the same rows give the same numbers.

    Args:
        rows: What may train; `rows.others` makes the wide logit.
        settings: Penalty of the logits, seed of the trees.
        parts: Names of the parts; None for the default: logit, counts and, with other regions'
            rows, wide.
    """
    if parts is None:
        parts = ("logit", "counts") if rows.others is None else ("logit", "counts", "wide")
    ridge_c = settings.ridge_c
    return FittedEnsemble(
        logit=fit_logit(rows.features, rows.labels, ridge_c, rows.weights)
        if "logit" in parts
        else None,
        counts=fit_counts(rows) if "counts" in parts else None,
        wide=fit_wide_logit(rows, ridge_c) if "wide" in parts else None,
        boosting=fit_trees(rows, settings.seed) if "boosting" in parts else None,
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
        log_odds_of(logit, rows.features)
        for logit in (fitted.logit, fitted.wide)
        if logit is not None
    ]
    if fitted.counts is not None:
        found.insert(int(fitted.logit is not None), counts_log_odds(fitted.counts, rows))
    if fitted.boosting is not None:
        found.append(trees_log_odds(fitted.boosting, rows.features))
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
    told = []
    if fitted.counts is not None:
        told.append(explain_counts(fitted.counts, rows))
    for logit in (fitted.logit, fitted.wide):
        if logit is not None:
            base = np.full(len(rows.features), base_log_odds(logit))
            told.append((base, contributions_of(logit, rows.features)))
    if fitted.boosting is not None:
        told.append(explain_trees_exactly(fitted.boosting, rows.features))
    bases, added = zip(*told, strict=True)
    return (
        np.asarray(sum(bases) / len(told), np.float64),
        np.asarray(sum(added) / len(told), np.float64),
    )
