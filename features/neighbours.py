"""Neighbours: window sums of a region's neighbours together, of an average and of the highest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from features.measures import NeighbourMax, NeighbourMean, NeighbourSum
from features.members import Totals
from features.runs import compute_in_runs
from features.slices import PanelSlice
from features.temporal import fill_window_sums, wanted_window_sums, window_sums

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NeighbourTargets:
    """Which window sums over neighbours are wanted of one variable, by window in periods.

    Attributes:
        means: Arrays that receive the window sum of an average neighbour over the neighbours that
            are known; NaN if there is none.
        sums: Arrays that receive the window sum of all neighbours together; NaN if one of them is
            unknown or there is none.
        maxima: Arrays that receive the largest window sum among the neighbours that are known; NaN
            if there is none.
    """

    means: dict[int, Float32] = field(default_factory=dict)
    sums: dict[int, Float32] = field(default_factory=dict)
    maxima: dict[int, Float32] = field(default_factory=dict)


OfNeighbours: TypeAlias = NeighbourMean | NeighbourSum | NeighbourMax


def neighbour_targets(
    target_of: Mapping[OfNeighbours, Float32], periods: Callable[[int], int]
) -> dict[str, NeighbourTargets]:
    """Returns the arrays of measures of neighbours, by variable.

    Args:
        target_of: Array of each measure.
        periods: Turns months into periods.
    """
    found: dict[str, NeighbourTargets] = {}
    for measure, target in target_of.items():
        own = found.setdefault(measure.variable, NeighbourTargets())
        match measure:
            case NeighbourMean():
                by_window = own.means
            case NeighbourSum():
                by_window = own.sums
            case NeighbourMax():
                by_window = own.maxima
        by_window[periods(measure.months)] = target
    return found


def fill_neighbours(wanted: PanelSlice, targets: Mapping[str, NeighbourTargets]) -> None:
    """Writes window sums over neighbours for several variables and windows at once.

    Args:
        wanted: Which rows and regions.
        targets: What is wanted, by variable.
    """
    longest = max(max([*one.means, *one.sums, *one.maxima]) for one in targets.values())
    start = wanted.start(longest)
    n_periods, first = wanted.stop - start, wanted.first - start
    # Variable after variable along time, so that they share the work of finding the neighbours.
    members = wanted.neighbours(tuple(targets), start)
    parts = [slice(at, at + n_periods) for at in range(0, members.series.shape[1], n_periods)]
    maxima: list[tuple[Float32, Float32]] = []
    for part, one in zip(parts, targets.values(), strict=True):
        own = wanted_window_sums(members.series[:, part].T, tuple(one.maxima), first)
        maxima += zip((sums.T for sums in own), one.maxima.values(), strict=True)
    if maxima:
        members.fill_maxima(maxima)
    if any(one.means or one.sums for one in targets.values()):
        totals = members.totals()
        for part, one in zip(parts, targets.values(), strict=True):
            _fill_totals(totals.of_periods(part), first, one.means, one.sums)


def _fill_totals(
    totals: Totals, first: int, means: Mapping[int, Float32], sums: Mapping[int, Float32]
) -> None:
    if totals.is_complete:
        # One array a window: with all known, the sum of the known is that of all.
        fill_window_sums(totals.total, {**means, **sums}, first)
        for window, mean in means.items():
            # Without a neighbour the total is NaN, and so is what is made of it.
            n_known = np.broadcast_to(np.maximum(totals.n_members, 1), mean.shape)
            compute_in_runs(np.divide, sums.get(window, mean), n_known, out=mean)
        return
    fill_window_sums(totals.total, means, first)
    fill_window_sums(totals.of_all(), sums, first)
    chain: dict[int, Float32] = {}
    for window, mean in means.items():
        # Per period: where all are known this is exactly their number, as above.
        n_known = window_sums(totals.n_known, window, chain=chain)[first:] / np.float32(window)
        np.divide(mean, np.maximum(n_known, np.float32(1 / window)), out=mean)
