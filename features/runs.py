"""Runs: arrays gone through a part at a time, so that what is worked on stays in the cache.

A temporary as large as a panel is fresh memory, and that costs more than the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

_CELLS_AT_ONCE = 110_000
_TILE = 128


def row_runs(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Yields slices of rows that hold about 110,000 cells each, in order."""
    rows_at_once = max(1, _CELLS_AT_ONCE // max(1, n_columns))
    for start in range(0, n_rows, rows_at_once):
        yield slice(start, min(start + rows_at_once, n_rows))


def compute_in_runs(
    compute: Callable[..., object], *values: Float32, out: Float32 | None = None
) -> Float32:
    """Returns a function of single cells, computed run by run.

    Args:
        compute: Takes a run of each of the arrays, and `out` by keyword, which it fills.
        values: Arrays of one shape (n_rows, n_columns).
        out: Array that receives the result; one of `values` will do.
    """
    result = np.empty(values[0].shape, np.float32) if out is None else out
    for run in row_runs(*result.shape):
        compute(*(one[run] for one in values), out=result[run])
    return result


def turn(values: Float32, out: Float32) -> None:
    """Copies an array with its axes exchanged, tile by tile.

    Args:
        values: Shape (n_rows, n_columns).
        out: Receives it, shape (n_columns, n_rows).
    """
    for first in range(0, values.shape[1], _TILE):
        columns = slice(first, first + _TILE)
        for start in range(0, len(values), _TILE):
            rows = slice(start, start + _TILE)
            out[columns, rows] = values[rows, columns].T
