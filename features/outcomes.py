"""Outcomes: what counts as an escalation, and where it came true.

For region r, origin t and horizon h, with x the deaths per period:

    threshold = max(multiple * h * mean(x over the last 12 months),
                    quantile of r's own h-sums over the last 36 months,
                    floor)
    label     = sum(x[t+1 .. t+h]) >= threshold

The h-sums of the quantile are those of all windows of h periods that lie wholly inside the last 36
months, t included; the quantile interpolates linearly (numpy's `linear`). Where any of the last 36
months is unknown there is no threshold: a shorter history would make a lower bar. A sum that equals
the threshold counts (`>=`): the threshold is the least number of deaths that makes the label 1.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data.calendar import Step, months_to_periods
from data.errors import UsageError
from features.windows import window_sums

MEAN_MONTHS = 12
HISTORY_MONTHS = 36

_DECIMALS = 6
_REGIONS_AT_ONCE = 128
_QUANTILES_AT_ONCE = 16384


@dataclass(frozen=True)
class EscalationDefinition:
    """The numbers that make an escalation.

    Attributes:
        multiple: Multiple of the mean of the last 12 months, >= 0.
        quantile: Quantile of the region's own sums over 36 months, in [0, 1].
        floor: Least deaths in the window, > 0.
    """

    multiple: float = 1.5
    quantile: float = 0.9
    floor: float = 10

    def __post_init__(self) -> None:
        if not (self.multiple >= 0 and 0 <= self.quantile <= 1 and self.floor > 0):
            raise UsageError(
                f"{self} is no escalation.",
                "The multiple must be >= 0, the quantile in [0, 1] and the floor > 0.",
            )

    @property
    def version(self) -> str:
        """`escalation-1` for the default numbers, with a hash of the numbers for others."""
        if self == EscalationDefinition():
            return "escalation-1"
        numbers = json.dumps([float(self.multiple), float(self.quantile), float(self.floor)])
        return f"escalation-1-{hashlib.sha256(numbers.encode()).hexdigest()[:8]}"


def check_horizon(horizon: int, step: Step) -> None:
    """Refuses a horizon that the definition does not reach.

    Raises:
        UsageError: The horizon is shorter than 1 period or longer than 36 months.
    """
    longest = months_to_periods(HISTORY_MONTHS, step)
    if not 1 <= horizon <= longest:
        raise UsageError(
            f"A horizon of {horizon} {step}s is out of range.", f"Choose from 1 to {longest}."
        )


def escalation_thresholds(
    deaths: npt.NDArray[np.float32],
    known: npt.NDArray[np.bool_],
    horizon: int,
    definition: EscalationDefinition,
    step: Step,
    *,
    out: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """Returns the deaths in the window of each origin that make an escalation.

    Args:
        deaths: Best-estimate deaths per period, shape (n_periods, n_regions).
        known: Where they are known, same shape.
        horizon: Length of the window in periods, from 1 to 36 months.
        definition: The numbers.
        step: Calendar unit of a period.
        out: Array that receives the result, of floats of any width; default: a new one, float64.

    Returns:
        Shape (n_periods, n_regions), >= `definition.floor`, rounded to a millionth so that a tie
        does not hang on the last bit; NaN where any of the last 36 months is unknown.

    Raises:
        UsageError: The horizon is shorter than 1 period or longer than 36 months.
    """
    check_horizon(horizon, step)
    thresholds = np.empty(deaths.shape) if out is None else out
    unasked = months_to_periods(HISTORY_MONTHS, step) - 1
    thresholds[:unasked] = np.nan
    thresholds[unasked:] = round(float(definition.floor), _DECIMALS)
    is_all_known = bool(known.all())
    busy = np.arange(deaths.shape[1])
    if len(busy) > _REGIONS_AT_ONCE:
        busy = np.flatnonzero(~_is_quiet(deaths, known, horizon, definition, step))
    for first in range(0, len(busy), _REGIONS_AT_ONCE):
        block = busy[first : first + _REGIONS_AT_ONCE]
        counted = deaths[:, block].astype(np.float64)
        if not is_all_known:
            counted[~known[:, block]] = np.nan
        thresholds[:, block] = thresholds_of(counted, horizon, definition, step)
    return thresholds


def thresholds_of(
    counted: npt.NDArray[np.float64], horizon: int, definition: EscalationDefinition, step: Step
) -> npt.NDArray[np.float64]:
    """Returns `escalation_thresholds` of deaths that are NaN where not known."""
    year = months_to_periods(MEAN_MONTHS, step)
    history = months_to_periods(HISTORY_MONTHS, step)
    chain: dict[int, npt.NDArray[np.float64]] = {}
    sums = window_sums(counted, horizon, chain=chain)
    # Multiplied before it is divided: one rounding only.
    thresholds = definition.multiple * horizon * window_sums(counted, year, chain=chain)
    thresholds /= year
    np.maximum(thresholds, definition.floor, out=thresholds)
    thresholds[: history - 1] = np.nan
    if np.isnan(counted).any():
        thresholds[np.isnan(window_sums(counted, history))] = np.nan
    n_windows = history - horizon + 1
    lower, _ = _quantile_place(definition.quantile, n_windows)
    # The quantile lies between two sums in order. It is above the threshold only if the higher of
    # them is, with all the sums above it: a few cells in a hundred have as many above the floor.
    n_above = n_windows - min(lower + 1, n_windows - 1)
    is_above = sums > definition.floor
    if len(sums) >= n_windows and is_above.any():
        counts = np.cumsum(is_above, axis=0, dtype=np.int32)
        counts[n_windows:] -= counts[:-n_windows].copy()
        rows, regions = np.nonzero((counts >= n_above) & ~np.isnan(thresholds))
        own = _windows(sums, n_windows)
        for first in range(0, len(rows), _QUANTILES_AT_ONCE):
            some = slice(first, first + _QUANTILES_AT_ONCE)
            row, region = rows[some], regions[some]
            quantiles = _quantiles(own[row - n_windows + 1, region], definition.quantile)
            thresholds[row, region] = np.maximum(thresholds[row, region], quantiles)
    return np.round(thresholds, _DECIMALS, out=thresholds)


def reach_labels(
    counted: npt.NDArray[np.float64], horizon: int, thresholds: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns whether the window after each origin reached its threshold.

    Args:
        counted: Deaths per period, NaN where not known, shape (n_periods, n_regions).
        horizon: Length of the window in periods.
        thresholds: Same shape, NaN where the outcome is not asked for.

    Returns:
        Shape (n_periods, n_regions): 1.0 or 0.0 for t + 1 … t + horizon; NaN where the window is
        not wholly known or there is no threshold.
    """
    sums = np.full(counted.shape, np.nan)
    sums[:-horizon] = np.round(window_sums(counted, horizon), _DECIMALS)[horizon:]
    return reached(sums, thresholds)


