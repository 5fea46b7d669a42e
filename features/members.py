"""Members of groups, such as the neighbours of each region: their totals and maxima by period.

An unknown member is never counted as a quiet one: totals come with the number of members that are
known, and the caller says how many it wants. On a grid nothing ever happens in most regions, so
those are left out of the arithmetic: to add 0 changes no bit of a sum of what is never negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.runs import row_runs, turn
from features.spatial import Links, pick_columns

Float32 = npt.NDArray[np.float32]

FEW_CELLS = 110_000
"""So few take less time than to find out which regions are quiet."""

_GROUPS_AT_ONCE = 1024
"""So many sums along time are no fresh memory, and few enough times is a matrix cut."""


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

    def of_periods(self, periods: slice) -> Totals:
        """Returns the totals of some periods."""
        return Totals(self.total[periods], self.n_known[periods], self.n_members)

    def series(self) -> Float32:
        """Returns `total`, `of_all` and `n_known`, shape (3, n_periods, n_groups)."""
        return np.stack([self.total, self.of_all(), self.n_known])

    def of_all(self) -> Float32:
        """Returns the totals, NaN where a member is unknown or the group is empty."""
        if self.is_complete:
            return self.total
        return np.where(self.n_known == self.n_members, self.total, np.float32(np.nan))


@dataclass(frozen=True)
class Members:
    """What happened in the members of groups.

    Attributes:
        series: Values of the lively regions, in which anything ever happened or is unknown, and
            last those of a quiet one, all 0; shape (n_lively + 1, n_periods), NaN where not known.
        links: Weights of the lively regions in each group, shape (n_groups, n_lively).
        n_members: Number of regions of each group, the quiet ones included, shape (n_groups,).
        has_unknown: True if anything is not known.
    """

    series: Float32
    links: Links
    n_members: Float32
    has_unknown: bool

    @classmethod
    def of(cls, values: Float32, links: Links) -> Members:
        """Returns the members that links name.

        Args:
            values: Shape (n_periods, n_regions), >= 0, NaN where not known.
            links: As `features.spatial.group_matrix` makes it, shape (n_groups, n_regions).
        """
        n_members = (links.indptr[1:] - links.indptr[:-1]).astype(np.float32)
        lively = None
        if values.size > FEW_CELLS:
            # NaN is true: what is unknown is not quiet.
            lively = np.flatnonzero(values.any(axis=0))
            links = pick_columns(links, lively)
        series = np.zeros((links.shape[1] + 1, len(values)), np.float32)
        for run in row_runs(len(values), links.shape[1]):
            # Every region is in range; `clip` only spares numpy a copy to be sure of it.
            rows = values[run] if lively is None else values[run].take(lively, 1, mode="clip")
            series[:-1, run] = rows.T
        return cls(series, links, n_members, bool(np.isnan(series).any()))

    def totals(self) -> Totals:
        """Returns sums of known values over groups."""
        series = self.series[:-1]
        shape = (series.shape[1], len(self.n_members))
        if not self.has_unknown:
            total = self._sum(series)
            total[:, self.n_members == 0] = np.nan
            return Totals(total, np.broadcast_to(self.n_members, shape), self.n_members)
        unknown = np.isnan(series)
        total = self._sum(np.where(unknown, np.float32(0), series))
        n_known = self.n_members - self._sum(unknown.astype(np.float32))
        total[n_known == 0] = np.nan
        return Totals(total, n_known, self.n_members)

    def _sum(self, series: Float32) -> Float32:
        """Returns sums over groups, shape (n_periods, n_groups)."""
        n_groups = len(self.n_members)
        total = np.empty((series.shape[1], n_groups), np.float32)
        for first in range(0, n_groups, _GROUPS_AT_ONCE):
            block = slice(first, first + _GROUPS_AT_ONCE)
            links = self.links if n_groups <= _GROUPS_AT_ONCE else self.links[block]
            turn(links @ series, total[:, block])
        return total

    def fill_maxima(self, sums: Float32, targets: Sequence[Float32]) -> None:
        """Writes the largest known value in each group, for several series.

        Args:
            sums: What is compared, series after series along time: of the regions of `self.series`
                in its order, NaN where not known there or before all series begin; shape
                (n_lively + 1, n_series * n_rows).
            targets: What receives the result of each series, shape (n_rows, n_groups): NaN where no
                member is known or the group is empty.
        """
        n_lively = self.links.indptr[1:] - self.links.indptr[:-1]
        # One quiet region stands for all of a group. It is never above a known one.
        has_quiet = n_lively < self.n_members
        n_ranks = n_lively + (has_quiet if self.has_unknown else has_quiet & (n_lively == 0))
        # Members side by side, one row per rank.
        members = np.full((len(n_lively), max(n_ranks, default=0)), len(sums) - 1, np.int64)
        members[np.arange(members.shape[1]) < n_lively[:, None]] = self.links.indices
        for block in row_runs(len(members), sums.shape[1]):
            # Those with many members first: then each rank is for the first so many.
            order = (-n_ranks[block]).argsort(kind="stable")
            ranked = members[block][order].T.copy()
            n_groups = (-n_ranks[block][order]).searchsorted(-np.arange(len(ranked)))
            found = np.empty((len(order), sums.shape[1]), np.float32)
            other = np.empty_like(found)
            found[n_groups[0] if len(n_groups) else 0 :] = np.nan
            for rank, (regions, n) in enumerate(zip(ranked, n_groups, strict=True)):
                picked = other if rank else found
                sums.take(regions[:n], axis=0, out=picked[:n], mode="clip")
                if rank:
                    np.fmax(found[:n], other[:n], out=found[:n])
            found = found.take(order.argsort(), axis=0, out=other, mode="clip")
            end = 0
            for target in targets:
                begin, end = end, end + len(target)
                target[:, block] = found[:, begin:end].T
