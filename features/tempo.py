"""Tempo: what is new, rising, in bursts or at a record. Arithmetic on windows, no months here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.windows import window_maxima, window_sums

Float32 = npt.NDArray[np.float32]
_NAN = np.float32(np.nan)


def lag_rows(values: Float32, lag: int) -> Float32:
    """Returns each row's values of `lag` rows before, NaN where there is no such row."""
    if lag == 0:
        return values
    result: Float32 = np.full_like(values, np.nan)
    result[lag:] = values[:-lag]
    return result


def first_in(values: Float32, window: int) -> Float32:
    """Returns 1 where a value is positive and none of the `window` periods before is, else 0.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        window: In periods, >= 1.

    Returns:
        Same shape; NaN where the period or any of those before it is unknown.
    """
    before = lag_rows(window_sums(values, window), 1)
    result: Float32 = ((values > 0) & (before == 0)).astype(np.float32)
    result[np.isnan(values) | np.isnan(before)] = np.nan
    return result


def went_quiet(now: Float32, before: Float32) -> Float32:
    """Returns 1 where the sum before is positive and the sum now is 0, else 0, NaN if unknown."""
    result: Float32 = ((now == 0) & (before > 0)).astype(np.float32)
    result[np.isnan(now) | np.isnan(before)] = np.nan
    return result


def pace_ratio(short_sum: Float32, long_sum: Float32, short: int, long: int) -> Float32:
    """Returns (short_sum * long / short + 1) / (long_sum + 1), the windows being in periods."""
    result: Float32 = short_sum * np.float32(long / short)
    result += 1
    result /= long_sum + np.float32(1)
    return result


def burstiness(values: Float32, window: int) -> Float32:
    """Returns (s - m) / (s + m), m mean and s standard deviation of the last `window` values.

    -1 is perfectly even, 0 as random as a Poisson count with mean 1, near 1 in rare bursts. After
    Goh & Barabási (2008), "Burstiness and memory in complex systems", EPL 81(4),
    doi:10.1209/0295-5075/81/48002, with counts per period in place of waiting times.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        window: In periods, >= 2.

    Returns:
        Same shape, in [-1, 1]; NaN where any value is unknown or all are 0.
    """
    counts = values.astype(np.float64)
    total, squares = window_sums(counts, window), window_sums(counts * counts, window)
    deviation = np.sqrt(np.maximum(window * squares - total * total, 0))
    result = np.full_like(counts, np.nan)
    np.divide(deviation - total, deviation + total, out=result, where=total > 0)
    return result.astype(np.float32)


def is_record(values: Float32, window: int) -> Float32:
    """Returns 1 where a value is above every one of the `window` values before it, else 0.

    A value that equals the highest is no record (`>`), so a quiet period never is.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        window: In periods, >= 1.

    Returns:
        Same shape; NaN where the value or any of those before it is unknown.
    """
    before = lag_rows(window_maxima(values, window), 1)
    result = (values > before).astype(np.float32)
    result[np.isnan(values) | np.isnan(before)] = _NAN
    return result


def share_of(part: Float32, whole: Float32, *, out: Float32) -> None:
    """Writes part / whole, NaN where the whole is not positive or either is unknown."""
    np.divide(part, np.where(whole > 0, whole, _NAN), out=out)
