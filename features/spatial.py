"""Arithmetic over regions: which belong to a group, and totals of countries."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
Links: TypeAlias = "sparse.csr_array[np.float32, tuple[int, int]]"


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
    first = links.indptr[rows]
    sizes = links.indptr[rows + 1] - first
    ends = sizes.cumsum(dtype=np.int64)
    begins = ends - sizes
    at = np.arange(ends[-1] if len(ends) else 0) + (first - begins).repeat(sizes)
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
    columns = links.indices[at]
    is_used[columns] = True
    used = np.flatnonzero(is_used)
    new_column = np.empty(links.shape[1], np.int64)
    new_column[used] = np.arange(len(used))
    picked = (links.data[at], new_column[columns], starts)
    return sparse.csr_array(picked, shape=(len(rows), len(used))), used


def pick_columns(links: Links, columns: Int64) -> Links:
    """Returns a matrix without its entries in other columns.

    Args:
        links: Shape (n_groups, n_regions).
        columns: Positions of the columns, sorted, shape (n_columns,).

    Returns:
        A matrix of shape (n_groups, n_columns) in which each row's entries keep their order.
    """
    is_kept = np.zeros(links.shape[1], np.bool_)
    is_kept[columns] = True
    kept = is_kept[links.indices]
    ends = np.concatenate([[0], np.cumsum(kept)])[links.indptr]
    column = (np.cumsum(is_kept) - 1)[links.indices[kept]]
    shape = (links.shape[0], len(columns))
    return sparse.csr_array((links.data[kept], column, ends), shape=shape)


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
