"""Arithmetic along time: window sums, decays, time since. No windows in months here, only periods.

Window sums are built by adding shorter sums, never by subtracting cumulative ones. So the sum of a
quiet window is exactly 0, an unknown period makes every window that holds it unknown, and a sum
depends on nothing but the values inside its window: the same bits come out of a long panel and of
one cut to that window.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from features.runs import row_runs

Float = TypeVar("Float", np.float32, np.float64)

_FEW_COLUMNS = 512
_FEW_ROWS = 0.1
"""Share of the rows up to which a way that spares rows, but not calls, is the shorter one."""

HALF_LIVES_NEEDED = 3
"""A decayed sum is defined where this many half-lives are known: what it may lack is then at most
one eighth of the weight."""


def window_sums(
    values: npt.NDArray[Float],
    window: int,
    *,
    chain: dict[int, npt.NDArray[Float]] | None = None,
    out: npt.NDArray[Float] | None = None,
) -> npt.NDArray[Float]:
    """Returns sums over the last `window` periods, the row's own included, dtype kept.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        window: Length in periods, >= 1.
        chain: Sums of the same `values` by window, read and added to: longer windows are made of
            shorter ones.
        out: Array that receives the result, of the shape of `values`.

    Returns:
        Shape (n_periods, n_columns); NaN where any period of the window is unknown or lies before
        the first row. It may be `values` itself (a window of 1 without `out`): do not change it.
    """
    sums = {} if chain is None else chain
    done = values if window == 1 else sums.get(window)
    if done is not None:
        if out is None:
            return done
        np.copyto(out, done)
        return out
    result = np.empty_like(values) if out is None else out
    n_periods, first = len(values), min(window - 1, len(values))
    result[:first] = np.nan
    # How a window is split depends on its length alone, so that the order of additions does too.
    if window % 2 == 0:
        half = window_sums(values, window // 2, chain=sums)
        if n_periods >= window:
            np.add(half[first:], half[first - window // 2 : -(window // 2)], out=result[first:])
    else:
        rest = window_sums(values, window - 1, chain=sums)
        if n_periods >= window:
            np.add(values[first:], rest[first - 1 : -1], out=result[first:])
    sums[window] = result
    return result


def fill_window_sums(
    values: npt.NDArray[np.float32],
    targets: Mapping[int, npt.NDArray[np.float32]],
    first_row: int = 0,
) -> None:
    """Writes several window sums of one series: the bits of `window_sums`, a few rows at a time.

    Rows are gone through in runs that stay in the cache from one window to the next. Of few wanted
    rows only those parts are summed that they are made of.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        targets: By window, in periods, the array that receives its rows from `first_row` on, shape
            (n_periods - first_row, n_columns).
        first_row: First row that is wanted.
    """
    if len(values) - first_row <= _FEW_ROWS * len(values):
        _fill_few_rows(values, targets, first_row)
        return
    chain: dict[int, npt.NDArray[np.float32]] = {1: values}
    for window in _chain_of(tuple(targets)):
        is_target = window in targets and first_row == 0
        chain[window] = targets[window] if is_target else np.empty_like(values)
    for run in row_runs(*values.shape):
        start, stop = run.start, run.stop
        for window, sums in chain.items():
            if window == 1:
                continue
            sums[start : max(start, min(stop, window - 1))] = np.nan
            first = max(start, window - 1)
            if first >= stop:
                continue
            # An odd window is its own value and two halves of the rest.
            own, half, sums_of_half = window % 2, window // 2, chain[window // 2]
            later, earlier = first - own, first - own - half
            n_rows = stop - first
            found = sums[first:stop]
            np.add(
                sums_of_half[later : later + n_rows],
                sums_of_half[earlier : earlier + n_rows],
                out=found,
            )
            if own:
                np.add(values[first:stop], found, out=found)
        for window, target in targets.items():
            if target is not chain[window] and stop > first_row:
                begin = max(start, first_row)
                target[begin - first_row : stop - first_row] = chain[window][begin:stop]


def _fill_few_rows(
    values: npt.NDArray[np.float32],
    targets: Mapping[int, npt.NDArray[np.float32]],
    first_row: int,
) -> None:
    found: dict[tuple[int, int], npt.NDArray[np.float32]]
    found = {(1, row): own for row, own in enumerate(values)}

    def total(window: int, row: int) -> npt.NDArray[np.float32]:
        """Returns the sum over the window that ends with a row, added up as in a whole series."""
        if (window, row) not in found:
            own, half = window % 2, window // 2
            both = total(half, row - own) + total(half, row - own - half)
            found[window, row] = np.add(values[row], both, out=both) if own else both
        return found[window, row]

    for window, target in targets.items():
        for row in range(first_row, len(values)):
            target[row - first_row] = total(window, row) if row + 1 >= window else np.nan


@lru_cache
def _chain_of(windows: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the windows > 1 that sums over some windows are made of, themselves included."""
    parts = set()
    for window in windows:
        while window > 1:
            parts.add(window)
            window //= 2
    return tuple(sorted(parts))


