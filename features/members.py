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
    """

    series: Float32
    links: Links
    n_members: Float32

    @classmethod
    def of(cls, values: Float32, links: Links) -> Members:
        """Returns the members that links name.

        Args:
            values: Shape (n_periods, n_regions), >= 0, NaN where not known.
            links: As `features.spatial.group_matrix` makes it, shape (n_groups, n_regions).
        """
        n_members = np.diff(links.indptr).astype(np.float32)
        if values.size > FEW_CELLS:
            # NaN is true: what is unknown is not quiet.
            lively = np.flatnonzero(values.any(axis=0))
            values, links = np.take(values, lively, axis=1), pick_columns(links, lively)
        series = np.zeros((values.shape[1] + 1, len(values)), np.float32)
        turn(values, series[:-1])
        return cls(series, links, n_members)

    def totals(self) -> Totals:
        """Returns sums of known values over groups."""
        series = self.series[:-1]
        unknown = np.isnan(series)
        shape = (series.shape[1], len(self.n_members))
        if not unknown.any():
            total = np.empty(shape, np.float32)
            turn(self.links @ series, total)
            total[:, self.n_members == 0] = np.nan
            return Totals(total, np.broadcast_to(self.n_members, shape), self.n_members)
        total, n_unknown = np.empty(shape, np.float32), np.empty(shape, np.float32)
        turn(self.links @ np.where(unknown, np.float32(0), series), total)
        turn(self.links @ unknown.astype(np.float32), n_unknown)
        n_known = self.n_members - n_unknown
        total[n_known == 0] = np.nan
        return Totals(total, n_known, self.n_members)

    def fill_maxima(self, targets: Sequence[tuple[Float32, Float32]]) -> None:
        """Writes the largest known value in each group, for several series.

        Args:
            targets: Pairs of what is compared, of the regions of `self.series` in its order, shape
                (n_lively + 1, n_rows), NaN where not known, and what receives the result, shape
                (n_rows, n_groups): NaN where no member is known or the group is empty.
        """
        n_lively = np.diff(self.links.indptr)
        # Members side by side, one row per rank. One quiet region stands for all of a group.
        n_ranks = n_lively + (n_lively < self.n_members)
        members = np.full((len(n_lively), max(n_ranks, default=0)), len(self.series) - 1, np.int64)
        members[np.arange(members.shape[1]) < n_lively[:, None]] = self.links.indices
        # Side by side, so that all series are gone through at once.
        series = np.concatenate([one for one, _ in targets], axis=1)
        ends = np.cumsum([one.shape[1] for one, _ in targets])
        for block in row_runs(len(members), series.shape[1]):
            # Those with many members first: then each rank is for the first so many.
            order = np.argsort(-n_ranks[block], kind="stable")
            ranked = members[block][order].T.copy()
            n_groups = np.searchsorted(-n_ranks[block][order], -np.arange(len(ranked)))
            found = np.full((len(order), series.shape[1]), np.nan, np.float32)
            other = np.empty_like(found)
            for regions, n in zip(ranked, n_groups, strict=True):
                # Every region is in range; `clip` only spares numpy a copy to be sure of it.
                series.take(regions[:n], axis=0, out=other[:n], mode="clip")
                np.fmax(found[:n], other[:n], out=found[:n])
            found = found.take(np.argsort(order), axis=0, out=other, mode="clip")
            for end, (one, out) in zip(ends, targets, strict=True):
                out[:, block] = found[:, end - one.shape[1] : end].T
