"""What forecasts are worth to somebody who acts on them at a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.forecasts import Forecasts
from models.history import OutcomeHistory
from models.metrics import Floats

OPERATING_THRESHOLDS: tuple[float, ...] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5)
COST_LOSS_RATIOS: tuple[float, ...] = (
    *(0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.125, 0.15),
    *(0.2, 0.25, 0.3, 0.35, 0.4, 0.5),
)


def operating_table(
    history: OutcomeHistory, forecasts: Forecasts, probability: Floats
) -> list[dict[str, Any]]:
    """Returns what an alert at each threshold would have meant, ready for JSON.

    Args:
        history: The history that the forecasts were made from.
        forecasts: The forecasts.
        probability: Probabilities as served, shape (n_forecasts,).

    Returns:
        Per threshold: `n_alerts` (forecasts at or above it: `>=`, as a score on a level's bound
        belongs to that level), `precision`, `recall`, `alerts_per_region_year`, and
        `median_lead_periods`: over the alerts that were followed by the outcome, the median number
        of periods from the origin to the period in which the deaths reached their threshold, 1 for
        the first period after the origin. A figure without a case is None.
    """
    observed = forecasts.observed
    region_years = len(forecasts) / history.rows_of_years(1)
    after = history.reached_after[forecasts.row, forecasts.region]
    rows = []
    for threshold in OPERATING_THRESHOLDS:
        alert = probability >= threshold
        hits = alert & (observed > 0)
        rows.append(
            {
                "threshold": threshold,
                "n_alerts": int(alert.sum()),
                "n_followed": int(hits.sum()),
                "precision": float(hits.sum() / alert.sum()) if alert.any() else None,
                "recall": float(hits.sum() / observed.sum()) if observed.any() else None,
                "alerts_per_region_year": float(alert.sum() / region_years),
                "median_lead_periods": float(np.median(after[hits])) if hits.any() else None,
            }
        )
    return rows


def cost_loss_curve(probability: Floats, observed: Floats) -> list[float | None]:
    """Returns the relative value for each of `COST_LOSS_RATIOS`.

    Somebody pays the cost a to act and loses 1 if the outcome comes unprepared; they act where the
    forecast is at least a. 1 is the value of a perfect forecast, 0 that of knowing only how often
    the outcome comes in these very years; below 0 the forecast does harm. None where always acting
    or never acting is as good as perfect. Richardson (2000), doi:10.1017/S0035900900001413.

    Args:
        probability: Forecasts in [0, 1], shape (n_forecasts,).
        observed: Outcomes, 1.0 or 0.0, shape (n_forecasts,).
    """
    base_rate = float(observed.mean())
    curve: list[float | None] = []
    for ratio in COST_LOSS_RATIOS:
        acts = probability >= ratio
        expense = ratio * acts.mean() + (observed * ~acts).mean()
        unaided, perfect = min(ratio, base_rate), ratio * base_rate
        gain = unaided - perfect
        curve.append(float((unaided - expense) / gain) if gain > 0 else None)
    return curve


def precision_recall_points(
    probability: Floats, observed: Floats, n_points: int = 60
) -> list[dict[str, float]]:
    """Returns points of the precision-recall curve, from the highest threshold to the lowest.

    Args:
        probability: Forecasts in [0, 1], shape (n_forecasts,).
        observed: Outcomes, 1.0 or 0.0, at least one 1.0, shape (n_forecasts,).
        n_points: Most points, spread evenly over the thresholds that occur.

    Returns:
        `threshold`, `recall` and `precision` of the forecasts at or above each threshold.
    """
    order = np.argsort(-probability, kind="stable")
    ranked, hits = probability[order], np.cumsum(observed[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    kept = ends[
        np.unique(np.linspace(0, len(ends) - 1, min(n_points, len(ends))).round().astype(int))
    ]
    return [
        {
            "threshold": float(ranked[end]),
            "recall": float(hits[end] / hits[-1]),
            "precision": float(hits[end] / (end + 1)),
        }
        for end in kept
    ]
