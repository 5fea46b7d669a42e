"""Decays along time: sums of all the past in which older values weigh less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.windows import FEW_ROWS

HALF_LIVES_NEEDED = 3
"""A decayed sum is defined where this many half-lives are known: what it may lack is then at most
one eighth of the weight."""


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
    if n_wanted > FEW_ROWS * len(values):
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
