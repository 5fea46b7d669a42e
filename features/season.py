"""The calendar of a forecast window: known in advance, so no look-ahead."""

from __future__ import annotations

from datetime import date
from math import cos, pi, sin

import numpy as np
import numpy.typing as npt

from data.calendar import Step, from_epoch_day, period_end, period_start, to_epoch_day

FIRST_MONTH, LAST_MONTH = 6, 9


def window_days(origin: int, horizon: int, step: Step) -> tuple[date, date]:
    """Returns the first and the last day of the window origin + 1 … origin + horizon."""
    return period_start(origin + 1, step), period_end(origin + horizon, step)


def time_of_year(origin: int, horizon: int, step: Step) -> float:
    """Returns where in its year the middle day of the forecast window lies, in [0, 1)."""
    first, last = window_days(origin, horizon, step)
    middle = (to_epoch_day(first) + to_epoch_day(last) + 1) / 2
    year = from_epoch_day(int(middle)).year
    start, end = to_epoch_day(date(year, 1, 1)), to_epoch_day(date(year + 1, 1, 1))
    return (middle - start) / (end - start)


def june_september_share(origin: int, horizon: int, step: Step) -> float:
    """Returns the share of the forecast window's days in June to September, in [0, 1]."""
    first, last = window_days(origin, horizon, step)
    inside = 0
    for year in range(first.year, last.year + 1):
        start = max(to_epoch_day(first), to_epoch_day(date(year, FIRST_MONTH, 1)))
        end = min(to_epoch_day(last) + 1, to_epoch_day(date(year, LAST_MONTH + 1, 1)))
        inside += max(0, end - start)
    return inside / (to_epoch_day(last) + 1 - to_epoch_day(first))


def season_sines(
    periods: npt.NDArray[np.int64], horizon: int, step: Step
) -> npt.NDArray[np.float32]:
    """Returns the sine of the window's time of year, 2 pi being a year, shape (n_periods,)."""
    return np.array(
        [sin(2 * pi * time_of_year(int(origin), horizon, step)) for origin in periods], np.float32
    )


def season_cosines(
    periods: npt.NDArray[np.int64], horizon: int, step: Step
) -> npt.NDArray[np.float32]:
    """Returns the cosine of the window's time of year, 2 pi being a year, shape (n_periods,)."""
    return np.array(
        [cos(2 * pi * time_of_year(int(origin), horizon, step)) for origin in periods], np.float32
    )


def june_september_shares(
    periods: npt.NDArray[np.int64], horizon: int, step: Step
) -> npt.NDArray[np.float32]:
    """Returns the share of each window's days in June to September, shape (n_periods,)."""
    return np.array(
        [june_september_share(int(origin), horizon, step) for origin in periods], np.float32
    )
