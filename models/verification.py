"""Verification: forecasts that were published, against what came.

The bar is the one that was published with the forecast, the deaths are those of a later panel. A
forecast counts once its window is closed and known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from data.calendar import period_end
from data.panel import Panel
from features.outcomes import reached
from features.windows import window_sums
from models.baselines import CONFLICTOLOGY_WINDOWS
from models.history import SUM_DECIMALS
from models.metrics import Floats


@dataclass(frozen=True)
class PublishedForecast:
    """What was published of one region, outcome, horizon and origin.

    Attributes:
        region_id: The region.
        outcome: Name of the outcome.
        horizon: Steps ahead.
        origin: Ordinal of the last period used.
        as_of: Knowledge limit.
        published_on: Day of publication, UTC.
        risk_score: Probability that was served, in [0, 1].
        climatology: The region's own past frequency as published with it, in [0, 1].
        threshold: Deaths in the window that make the outcome true, as published with it.
        is_model: True if the model's number was served, False for the baseline.
        level: Name of the risk level as published; None if it had none.
        publication_id: Row number of the publication.
        model_version: The model behind it.
    """

    region_id: str
    outcome: str
    horizon: int
    origin: int
    as_of: date
    published_on: date
    risk_score: float
    climatology: float
    threshold: float
    is_model: bool
    level: str | None = None
    publication_id: int = 0
    model_version: str = ""

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What is forecast: region, outcome, horizon and origin."""
        return self.region_id, self.outcome, self.horizon, self.origin


@dataclass(frozen=True)
class VerifiedForecast:
    """A published forecast with what came.

    Attributes:
        forecast: The forecast.
        deaths: Deaths in its window.
        observed: 1.0 if the outcome came, else 0.0.
        is_live: True if it was published before its window was over; else it was made afterwards,
            from what would have been known.
        conflictology: Share of the 12 windows up to the origin that reached the same bar, a
            baseline; None if none of them is known. Those windows are counted as known when the
            forecast is verified, which flatters the baseline.
    """

    forecast: PublishedForecast
    deaths: float
    observed: float
    is_live: bool
    conflictology: float | None


def verify_forecasts(
    forecasts: Sequence[PublishedForecast], panel: Panel
) -> tuple[VerifiedForecast, ...]:
    """Returns the forecasts whose window is closed and known, with what came.

    Args:
        forecasts: What was published; of those with the same region, outcome, horizon and origin
            the one that was published first counts.
        panel: The panel that tells what came.
    """
    position = {region_id: at for at, region_id in enumerate(panel.region_ids)}
    deaths = np.where(panel.known, panel.values["deaths"], np.nan).astype(np.float64)
    sums = {
        horizon: np.round(window_sums(deaths, horizon), SUM_DECIMALS)
        for horizon in sorted({one.horizon for one in forecasts})
        if horizon <= len(deaths)
    }
    first: dict[tuple[str, str, int, int], PublishedForecast] = {}
    for one in forecasts:
        if one.key not in first or one.published_on < first[one.key].published_on:
            first[one.key] = one
    found = []
    for one in first.values():
        row = one.origin - int(panel.periods[0])
        if one.region_id not in position or row < -1 or row + one.horizon >= len(deaths):
            continue
        own = sums[one.horizon][:, position[one.region_id]]
        total = float(own[row + one.horizon])
        if np.isnan(total):
            continue
        closes = period_end(one.origin + one.horizon, panel.step)
        found.append(
            VerifiedForecast(
                forecast=one,
                deaths=total,
                observed=float(reached(own[row + one.horizon], one.threshold)),
                is_live=one.published_on <= closes,
                conflictology=_conflictology(own, row, one.threshold),
            )
        )
    return tuple(found)


def _conflictology(sums: Floats, row: int, threshold: float) -> float | None:
    recent = sums[max(0, row - CONFLICTOLOGY_WINDOWS + 1) : row + 1]
    known = recent[np.isfinite(recent)]
    return float((known >= threshold).mean()) if len(known) else None
