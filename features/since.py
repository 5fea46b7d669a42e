"""Time since: how many periods ago something last happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_FEW_COLUMNS = 512
_NAN = np.float32(np.nan)
_NEVER, _BEFORE = np.float32(-np.inf), np.float32(-1)
"""Where nothing was positive, and where nothing is unknown: before the first row all is."""


@dataclass(frozen=True)
class LastRows:
    """When something last happened, and when that was last unknown.

    Attributes:
        positive: Row of the last positive value, -inf if there is none, shape (n_columns,).
        unknown: Row of the last unknown value, -1 if there is none, same shape.
    """

    positive: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.float32]

    @classmethod
    def in_rows(cls, values: npt.NDArray[np.float32]) -> LastRows:
        """Returns those of some rows, shape (n_periods, n_columns), NaN where not known."""
        last = cls(*(np.full(values.shape[1], row, np.float32) for row in (_NEVER, _BEFORE)))
        has_gaps = bool(np.isnan(values.sum(axis=0)).any())
        for row, current in enumerate(values):
            np.copyto(last.positive, row, where=current > 0)
            if has_gaps:
                np.copyto(last.unknown, row, where=np.isnan(current))
        return last

    def of(self, columns: slice | npt.NDArray[np.int64]) -> LastRows:
        """Returns those of some columns."""
        return LastRows(self.positive[columns], self.unknown[columns])

    def periods_since(
        self, current: npt.NDArray[np.float32], row: int, cap: int
    ) -> npt.NDArray[np.float32]:
        """Returns what the function `periods_since` has for one more row, shape (n_columns,).

        Args:
            current: Values of the row, shape (n_columns,), NaN where not known.
            row: Which row it is.
            cap: Largest answer, in periods, >= 1.
        """
        at = np.float32(row)
        positive = np.where(current > 0, at, self.positive)
        return _since_of(at, positive, np.where(np.isnan(current), at, self.unknown), cap)


def periods_since(
    values: npt.NDArray[np.float32],
    cap: int,
    *,
    first_row: int = 0,
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """Returns how many periods ago the last positive value was: 0 if it is the row's own.

    Args:
        values: Shape (n_periods, n_columns), NaN where not known.
        cap: Largest answer, in periods, >= 1: nothing positive in the last `cap` periods.
        first_row: First row that is wanted.
        out: Array that receives the result if there are many columns and all rows are wanted.

    Returns:
        Shape (n_periods - first_row, n_columns), whole numbers in [0, cap]; NaN where an unknown
        period, or the first row, is met before a positive value and before `cap` periods are gone
        through.
    """
    last = len(values) - 1
    if first_row == last:
        return LastRows.in_rows(values[:-1]).periods_since(values[-1], last, cap)[None]
    # One row after the other is fastest for many columns, all rows at once for few.
    if values.shape[1] <= _FEW_COLUMNS:
        return _since(values, cap)[first_row:]
    whole = np.empty_like(values) if out is None or first_row else out
    return _since_by_row(values, cap, whole)[first_row:]


def _since(values: npt.NDArray[np.float32], cap: int) -> npt.NDArray[np.float32]:
    rows = np.arange(len(values), dtype=np.float32)[:, None]
    # Whole numbers below 2 ** 24 are exact in float32.
    positive = np.maximum.accumulate(np.where(values > 0, rows, _NEVER), axis=0)
    unknown = np.maximum.accumulate(np.where(np.isnan(values), rows, _BEFORE), axis=0)
    return _since_of(rows, positive, unknown, cap)


def _since_of(
    row: npt.NDArray[np.float32] | np.float32,
    positive: npt.NDArray[np.float32],
    unknown: npt.NDArray[np.float32],
    cap: int,
) -> npt.NDArray[np.float32]:
    """Returns the periods since, from the rows of the last positive and the last unknown value."""
    since: npt.NDArray[np.float32] = np.minimum(row - positive, np.float32(cap))
    is_open = positive <= unknown
    since[is_open] = np.where((row - unknown)[is_open] >= cap, np.float32(cap), _NAN)
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
