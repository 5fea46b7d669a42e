"""Series of observations by row: sums over windows, and newest values, of what is known by then.

A row is a day, the last of a period. Whatever is said of a row comes from the spells
(`data.panel.observed_spells`) that hold on that day. Does not own which series belong to which
region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.panel.observed_spells import EVER

Bools = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

NORM_YEARS, LEAST_NORM_YEARS = 5, 3
"""A price is held against the mean of the same month in the years before: so many, at least."""


@dataclass(frozen=True)
class Windows:
    """The days that each row is about.

    Attributes:
        ends: Day of each row, days since 1970-01-01, ascending, shape (n_rows,).
        first: First day of its window, ascending, same shape.
        last: Last day of its window, ascending, same shape.
    """

    ends: Int64
    first: Int64
    last: Int64


@dataclass(frozen=True)
class WindowTotals:
    """What series tell of the window of each row; shape (n_series, n_rows) each.

    Attributes:
        total: Sum over the days of the window, each number shared out evenly over its own days.
        is_told: The series had begun and not ended: some of the window lies between the first and
            the last day that it ever told of.
        is_whole: It tells of every day of the window.
        has_gap: It tells not of every day of the window between its first and its last.
    """

    total: Float64
    is_told: Bools
    is_whole: Bools
    has_gap: Bools


def match_windows(spells: pd.DataFrame, windows: Windows) -> tuple[Int64, Int64, Int64]:
    """Returns spell, row and number of days for each spell that tells of a row's window."""
    start, end = _days(spells, "date_start"), _days(spells, "date_end")
    first = np.maximum(_first_row_known(spells, windows), np.searchsorted(windows.last, start))
    stop = np.minimum(
        np.searchsorted(windows.ends, _days(spells, "known_until")),
        np.searchsorted(windows.first, end, side="right"),
    )
    spell, row = _pair_up(first, stop)
    days = np.minimum(end[spell], windows.last[row]) - np.maximum(start[spell], windows.first[row])
    return spell, row, days + 1


def share_of_days(spells: pd.DataFrame, spell: Int64, days: Int64) -> Float64:
    """Returns the part of each spell's number that falls on so many of its days."""
    lengths = _days(spells, "date_end") - _days(spells, "date_start") + 1
    shares: Float64 = spells["value"].to_numpy()[spell] * (days / lengths[spell])
    return shares


def add_up_windows(
    spells: pd.DataFrame, series: Int64, n_series: int, windows: Windows
) -> WindowTotals:
    """Returns what each series tells of each row's window.

    Args:
        spells: Columns of `data.panel.observed_spells.spells_of`.
        series: Number of the series of each spell; spans of one series do not overlap, and those
            of history and of what was followed are not in one series.
        n_series: Number of series.
        windows: The rows.
    """
    n_rows = len(windows.ends)
    spell, row, days = match_windows(spells, windows)
    cell = series[spell] * n_rows + row
    shape = (n_series, n_rows)
    weight = share_of_days(spells, spell, days)
    total = np.bincount(cell, weights=weight, minlength=n_series * n_rows).astype(np.float64)
    n_told = np.bincount(cell, days, n_series * n_rows).reshape(shape)
    first_told, last_told = _span_told(spells, series, n_series, windows)
    begins, ends = np.maximum(windows.first, first_told), np.minimum(windows.last, last_told)
    n_between = np.maximum(ends - begins + 1, 0)
    return WindowTotals(
        total=total.reshape(shape),
        is_told=n_between > 0,
        is_whole=n_told >= windows.last - windows.first + 1,
        has_gap=n_told < n_between,
    )


def tells_every_day(spells: pd.DataFrame, group: Int64, n_groups: int, windows: Windows) -> Bools:
    """Returns where the series of a group together tell of each day, shape (n_groups, n_rows).

    A day counts once however many series tell of it, so that one may take over from another.
    """
    spell, row, _ = match_windows(spells, windows)
    cell = group[spell] * len(windows.ends) + row
    first = np.maximum(_days(spells, "date_start")[spell], windows.first[row])
    last = np.minimum(_days(spells, "date_end")[spell], windows.last[row])
    order = np.lexsort((first, cell))
    cell, first, last = cell[order], first[order], last[order]
    # Days of one cell lie between those of its neighbours, so that one running maximum serves all.
    offset = cell * (2 * EVER)
    reached = np.maximum.accumulate(offset + last)
    before = np.concatenate([[-1], reached[:-1]]) - offset
    days = np.maximum(last - np.maximum(first - 1, before), 0)
    n_told = np.bincount(cell, days, n_groups * len(windows.ends)).reshape(n_groups, -1)
    is_whole: Bools = n_told >= windows.last - windows.first + 1
    return is_whole


