"""Arithmetic over regions: totals and maxima of neighbours, totals of countries.

An unknown region is never counted as a quiet one: totals come with the number of regions that are
known, and the caller says how many it wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
Links: TypeAlias = "sparse.csr_array[np.float32, tuple[int, int]]"

_REGIONS_AT_ONCE = 256


@dataclass(frozen=True)
class Totals:
    """Sums over groups of regions, by period.

    Attributes:
        total: Sum over the group's known regions, shape (n_periods, n_groups), NaN if none is
            known or the group is empty.
        n_known: Number of known regions of the group, same shape.
        n_members: Number of regions of the group, shape (n_groups,).
    """

    total: Float32
    n_known: Float32
    n_members: Float32

    @property
    def is_complete(self) -> bool:
        """True if every region is known in every period."""
        return self.n_known.strides[0] == 0

    def of_all(self) -> Float32:
        """Returns the totals, NaN where a member is unknown or the group is empty."""
        if self.is_complete:
            return self.total
        return np.where(self.n_known == self.n_members, self.total, np.float32(np.nan))


def group_matrix(groups: Sequence[Sequence[int]], n_regions: int) -> Links:
    """Returns a matrix of ones that sums regions by group, shape (n_groups, n_regions), float32.

    Args:
        groups: Region positions of each group.
        n_regions: Number of regions.
    """
    ends = np.cumsum([0, *map(len, groups)])
    members = np.array(list(chain.from_iterable(groups)), np.int64)
    ones = np.ones(len(members), np.float32)
    return sparse.csr_array((ones, members, ends), shape=(len(groups), n_regions))


def rows_of(links: Links, rows: Int64) -> tuple[Int64, Int64]:
    """Returns where the entries of some rows stand in a matrix, and where each row begins."""
    sizes = links.indptr[rows + 1] - links.indptr[rows]
    ends = np.cumsum(sizes, dtype=np.int64)
    begins = ends - sizes
    at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(links.indptr[rows] - begins, sizes)
    return at, np.concatenate([begins, ends[-1:]])


def pick_rows(links: Links, rows: Int64) -> tuple[Links, Int64]:
    """Returns some rows of a matrix, and the columns that they use, sorted.

    Args:
        links: Shape (n_groups, n_regions).
        rows: Positions of the rows, shape (n_rows,), not empty.

    Returns:
        A matrix of shape (n_rows, n_used) in which each row's entries keep their order, and the
        region that each of its columns stands for, shape (n_used,).
    """
    at, starts = rows_of(links, rows)
    is_used = np.zeros(links.shape[1], np.bool_)
    is_used[links.indices[at]] = True
    used = np.flatnonzero(is_used).astype(np.int64)
    new_column = np.cumsum(is_used) - 1
    picked = (links.data[at], new_column[links.indices[at]], starts)
    return sparse.csr_array(picked, shape=(len(rows), len(used))), used


def sum_by_group(values: Float32, matrix: Links) -> Totals:
    """Returns sums of known values over groups of regions.

    Args:
        values: Shape (n_periods, n_regions), NaN where not known.
        matrix: As `group_matrix` makes it, shape (n_groups, n_regions).
    """
    n_members = np.diff(matrix.indptr).astype(np.float32)
    # A copy in any case: a transposed panel of one period is the panel's own memory.
    by_region = np.array(values.T, order="C", copy=True)
    unknown = np.isnan(by_region)
    n_known = np.broadcast_to(n_members, (len(values), len(n_members)))
    if unknown.any():
        by_region[unknown] = 0
        n_known = np.ascontiguousarray((matrix @ (~unknown).astype(np.float32)).T)
    total = np.ascontiguousarray((matrix @ by_region).T)
    total[:, n_members == 0] = np.nan
    if unknown.any():
        total[n_known == 0] = np.nan
    return Totals(total=total, n_known=n_known, n_members=n_members)


def sum_by_country(values: Float32, by_country: slice | Int64, country_starts: Int64) -> Float32:
    """Returns sums over all regions of each country, NaN where one of them is unknown.

    Args:
        values: Shape (n_periods, n_regions), NaN where not known.
        by_country: Index of all regions, country by country.
        country_starts: Where each country begins in it, shape (n_countries,).

    Returns:
        Shape (n_periods, n_countries).
    """
    return np.add.reduceat(values[:, by_country], country_starts, axis=1)


def group_maxima(values: Float32, matrix: Links, out: Float32 | None = None) -> Float32:
    """Returns the largest known value in each group of regions.

    Args:
        values: Shape (n_periods, n_regions), NaN where not known.
        matrix: As `group_matrix` makes it, shape (n_groups, n_regions).
        out: Array that receives the result.

    Returns:
        Shape (n_periods, n_groups); NaN where no member is known or the group is empty.
    """
    n_groups, n_regions = matrix.shape
    sizes = np.diff(matrix.indptr)
    # Members side by side, one column per rank; a missing one points to an extra row of unknowns.
    members = np.full((n_groups, max(sizes, default=0)), n_regions, np.int64)
    members[np.arange(members.shape[1]) < sizes[:, None]] = matrix.indices
    # Regions come first, so that a gather copies whole rows.
    by_region = np.full((n_regions + 1, len(values)), np.nan, np.float32)
    by_region[:-1] = values.T
    result = np.empty((len(values), n_groups), np.float32) if out is None else out
    for first in range(0, n_groups, _REGIONS_AT_ONCE):
        block = members[first : first + _REGIONS_AT_ONCE]
        largest = np.full((len(block), len(values)), np.nan, np.float32)
        for rank in range(members.shape[1]):
            np.fmax(largest, by_region[block[:, rank]], out=largest)
        result[:, first : first + _REGIONS_AT_ONCE] = largest.T
    return result
