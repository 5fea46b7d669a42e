"""Arithmetic along time: window sums, decays, time since. No windows in months here, only periods.

Window sums are built by adding shorter sums, never by subtracting cumulative ones. So the sum of a
quiet window is exactly 0, an unknown period makes every window that holds it unknown, and a sum
depends on nothing but the values inside its window: the same bits come out of a long panel and of
one cut to that window.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Float = TypeVar("Float", np.float32, np.float64)

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


def decayed_sums(
    values: npt.NDArray[np.float32],
    half_life: int,
    *,
    first_row: int = 0,
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """Returns sums of all known values up to each row, weighted by 0.5 ** (age / half_life).

    The sum starts anew after an unknown period, and is defined once `HALF_LIVES_NEEDED` half-lives
    are known without a gap.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        half_life: In periods, >= 1.
        first_row: First row that is wanted; all rows before it are still gone through, because
            the sum has no end in the past.
        out: Array that receives the result, shape (n_periods - first_row, n_columns).

    Returns:
        Shape (n_periods - first_row, n_columns), >= 0, NaN where not defined.
    """
    n_periods, n_columns = values.shape
    result = np.empty((n_periods - first_row, n_columns), np.float32) if out is None else out
    factor, needed = decay_factor(half_life), HALF_LIVES_NEEDED * half_life
    decayed = np.zeros(n_columns)
    known_run = np.zeros(n_columns, np.int32)
    for row, current in enumerate(values):
        decayed *= factor
        decayed += current
        known_run += 1
        unknown = np.isnan(current)
        if unknown.any():
            decayed[unknown] = 0
            known_run[unknown] = 0
        if row >= first_row:
            result[row - first_row] = decayed
            result[row - first_row, known_run < needed] = np.nan
    return result


def periods_since(values: npt.NDArray[np.float32], cap: int) -> npt.NDArray[np.float32]:
    """Returns how many periods ago the last positive value was: 0 if it is the row's own.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        cap: Largest answer, in periods, >= 1: nothing positive in the last `cap` periods.

    Returns:
        Shape (n_periods, n_columns), whole numbers in [0, cap]; NaN where an unknown period, or the
        first row, is met before a positive value and before `cap` periods are gone through.
    """
    result = np.empty_like(values)
    n_columns = values.shape[1]
    never = np.float32(2**23)
    since = np.full(n_columns, never, np.float32)
    known_run = np.zeros(n_columns, np.int32)
    for row, current in enumerate(values):
        since += 1
        since[current > 0] = 0
        known_run += 1
        unknown = np.isnan(current)
        if unknown.any():
            since[unknown] = never
            known_run[unknown] = 0
        np.minimum(since, cap, out=result[row])
        result[row, (since >= cap) & (known_run < cap)] = np.nan
    return result
