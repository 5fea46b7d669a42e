"""Outcomes with a fixed bar: severe violence, and its onset after a quiet year.

For region r, origin t and horizon h, with x the deaths per period and S = x[t+1] + … + x[t+h]:

    severe = S >= deaths
    onset  = S >= deaths, asked only where every sum of h periods inside the last `quiet_months`
             months is below `deaths`

As for an escalation, 36 known months are needed before an origin, so that all outcomes are forecast
for the same regions, and a sum that equals the bar counts (`>=`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.calendar import Step, months_to_periods
from data.errors import UsageError
from features.outcomes import HISTORY_MONTHS, check_horizon
from features.windows import window_maxima, window_sums

_DECIMALS = 6


@dataclass(frozen=True)
class SevereDefinition:
    """The number that makes violence severe.

    Attributes:
        deaths: Least deaths in the window, > 0.
    """

    deaths: float = 25

    def __post_init__(self) -> None:
        if not self.deaths > 0:
            raise UsageError(f"{self} is no outcome.", "The deaths must be > 0.")

    @property
    def version(self) -> str:
        """`severe-1` for the default number, with a hash of the number for others."""
        return _version("severe-1", self == SevereDefinition(), [float(self.deaths)])


@dataclass(frozen=True)
class OnsetDefinition:
    """The numbers that make an onset.

    Attributes:
        deaths: Least deaths in the window, > 0.
        quiet_months: Months before the window without such a sum, from 1 to 36.
    """

    deaths: float = 25
    quiet_months: int = 12

    def __post_init__(self) -> None:
        if not (self.deaths > 0 and 1 <= self.quiet_months <= HISTORY_MONTHS):
            raise UsageError(
                f"{self} is no outcome.",
                f"The deaths must be > 0 and the quiet months 1 to {HISTORY_MONTHS}.",
            )

    @property
    def version(self) -> str:
        """`onset-1` for the default numbers, with a hash of the numbers for others."""
        numbers = [float(self.deaths), float(self.quiet_months)]
        return _version("onset-1", self == OnsetDefinition(), numbers)


def severe_thresholds(
    counted: npt.NDArray[np.float64], horizon: int, definition: SevereDefinition, step: Step
) -> npt.NDArray[np.float64]:
    """Returns the deaths in the window of each origin that make it severe.

    Args:
        counted: Deaths per period, NaN where not known, shape (n_periods, n_regions).
        horizon: Length of the window in periods, from 1 to 36 months.
        definition: The number.
        step: Calendar unit of a period.

    Returns:
        Shape (n_periods, n_regions): the number; NaN where any of the last 36 months is unknown.

    Raises:
        UsageError: The horizon is out of range.
    """
    check_horizon(horizon, step)
    history = window_sums(counted, months_to_periods(HISTORY_MONTHS, step))
    return np.where(np.isnan(history), np.nan, float(definition.deaths))


def onset_thresholds(
    counted: npt.NDArray[np.float64], horizon: int, definition: OnsetDefinition, step: Step
) -> npt.NDArray[np.float64]:
    """Returns the deaths in the window of each origin that make an onset.

    Args:
        counted: Deaths per period, NaN where not known, shape (n_periods, n_regions).
        horizon: Length of the window in periods, from 1 to 36 months.
        definition: The numbers.
        step: Calendar unit of a period.

    Returns:
        Shape (n_periods, n_regions): the number where the last `quiet_months` were quiet; NaN where
        they were not, and where any of the last 36 months is unknown. A horizon longer than the
        quiet months is compared with the sum of just those.

    Raises:
        UsageError: The horizon is out of range.
    """
    thresholds = severe_thresholds(counted, horizon, SevereDefinition(definition.deaths), step)
    quiet = months_to_periods(definition.quiet_months, step)
    window = min(horizon, quiet)
    sums = np.round(window_sums(counted, window), _DECIMALS)
    is_quiet = window_maxima(sums, quiet - window + 1) < definition.deaths
    return np.where(is_quiet, thresholds, np.nan)


def _version(name: str, is_default: bool, numbers: list[float]) -> str:
    if is_default:
        return name
    return f"{name}-{hashlib.sha256(json.dumps(numbers).encode()).hexdigest()[:8]}"
