"""Verification: forecasts that were published, against what came.

The bar is the one that was published with the forecast, the deaths are those of a later panel. A
forecast counts once its window is closed and known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from data.calendar import period_end, period_start
from data.panel import Panel
from models.bootstrap import as_json, draw_blocks, interval_of, mean_draws
from models.history import SUM_DECIMALS
from models.metrics import average_precision, brier_skill, log_losses
from models.reliability import reliability_table


@dataclass(frozen=True)
class PublishedForecast:
    """What was published of one region, horizon and origin.

    Attributes:
        region_id: The region.
        horizon: Steps ahead.
        origin: Ordinal of the last period used.
        published_on: Day of publication, UTC.
        risk_score: Probability that was served, in [0, 1].
        climatology: The region's own past frequency as published with it, in [0, 1].
        threshold: Deaths in the window that make the outcome true, as published with it.
        is_model: True if the model's number was served, False for the baseline.
    """

    region_id: str
    horizon: int
    origin: int
    published_on: date
    risk_score: float
    climatology: float
    threshold: float
    is_model: bool


@dataclass(frozen=True)
class VerifiedForecast:
    """A published forecast with what came.

    Attributes:
        forecast: The forecast.
        observed: 1.0 if the outcome came, else 0.0.
        is_live: True if it was published before its window was over; else it was made afterwards,
            from what would have been known.
    """

    forecast: PublishedForecast
    observed: float
    is_live: bool


def verify_forecasts(
    forecasts: Sequence[PublishedForecast], panel: Panel
) -> tuple[VerifiedForecast, ...]:
    """Returns the forecasts whose window is closed and known, with what came.

    Args:
        forecasts: What was published; of those with the same region, horizon and origin the one
            that was published first counts.
        panel: The panel that tells what came.
    """
    position = {region_id: at for at, region_id in enumerate(panel.region_ids)}
    deaths = np.where(panel.known, panel.values["deaths"], np.nan).astype(np.float64)
    first: dict[tuple[str, int, int], PublishedForecast] = {}
    for one in forecasts:
        key = (one.region_id, one.horizon, one.origin)
        if key not in first or one.published_on < first[key].published_on:
            first[key] = one
    found = []
    for one in first.values():
        row = one.origin - int(panel.periods[0])
        if one.region_id not in position or row < -1 or row + one.horizon >= len(deaths):
            continue
        total = deaths[row + 1 : row + 1 + one.horizon, position[one.region_id]].sum()
        if np.isnan(total):
            continue
        came = float(np.round(total, SUM_DECIMALS) >= one.threshold)
        closes = period_end(one.origin + one.horizon, panel.step)
        found.append(VerifiedForecast(one, came, one.published_on <= closes))
    return tuple(found)


def measure_record(
    verified: Sequence[VerifiedForecast], panel: Panel, *, n_draws: int, seed: int
) -> dict[str, Any]:
    """Returns the track record of verified forecasts of one horizon, ready for JSON.

    Args:
        verified: The forecasts.
        panel: The panel that told what came; names the calendar unit.
        n_draws: Bootstrap draws.
        seed: Seed of the draws.

    Returns:
        `n_forecasts`, `n_positives`, `mean_forecast`, `brier`, `brier_of_climatology`,
        `brier_skill` and `gain_in_log_score` over climatology with 95 % intervals over
        region-years, `average_precision` (None without a case), `reliability`. Without forecasts,
        the counts alone.
    """
    counts: dict[str, Any] = {
        "n_forecasts": len(verified),
        "n_positives": int(sum(one.observed for one in verified)),
    }
    if not verified:
        return counts
    observed = np.array([one.observed for one in verified])
    served = np.array([one.forecast.risk_score for one in verified])
    past = np.array([one.forecast.climatology for one in verified])
    names = sorted({one.forecast.region_id for one in verified})
    region = np.array([names.index(one.forecast.region_id) for one in verified], np.int64)
    years = np.array(
        [period_start(one.forecast.origin, panel.step).year for one in verified], np.int64
    )
    draws = draw_blocks(region, years, n_draws=n_draws, seed=seed)
    own, theirs = (served - observed) ** 2, (past - observed) ** 2
    gains = log_losses(past, observed) - log_losses(served, observed)
    precision = float(average_precision(served, observed))
    return {
        **counts,
        "mean_forecast": float(served.mean()),
        "brier": float(own.mean()),
        "brier_of_climatology": float(theirs.mean()),
        "brier_skill": as_json(
            interval_of(
                float(brier_skill(own.mean(), theirs.mean())),
                brier_skill(mean_draws(own, draws), mean_draws(theirs, draws)),
            )
        ),
        "gain_in_log_score": as_json(interval_of(float(gains.mean()), mean_draws(gains, draws))),
        "average_precision": precision if np.isfinite(precision) else None,
        "reliability": [
            {
                "n": one.n,
                "forecast": one.forecast,
                "frequency": one.frequency,
                "bar_low": one.bar_low,
                "bar_high": one.bar_high,
            }
            for one in reliability_table(served, observed, seed=seed)
        ],
    }
