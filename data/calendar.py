"""Periods: the calendar unit of a panel, as integers inside arrays and `pandas.Period` outside.

A period is held as its *ordinal*: the number that `pandas.Period` counts from 1970, by month or
by ISO week (Monday to Sunday). Days are `datetime.date`. There is no clock here: "now" comes from
the service.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.errors import UsageError

Step = Literal["month", "week"]
STEPS: tuple[Step, ...] = ("month", "week")

_FREQUENCY: dict[Step, Literal["M", "W-SUN"]] = {"month": "M", "week": "W-SUN"}
_EPOCH = date(1970, 1, 1)
_FIRST_WEEK = pd.Period("1970-01-01", freq="W-SUN").ordinal


def period_of(day: date, step: Step) -> int:
    """Returns the ordinal of the period that holds `day`."""
    if step == "month":
        return (day.year - 1970) * 12 + day.month - 1
    return pd.Period(day, freq=_FREQUENCY[step]).ordinal


def periods_of(days: npt.NDArray[np.int64], step: Step) -> npt.NDArray[np.int64]:
    """Returns the period ordinals of `days`, given as days since 1970-01-01, shape kept."""
    stamps = days.astype("datetime64[D]")
    if step == "month":
        return stamps.astype("datetime64[M]").astype(np.int64)
    return (days + 3) // 7 + _FIRST_WEEK


def period_start(ordinal: int, step: Step) -> date:
    """Returns the first day of the period."""
    if step == "month":
        return date(1970 + ordinal // 12, ordinal % 12 + 1, 1)
    # The first day of 1970 is a Thursday, so its week began three days before it.
    return _EPOCH + timedelta(days=7 * (ordinal - _FIRST_WEEK) - 3)


def period_end(ordinal: int, step: Step) -> date:
    """Returns the last day of the period."""
    return period_start(ordinal + 1, step) - timedelta(days=1)


def period_label(ordinal: int, step: Step) -> str:
    """Returns `2021-07` for a month and `2021-W27` for an ISO week."""
    if step == "month":
        return f"{1970 + ordinal // 12:04d}-{ordinal % 12 + 1:02d}"
    year, week, _ = period_end(ordinal, step).isocalendar()
    return f"{year:04d}-W{week:02d}"


def parse_period(label: str, step: Step) -> int:
    """Returns the ordinal of a label that `period_label` writes.

    Raises:
        UsageError: The label is not a month (`2021-07`) or an ISO week (`2021-W27`).
    """
    try:
        if step == "month":
            return period_of(date.fromisoformat(f"{label}-01"), step)
        year, week = label.split("-W")
        return period_of(date.fromisocalendar(int(year), int(week), 7), step)
    except ValueError:
        example = "2021-07" if step == "month" else "2021-W27"
        raise UsageError(f"'{label}' is not a {step}.", f"Write it as {example}.") from None


def last_complete_period(day: date, step: Step) -> int:
    """Returns the last period whose every day lies on or before `day`."""
    here = period_of(day, step)
    return here if period_end(here, step) <= day else here - 1


def months_to_periods(months: float, step: Step) -> int:
    """Returns a window of `months` in periods of the step (a week is 7/30.4375 months)."""
    if step == "month":
        return round(months)
    return max(1, round(months * 30.4375 / 7))


def end_of_day(day: date) -> datetime:
    """Returns the last second of `day` in UTC: an as-of of that day knows all that it brought."""
    return datetime.combine(day, time(23, 59, 59), UTC)


def to_epoch_day(day: date) -> int:
    """Returns days since 1970-01-01."""
    return (day - _EPOCH).days


def from_epoch_day(days: int) -> date:
    """Returns the date that lies `days` after 1970-01-01."""
    return _EPOCH + timedelta(days=days)


def parse_day(text: str) -> date:
    """Returns the date of an ISO day, `2022-01-15`.

    Raises:
        UsageError: The text is not such a day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is not a day.", "Write it as 2022-01-15.") from None
