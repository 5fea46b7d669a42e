"""Learned stacking: the log-odds of logit, count model and trees, weighted by a logit of its own.

The parts learn from the earlier three quarters of the closed windows and the weights from the rest,
less a horizon in between; the parts are then fitted anew to all. Wolpert (1992),
doi:10.1016/S0893-6080(05)80023-1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.challengers.trees import fit_trees
from models.estimators.ensemble import ensemble_log_odds, fit_ensemble
from models.metrics import Floats
from models.settings import ModelSettings
from models.task import ClosedRows, Rows, pick_rows

EARLIER = 0.75
GAP_PERIODS = 12
"""Periods left out between the two, so that no window of the earlier reaches into the later."""

LEAST_CASES = 20


def fit_stacking(rows: ClosedRows, settings: ModelSettings) -> Callable[[Rows], Floats]:
    """Returns a forecaster with learned weights; the mean of logit and counts with few cases.

    Args:
        rows: What may train.
        settings: Penalty of the logit, seed of the trees.
    """
    # Loaded where something is fitted: most commands fit nothing, and loading takes a second.
    from sklearn.linear_model import LogisticRegression

    split = np.quantile(rows.period, EARLIER)
    earlier = pick_rows(rows, rows.period <= split - GAP_PERIODS)
    later = pick_rows(rows, rows.period > split)
    cases = [min(one.labels.sum(), (one.labels <= 0).sum()) for one in (earlier, later)]
    if min(cases) < LEAST_CASES:
        fitted = fit_ensemble(replace(rows, others=None), settings)
        return lambda new: ensemble_log_odds(fitted, new)
    said = _said(_fit_parts(earlier, settings), later)
    weigher = LogisticRegression(C=1.0, max_iter=200)
    weigher.fit(said, later.labels > 0, sample_weight=later.weights)
    parts = _fit_parts(rows, settings)

    def forecast(new: Rows) -> Floats:
        return np.asarray(weigher.decision_function(_said(parts, new)), np.float64)

    return forecast


def _fit_parts(rows: ClosedRows, settings: ModelSettings) -> list[Callable[[Rows], Floats]]:
    logit, counts = (fit_ensemble(rows, settings, (name,)) for name in ("logit", "counts"))
    return [
        lambda new: ensemble_log_odds(logit, new),
        lambda new: ensemble_log_odds(counts, new),
        fit_trees(rows, settings),
    ]


def _said(parts: list[Callable[[Rows], Floats]], rows: Rows) -> Floats:
    return np.column_stack([part(rows) for part in parts])
