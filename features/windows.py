"""Windows along time: sums and maxima over the last periods. No months here, only periods.

Window sums are built by adding shorter sums, never by subtracting cumulative ones. So the sum of a
quiet window is exactly 0, an unknown period makes every window that holds it unknown, and a sum
depends on nothing but the values inside its window: the same bits come out of a long panel and of
one cut to that window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from features.runs import row_runs

Float = TypeVar("Float", np.float32, np.float64)

FEW_ROWS = 0.1
"""Share of the rows up to which a way that spares rows, but not calls, is the shorter one."""


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
    if len(values) - first_row <= FEW_ROWS * len(values):
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
    total = _totals_of(values)
    for window, target in targets.items():
        for row in range(first_row, len(values)):
            target[row - first_row] = total(window, row)


def _totals_of(
    values: npt.NDArray[np.float32],
) -> Callable[[int, int], npt.NDArray[np.float32]]:
    """Returns what gives the sum over the window that ends with a row, each added up once.

    It is added up as in a whole series; NaN where the window begins before the first row.
    """
    found: dict[tuple[int, int], npt.NDArray[np.float32]]
    found = {(1, row): own for row, own in enumerate(values)}
    missing = np.full(values.shape[1], np.nan, np.float32)

    def total(window: int, row: int) -> npt.NDArray[np.float32]:
        if row + 1 < window:
            return missing
        if (window, row) not in found:
            own, half = window % 2, window // 2
            both = total(half, row - own) + total(half, row - own - half)
            found[window, row] = np.add(values[row], both, out=both) if own else both
        return found[window, row]

    return total


@dataclass(frozen=True)
class SumsBefore:
    """What the window sums of one more row are made of, beside the row's own values.

    Attributes:
        windows: Windows > 1, in rising order.
        parts: What is added for each of them to a shorter sum, shape
            (n_windows, n_series, n_columns); NaN where so many rows are not there.
    """

    windows: tuple[int, ...]
    parts: npt.NDArray[np.float32]

    @classmethod
    def in_rows(
        cls, series: Sequence[npt.NDArray[np.float32]], windows: Iterable[int]
    ) -> SumsBefore:
        """Returns what comes from the rows before.

        Args:
            series: Each of shape (n_periods, n_columns), NaN where not known.
            windows: Which sums are wanted, in periods.
        """
        chain = _chain_of(tuple(windows))
        parts = np.empty((len(chain), len(series), series[0].shape[1]), np.float32)
        for number, values in enumerate(series):
            total, last = _totals_of(values), len(values) - 1
            for window, part in zip(chain, parts, strict=True):
                # An odd window is its own value and the rest, an even one two halves.
                half = window // 2
                part[number] = total(2 * half, last) if window % 2 else total(half, last + 1 - half)
        return cls(chain, parts)

    def of(self, columns: npt.NDArray[np.int64]) -> SumsBefore:
        """Returns what comes from them for some columns, whose shape takes the place of theirs."""
        # Every column is in range; `clip` only spares numpy a copy to be sure of it.
        return SumsBefore(self.windows, self.parts.take(columns, axis=2, mode="clip"))

    def then(self, current: npt.NDArray[np.float32]) -> dict[int, npt.NDArray[np.float32]]:
        """Returns the window sums of one more row: the bits of `window_sums`.

        Args:
            current: Values of the row, of the shape of each part, NaN where not known.

        Returns:
            By window, that of 1 and all that the wanted ones are made of, arrays of that shape.
        """
        sums = {1: current}
        for window, part in zip(self.windows, self.parts, strict=True):
            sums[window] = (current if window % 2 else sums[window // 2]) + part
        return sums


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
