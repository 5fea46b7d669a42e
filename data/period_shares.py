"""Sharing out: spans of days over the periods that they touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.calendar import Step, period_start, periods_of, to_epoch_day


@dataclass(frozen=True)
class Shares:
    """Which part of which item falls in which period; shape (n_shares,) each.

    Attributes:
        item: Position of the item.
        period: Ordinal of the period.
        n_days: Days of the item in the period.
        share: Those days over all of the item's.
    """

    item: npt.NDArray[np.int64]
    period: npt.NDArray[np.int64]
    n_days: npt.NDArray[np.int64]
    share: npt.NDArray[np.float64]

    def of(self, chosen: npt.NDArray[np.bool_]) -> Shares:
        """Returns some of the shares."""
        return Shares(
            self.item[chosen], self.period[chosen], self.n_days[chosen], self.share[chosen]
        )


def share_over_periods(
    first_day: npt.NDArray[np.int64], last_day: npt.NDArray[np.int64], step: Step
) -> Shares:
    """Returns one share per item and period that it touches, in order of the items.

    Args:
        first_day: Days since 1970-01-01, shape (n_items,).
        last_day: Same shape, included, not before `first_day`.
        step: Calendar unit of a period.
    """
    first, last = periods_of(first_day, step), periods_of(last_day, step)
    n_periods = last - first + 1
    item = np.repeat(np.arange(len(first)), n_periods)
    before = np.cumsum(n_periods) - n_periods
    period = first[item] + np.arange(len(item)) - before[item]
    if not len(period):
        return Shares(item, period, np.empty(0, np.int64), np.empty(0))
    earliest = int(period.min())
    bounds = np.array(
        [to_epoch_day(period_start(p, step)) for p in range(earliest, int(period.max()) + 2)],
        dtype=np.int64,
    )
    place = period - earliest
    n_days = (
        np.minimum(last_day[item], bounds[place + 1] - 1)
        - np.maximum(first_day[item], bounds[place])
        + 1
    )
    return Shares(item, period, n_days, n_days / (last_day - first_day + 1)[item])