def window_maxima(values: npt.NDArray[Float], window: int) -> npt.NDArray[Float]:
    """Returns maxima over the last `window` periods, the row's own included, dtype kept.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        window: Length in periods, >= 1.

    Returns:
        Shape (n_periods, n_columns); NaN where any period of the window is unknown or lies before
        the first row.
    """
    maxima = values.copy()
    covered = 1
    while covered < window:
        lag = min(covered, window - covered)
        np.maximum(maxima[lag:], maxima[:-lag].copy(), out=maxima[lag:])
        maxima[:lag] = np.nan
        covered += lag
    return maxima


def decay_factor(half_life: float) -> float:
    """Returns the weight that a value keeps from one period to the next, in (0, 1).

    Args:
        half_life: Periods after which half of the weight is left, > 0.
    """
    return float(0.5 ** (1 / half_life))


@dataclass(frozen=True)
class DecayState:
    """Decayed sums at one row, from which they can go on.

    Attributes:
        decayed: The sums, float64, shape (n_half_lives, n_columns).
        known_run: How many periods are known without a gap, int32, shape (n_columns,).
    """

    decayed: npt.NDArray[np.float64]
    known_run: npt.NDArray[np.int32]

    @classmethod
    def at_start(cls, n_half_lives: int, n_columns: int) -> DecayState:
        """Returns the state before anything is known."""
        return cls(np.zeros((n_half_lives, n_columns)), np.zeros(n_columns, np.int32))

    def of(self, columns: slice | npt.NDArray[np.int64]) -> DecayState:
        """Returns the state of some columns."""
        return DecayState(self.decayed[:, columns], self.known_run[columns])


def decayed_sums(
    values: npt.NDArray[np.float32],
    targets: Mapping[int, npt.NDArray[np.float32]],
    *,
    first_row: int,
    before: DecayState | None = None,
) -> DecayState:
    """Writes sums of all known values up to each row, weighted by 0.5 ** (age / half_life).

    A sum starts anew after an unknown period, and is defined once `HALF_LIVES_NEEDED` half-lives
    are known without a gap; else it is NaN.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        targets: By half-life, in periods, >= 1, the array that receives the rows from `first_row`
            on, shape (n_periods - first_row, n_columns).
        first_row: First row that is wanted; all rows before it are still gone through, because
            the sum has no end in the past.
        before: Sums just before the first row of `values`, for the same half-lives in the same
            order; nothing if left out.

    Returns:
        The sums after the last row.
    """
    if before is not None:
        return _decay(values, targets, first_row, before, has_gaps=True)
    n_wanted, n_columns = len(values) - first_row, values.shape[1]
    totals = values.sum(axis=0)
    has_gaps = bool(np.isnan(totals).any())
    if n_wanted > _FEW_ROWS * len(values):
        start = DecayState.at_start(len(targets), n_columns)
        return _decay(values, targets, first_row, start, has_gaps)
    # Few rows are wanted, so most of the work is on the way there. It is done for the regions in
    # which anything ever happened or is unknown, and for a quiet one that stands for all others.
    quiet = np.flatnonzero(totals == 0)
    lively = np.flatnonzero(totals != 0)
    own = np.concatenate([lively, quiet[:1]])
    place = np.full(n_columns, len(lively))
    place[lively] = np.arange(len(lively))
    found = {half_life: np.empty((n_wanted, len(own)), np.float32) for half_life in targets}
    picked = np.empty(len(own), np.float32)
    # Every column is in range; `clip` only spares numpy a copy to be sure of it.
    rows = (row.take(own, out=picked, mode="clip") for row in values)
    state = _decay(rows, found, first_row, DecayState.at_start(len(targets), len(own)), has_gaps)
    for half_life, target in targets.items():
        np.take(found[half_life], place, axis=1, out=target, mode="clip")
    return state.of(place)