def newest_values(
    spells: pd.DataFrame,
    series: Int64,
    n_series: int,
    ends: Int64,
    *,
    begins: str,
    longest_days: int,
    is_seasonal: bool = False,
) -> Float64:
    """Returns the newest number of each series at each row, shape (n_series, n_rows).

    Args:
        spells: Columns of `data.panel.observed_spells.spells_of`.
        series: Number of the series of each spell.
        n_series: Number of series.
        ends: Day of each row, ascending, shape (n_rows,).
        begins: `date_end` or `date_start`: the day from which a number counts, and by which the
            newest is found.
        longest_days: Days after its last that a number is too old.
        is_seasonal: True for percent above the mean of the same month in the years before.
    """
    windows = Windows(ends, ends, ends)
    order = np.lexsort([_days(spells, name) for name in ("date_end", "date_start", begins)])
    ordered, series = spells.iloc[order], series[order]
    first = np.maximum(
        _first_row_known(ordered, windows), np.searchsorted(ends, _days(ordered, begins))
    )
    too_old = _days(ordered, "date_end") + longest_days
    stop = np.minimum(
        np.searchsorted(ends, _days(ordered, "known_until")),
        np.searchsorted(ends, too_old, side="right"),
    )
    spell, row = _pair_up(first, stop)
    values = ordered["value"].to_numpy()[spell]
    if is_seasonal:
        values = 100 * (values / _norms(ordered, series, spell, ends[row]) - 1)
        is_rated = np.isfinite(values)
        spell, row, values = spell[is_rated], row[is_rated], values[is_rated]
    newest = np.full(n_series * len(ends), np.nan)
    # Where several numbers meet, the last assigned stays: the newest.
    newest[series[spell] * len(ends) + row] = values
    return newest.reshape(n_series, len(ends))


def _norms(spells: pd.DataFrame, series: Int64, spell: Int64, day: Int64) -> Float64:
    """Returns the mean of the same month in the years before, as known on a day; NaN if too few.

    As food price monitors do, so that the harvest does not look like a crisis and its eve like the
    end of one.
    """
    months = _days(spells, "date_start").astype("datetime64[D]").astype("datetime64[M]")
    month = months.astype(np.int64)
    month -= month.min(initial=0) - 12 * NORM_YEARS
    n_months = int(month.max(initial=0)) + 1
    months_of = series * n_months + month
    known_from, until = _days(spells, "known_from"), _days(spells, "known_until")
    order = np.lexsort((known_from, months_of))
    keys = months_of[order] * (2 * EVER) + known_from[order]
    sums, counts = np.zeros(len(spell)), np.zeros(len(spell), np.int64)
    for years in range(1, NORM_YEARS + 1):
        wanted = months_of[spell] - 12 * years
        at = np.searchsorted(keys, wanted * (2 * EVER) + day, side="right") - 1
        found = order[np.maximum(at, 0)]
        is_known = (at >= 0) & (months_of[found] == wanted) & (day < until[found])
        sums += np.where(is_known, spells["value"].to_numpy()[found], 0.0)
        counts += is_known
    norms = np.full(len(spell), np.nan)
    np.divide(sums, counts, out=norms, where=counts >= LEAST_NORM_YEARS)
    norms[norms == 0] = np.nan
    return norms


def _span_told(
    spells: pd.DataFrame, series: Int64, n_series: int, windows: Windows
) -> tuple[Int64, Int64]:
    """Returns the first and the last day that each series ever told of, as known at each row."""
    n_rows = len(windows.ends)
    first = np.full((n_series, n_rows + 1), EVER)
    last = np.full((n_series, n_rows + 1), -EVER)
    row = _first_row_known(spells, windows)
    np.minimum.at(first, (series, row), _days(spells, "date_start"))
    np.maximum.at(last, (series, row), _days(spells, "date_end"))
    first, last = np.minimum.accumulate(first, axis=1), np.maximum.accumulate(last, axis=1)
    # History tells nothing from the day on which its source is followed.
    until = np.full(n_series, -EVER)
    np.maximum.at(until, series, _days(spells, "known_until"))
    is_over = windows.ends >= until[:, None]
    return np.where(is_over, EVER, first[:, :-1]), np.where(is_over, -EVER, last[:, :-1])


def _first_row_known(spells: pd.DataFrame, windows: Windows) -> Int64:
    rows: Int64 = np.searchsorted(windows.ends, _days(spells, "known_from"))
    return rows


def _pair_up(first: Int64, stop: Int64) -> tuple[Int64, Int64]:
    """Returns item and row for each row from `first` to before `stop` of each item."""
    n_rows = np.maximum(stop - first, 0)
    item = np.repeat(np.arange(len(first)), n_rows)
    before = np.cumsum(n_rows) - n_rows
    return item, first[item] + np.arange(len(item)) - before[item]


def _days(spells: pd.DataFrame, name: str) -> Int64:
    return spells[name].to_numpy(np.int64)
