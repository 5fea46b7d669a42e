"""The magnitude guard: scores that are out of all proportion are not served.

The gate looks at a model once, at training. The guard looks at every run: if the regions' mean
probability leaves the range of the backtest by more than a factor, something is broken (a source
that counts double, a month that is missing in part) and the number is withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.forecasts import Forecasts
from models.metrics import Floats

FACTOR = 3.0
"""How far beyond the range of the backtest, in odds, the mean of a run may lie."""


def measure_range(forecasts: Forecasts, probability: Floats) -> dict[str, float]:
    """Returns the lowest and the highest mean over regions of one origin's forecasts.

    Args:
        forecasts: Out-of-time forecasts, not empty.
        probability: Probabilities as served, shape (n_forecasts,).
    """
    origin = np.unique(forecasts.row, return_inverse=True)[1]
    means = np.bincount(origin, probability) / np.bincount(origin)
    return {"lowest_mean": float(means.min()), "highest_mean": float(means.max())}


def check_magnitude(probability: Floats, measured: Mapping[str, Any]) -> str:
    """Returns why a run is out of proportion, one sentence; empty if it is not.

    Args:
        probability: Probabilities of the regions that have data, shape (n_regions,); a number that
            is not finite is out of proportion.
        measured: What `measure_range` returned.
    """
    if not len(probability):
        return ""
    if not np.isfinite(probability).all():
        return "The model's scores are not numbers."
    mean = float(probability.mean())
    low = _stretch(measured["lowest_mean"], 1 / FACTOR)
    high = _stretch(measured["highest_mean"], FACTOR)
    # Both ends still pass: the range was measured, its ends were seen.
    if low <= mean <= high:
        return ""
    return (
        f"The model's scores are out of proportion: {mean:.1%} on average, where {low:.1%} to "
        f"{high:.1%} can be expected."
    )


def _stretch(probability: float, factor: float) -> float:
    """Returns the probability whose odds are `factor` times those of another."""
    odds = probability * factor
    return odds / (odds + 1 - probability)
