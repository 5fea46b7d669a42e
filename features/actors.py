"""Actors: how many are active in a region, how evenly, and who is new.

Counts of events per actor and period become counts per window by whole numbers only, so that a
result depends on nothing outside its window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.panel.details import ActorActivity

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

_FIXED_POINT = 2.0**20


@dataclass(frozen=True)
class ActorCounts:
    """Events per actor and window in some regions.

    Attributes:
        counts: Events in the window, int64, shape (n_periods, n_pairs); a pair is an actor in a
            region, and pairs of one region lie side by side.
        starts: First pair of each region that has one, shape (n_active,).
        regions: Column of each region that has a pair, shape (n_active,).
        n_regions: Number of regions.
    """

    counts: Int64
    starts: Int64
    regions: Int64
    n_regions: int

    def by_region(self, of_pairs: Int64, largest: bool = False) -> Int64:
        """Returns sums, or maxima, over the pairs of each region, shape (n_periods, n_regions)."""
        result = np.zeros((len(of_pairs), self.n_regions), np.int64)
        if len(self.starts):
            reduce = np.maximum if largest else np.add
            result[:, self.regions] = reduce.reduceat(of_pairs, self.starts, axis=1)
        return result

    def active(self) -> Float32:
        """Returns how many actors had an event in the window."""
        return self.by_region((self.counts > 0).astype(np.int64)).astype(np.float32)

    def entropy(self) -> Float32:
        """Returns the Shannon entropy of events over actors, nats, NaN without events."""
        highest = int(self.counts.max(initial=0))
        steps = np.arange(1, highest + 1, dtype=np.float64)
        logs = np.concatenate([[0.0], steps * np.log(steps)])
        # Whole numbers add up the same in any order; a millionth is lost.
        table = np.rint(logs * _FIXED_POINT).astype(np.int64)
        weighted = self.by_region(table[self.counts]) / _FIXED_POINT
        total = self.by_region(self.counts).astype(np.float64)
        result = np.full(total.shape, np.nan)
        is_active = total > 0
        result[is_active] = np.log(total[is_active]) - weighted[is_active] / total[is_active]
        entropy: Float32 = np.maximum(result, 0).astype(np.float32)
        return entropy

    def dominance(self) -> Float32:
        """Returns the share of the most active actor among all actors' events, NaN without any."""
        total = self.by_region(self.counts).astype(np.float64)
        result = np.full(total.shape, np.nan)
        most = self.by_region(self.counts, largest=True)
        np.divide(most, total, out=result, where=total > 0)
        return result.astype(np.float32)


def count_actors(
    activity: ActorActivity,
    regions: Int64,
    first_row: int,
    stop_row: int,
    windows: tuple[int, ...],
) -> tuple[ActorCounts, ...]:
    """Returns events per actor for several windows, for the rows first_row … stop_row - 1.

    Args:
        activity: The entries, sorted by region.
        regions: Positions of the wanted regions, sorted, shape (n_regions,).
        first_row: First row that is wanted.
        stop_row: Row after the last that is wanted.
        windows: Lengths in periods, >= 1.
    """
    start = max(0, first_row - max(windows) + 1)
    left, right = np.searchsorted(activity.region, (regions[0], regions[-1] + 1))
    entries = np.arange(left, right)
    rows = activity.row[left:right]
    column = np.searchsorted(regions, activity.region[left:right])
    is_wanted = (rows >= start) & (rows < stop_row)
    is_wanted &= regions[column] == activity.region[left:right]
    entries, column = entries[is_wanted], column[is_wanted]
    rows = activity.row[entries] - start
    actor = activity.actor[entries]
    is_new = np.ones(len(entries), np.bool_)
    is_new[1:] = (column[1:] != column[:-1]) | (actor[1:] != actor[:-1])
    pair = np.cumsum(is_new) - 1
    pair_column = column[is_new]
    n_pairs = len(pair_column)
    # One row of zeros before the first, so that a window is a difference of two rows.
    cumulated = np.zeros((stop_row - start + 1, n_pairs), np.int64)
    cumulated[rows + 1, pair] = activity.n_events[entries]
    np.cumsum(cumulated, axis=0, out=cumulated)
    ends = np.arange(first_row, stop_row) + 1 - start
    present, starts = np.unique(pair_column, return_index=True)
    return tuple(
        ActorCounts(
            counts=cumulated[ends] - cumulated[np.maximum(ends - window, 0)],
            starts=starts.astype(np.int64),
            regions=present.astype(np.int64),
            n_regions=len(regions),
        )
        for window in windows
    )


def count_entries(recent: ActorCounts, longer: ActorCounts) -> Float32:
    """Returns how many actors were active in a window and not in the rest of a longer one."""
    is_entry = (recent.counts > 0) & (longer.counts == recent.counts)
    return recent.by_region(is_entry.astype(np.int64)).astype(np.float32)
