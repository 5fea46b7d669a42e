"""Numbers of a column of text, and whole numbers that were seen before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def read_numbers(texts: pa.Array) -> npt.NDArray[np.float64]:
    """Returns numbers, shape (n_rows,); NaN where the text is empty, infinite or no number."""
    try:
        said = pc.if_else(pc.equal(texts, ""), None, texts)
        numbers = pc.cast(said, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        # Something in it is no number, or has spaces around it.
        numbers = pd.to_numeric(texts.to_pandas().astype(object), errors="coerce").to_numpy(
            dtype=np.float64
        )
    return np.where(np.isfinite(numbers), numbers, np.nan)


def write_whole_numbers(numbers: npt.NDArray[np.float64]) -> pa.Array:
    """Returns texts without a fraction; empty where a number is none, or not whole."""
    is_whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
    texts = pa.array(np.where(is_whole, numbers, 0).astype(np.int64)).cast(pa.large_string())
    return pc.if_else(pa.array(is_whole), texts, "")


class SeenNumbers:
    """Whole numbers, added by the thousand, that say which of them came before."""

    def __init__(self) -> None:
        # Sorted runs, each more than twice as long as the next: there are few, and each number
        # is merged few times. A set would take twenty times the memory.
        self._runs: list[npt.NDArray[np.int64]] = []

    def add(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Returns which numbers were added before, or stand earlier among these; adds all."""
        is_seen = pd.Series(numbers).duplicated().to_numpy(dtype=np.bool_, copy=True)
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, numbers), len(run) - 1)
            is_seen |= run[place] == numbers
        merged = np.sort(numbers[~is_seen])
        while self._runs and len(self._runs[-1]) <= 2 * len(merged):
            merged = np.sort(np.concatenate([self._runs.pop(), merged]), kind="stable")
        if len(merged):
            self._runs.append(merged)
        return is_seen