def reached(
    sums: npt.NDArray[np.float64] | float, thresholds: npt.NDArray[np.float64] | float
) -> npt.NDArray[np.float64]:
    """Returns whether deaths reached their threshold: the one rule by which an outcome came.

    Labels, published forecasts and forecasts of a backtest are held against what came by it.

    Args:
        sums: Deaths in a window, rounded to a millionth, NaN where not known.
        thresholds: Deaths that make the outcome true, NaN where it is not asked for; of a shape
            that goes with that of the sums.

    Returns:
        1.0 or 0.0, NaN where either is NaN. A sum that equals the threshold counts (`>=`).
    """
    is_known = np.isfinite(sums) & np.isfinite(thresholds)
    return np.where(is_known, np.asarray(sums >= thresholds, np.float64), np.nan)


def _is_quiet(
    deaths: npt.NDArray[np.float32],
    known: npt.NDArray[np.bool_],
    horizon: int,
    definition: EscalationDefinition,
    step: Step,
) -> npt.NDArray[np.bool_]:
    """Returns where all deaths there ever were are no more than the floor, shape (n_regions,).

    No sum, and no multiple of a mean that is not above the sum, can pass the floor there.
    """
    if definition.multiple * horizon > months_to_periods(MEAN_MONTHS, step):
        return np.zeros(deaths.shape[1], np.bool_)
    total = np.sum(deaths, axis=0, dtype=np.float64)
    return np.logical_and(known.all(axis=0), np.asarray(total <= definition.floor))


def _windows(sums: npt.NDArray[np.float64], length: int) -> npt.NDArray[np.float64]:
    """Returns all windows of so many rows as a view, shape (n_windows, n_regions, length)."""
    shape = (len(sums) - length + 1, sums.shape[1], length)
    strides = (*sums.strides, sums.strides[0])
    # What `sliding_window_view` gives, without its checks: they take longer than a few quantiles.
    return np.lib.stride_tricks.as_strided(sums, shape, strides, writeable=False)


def _quantile_place(quantile: float, n_values: int) -> tuple[int, float]:
    """Returns the rank, from 0, of the lower of the two values that a quantile lies between."""
    place = quantile * (n_values - 1)
    lower = min(int(place), n_values - 1)
    return lower, place - lower


def _quantiles(windows: npt.NDArray[np.float64], quantile: float) -> npt.NDArray[np.float64]:
    """Returns the quantile of each row, as numpy's `linear` does; the rows are sorted in place."""
    lower, weight = _quantile_place(quantile, windows.shape[1])
    # Of so short rows all are sorted sooner than two are found.
    windows.sort(axis=1)
    low, high = windows[:, lower], windows[:, min(lower + 1, windows.shape[1] - 1)]
    # From the nearer of the two.
    if weight < 0.5:
        return np.asarray(low + (high - low) * weight)
    return np.asarray(high - (high - low) * (1 - weight))