def _decay(
    rows: Iterable[npt.NDArray[np.float32]],
    targets: Mapping[int, npt.NDArray[np.float32]],
    first_row: int,
    before: DecayState,
    has_gaps: bool,
) -> DecayState:
    factors = np.array([decay_factor(half_life) for half_life in targets])[:, None]
    needed = [HALF_LIVES_NEEDED * half_life for half_life in targets]
    decayed, known_run = before.decayed.copy(), before.known_run.copy()
    current = np.empty(decayed.shape[1])
    row = -1
    for row, counted in enumerate(rows):
        np.copyto(current, counted)
        decayed *= factors
        decayed += current
        if has_gaps:
            known_run += 1
            unknown = np.isnan(current)
            decayed[:, unknown] = 0
            known_run[unknown] = 0
        if row < first_row:
            continue
        for number, target in enumerate(targets.values()):
            if has_gaps:
                target[row - first_row] = decayed[number]
                target[row - first_row, known_run < needed[number]] = np.nan
            else:
                target[row - first_row] = decayed[number] if row + 1 >= needed[number] else np.nan
    if not has_gaps:
        known_run += row + 1
    return DecayState(decayed, known_run)


def periods_since(
    values: npt.NDArray[np.float32], cap: int, *, out: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float32]:
    """Returns how many periods ago the last positive value was: 0 if it is the row's own.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        cap: Largest answer, in periods, >= 1: nothing positive in the last `cap` periods.
        out: Array that receives the result if there are many columns.

    Returns:
        Shape (n_periods, n_columns), whole numbers in [0, cap]; NaN where an unknown period, or the
        first row, is met before a positive value and before `cap` periods are gone through.
    """
    # One row after the other is fastest for many columns, all rows at once for few.
    if values.shape[1] <= _FEW_COLUMNS:
        return _since(values, cap)
    return _since_by_row(values, cap, np.empty_like(values) if out is None else out)


def _since(values: npt.NDArray[np.float32], cap: int) -> npt.NDArray[np.float32]:
    rows = np.arange(len(values), dtype=np.float32)[:, None]
    # Row of the last positive value and of the last unknown one: before the first row all is
    # unknown. Whole numbers below 2 ** 24 are exact in float32.
    positive = np.maximum.accumulate(np.where(values > 0, rows, np.float32(-np.inf)), axis=0)
    unknown = np.maximum.accumulate(np.where(np.isnan(values), rows, np.float32(-1)), axis=0)
    since: npt.NDArray[np.float32] = np.minimum(rows - positive, np.float32(cap))
    since[(positive <= unknown) & (rows - unknown >= cap)] = cap
    since[(positive <= unknown) & (rows - unknown < cap)] = np.nan
    return since


def _since_by_row(
    values: npt.NDArray[np.float32], cap: int, result: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    # NaN until a positive value or `cap` known periods are met: so it stays when 1 is added.
    since = np.full(values.shape[1], np.nan, np.float32)
    known_run = np.zeros(values.shape[1], np.int32)
    has_gaps = bool(np.isnan(values).any())
    for row, current in enumerate(values):
        since += 1
        np.copyto(since, 0, where=current > 0)
        if has_gaps:
            known_run += 1
            unknown = np.isnan(current)
            since[unknown] = np.nan
            known_run[unknown] = 0
            since[(known_run == cap) & np.isnan(since)] = cap
        elif row + 1 == cap:
            since[np.isnan(since)] = cap
        np.minimum(since, cap, out=result[row])
    return result
