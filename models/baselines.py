"""Simple forecasts that a model must beat.

Each baseline maps the history of an outcome and an origin row to one probability per region, shape
(n_regions,). It looks at windows that are closed at the origin and at deaths up to it, and at
nothing later.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import pdtrc

from features.outcomes import reached
from models.history import SUM_DECIMALS, OutcomeHistory
from models.metrics import Floats

Baseline = Callable[[OutcomeHistory, int], Floats]

CLIMATOLOGY_YEARS = 5
"""Years of closed windows that base rate, climatology and calendar look back on.

Violence moves from decade to decade, so a frequency over all of history is a weaker rival than one
over recent years.
"""

PRIOR_WINDOWS = 2
"""Windows at the base rate that are added to a group's own before its frequency is taken."""

CONFLICTOLOGY_WINDOWS = 12
MEAN_MONTHS = 60


def zeros(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns 0 for every region: it never happens."""
    return np.zeros_like(history.labels[origin_row])


def base_rate(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns the share of the closed windows of all regions that held the outcome."""
    return np.full(len(history.region_ids), _frequency(_closed_labels(history, origin_row)))


def climatology(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns each region's own frequency: (positives + 2 * base rate) / (closed windows + 2)."""
    labels = _closed_labels(history, origin_row)
    positives = np.nansum(labels, axis=0)
    windows = np.isfinite(labels).sum(axis=0)
    return _shrunk(positives, windows, _frequency(labels))


def climatology_long(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns the climatology over all closed windows since the settings' `climatology_from`."""
    end = max(0, origin_row - history.horizon + 1)
    labels = history.labels[min(history.climatology_row, end) : end]
    windows = np.isfinite(labels).sum(axis=0)
    return _shrunk(np.nansum(labels, axis=0), windows, _frequency(labels))


def calendar(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns the frequency, over all regions, of windows that begin in the same calendar month.

    It knows nothing of the region, and yet rivals many models in the timing within regions.
    """
    labels = _closed_labels(history, origin_row)
    first = origin_row - history.horizon + 1 - len(labels)
    same_month = (
        history.window_months[first : first + len(labels)] == history.window_months[origin_row]
    )
    here = labels[same_month]
    rate = _shrunk(np.nansum(here), np.isfinite(here).sum(), _frequency(labels))
    return np.full(len(history.region_ids), float(rate))


def last_value(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns 1 where the last `horizon` periods, come again, would be the outcome, else 0."""
    reaches = _reaches(history, origin_row, 1)[0]
    return np.where(reaches > 0, 1.0, 0.0)


def conflictology(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns the share of the last 12 windows whose deaths reach the threshold of the origin.

    The windows are as long as the horizon and end at the origin and at each of the 11 periods
    before it. Hegre et al. (2024), doi:10.48550/arXiv.2407.11045.
    """
    shares = np.full(len(history.region_ids), np.nan)
    reaches = _reaches(history, origin_row, CONFLICTOLOGY_WINDOWS)
    known = np.isfinite(reaches).sum(axis=0)
    np.divide(np.nansum(reaches, axis=0), known, out=shares, where=known > 0)
    return np.where(known > 0, shares, base_rate(history, origin_row))


def mean_60(history: OutcomeHistory, origin_row: int) -> Floats:
    """Returns how likely a Poisson count at the pace of the last 60 months reaches the threshold.

    Each region has one constant mean, that of its own last 60 months; climatology where any of them
    is not known.
    """
    periods = history.rows_of_years(MEAN_MONTHS / 12)
    recent = history.deaths[max(0, origin_row - periods + 1) : origin_row + 1]
    pace = recent.mean(axis=0) if len(recent) == periods else np.full(recent.shape[1], np.nan)
    threshold = history.thresholds[origin_row]
    is_known = np.isfinite(pace) & np.isfinite(threshold)
    # At least the threshold: more than the whole number below it.
    most_below = np.ceil(np.where(is_known, threshold, 1.0)) - 1
    expected = np.where(is_known, pace, 0.0) * history.horizon
    reached = np.where(most_below < 0, 1.0, pdtrc(np.maximum(most_below, 0), expected))
    return np.where(is_known, reached, climatology(history, origin_row))


BASELINES: dict[str, Baseline] = {
    "zeros": zeros,
    "base_rate": base_rate,
    "climatology": climatology,
    "climatology_long": climatology_long,
    "calendar": calendar,
    "last_value": last_value,
    "conflictology": conflictology,
    "mean_60": mean_60,
}


def _closed_labels(history: OutcomeHistory, origin_row: int) -> Floats:
    end = max(0, origin_row - history.horizon + 1)
    start = max(history.first_row, end - history.rows_of_years(CLIMATOLOGY_YEARS))
    return history.labels[min(start, end) : end]


def _frequency(labels: Floats) -> float:
    known = int(np.isfinite(labels).sum())
    return float(np.nansum(labels) / known) if known else 0.0


def _shrunk(positives: Floats, windows: npt.NDArray[np.int64], rate: float) -> Floats:
    return np.asarray((positives + PRIOR_WINDOWS * rate) / (windows + PRIOR_WINDOWS))


def _reaches(history: OutcomeHistory, origin_row: int, n_windows: int) -> Floats:
    """1.0 or 0.0 per window and region, NaN where window or threshold is not known."""
    ends = [
        end for end in range(origin_row, origin_row - n_windows, -1) if end >= history.horizon - 1
    ]
    sums = np.stack(
        [history.deaths[end - history.horizon + 1 : end + 1].sum(axis=0) for end in ends]
    )
    sums = np.round(sums, SUM_DECIMALS)
    return reached(sums, history.thresholds[origin_row])
