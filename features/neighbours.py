"""Neighbours: window sums of a region's neighbours together, of an average and of the highest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from features.measures import NeighbourMax, NeighbourMean, NeighbourSum
from features.members import Totals
from features.runs import compute_in_runs, row_runs
from features.slices import PanelSlice
from features.windows import fill_window_sums, window_sums

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
    maxima = [target for one in targets.values() for target in one.maxima.values()]
    if maxima:
        windows = [tuple(one.maxima) for one in targets.values()]
        members.fill_maxima(_sums_of_regions(members.series, parts, windows, first), maxima)
    if any(one.means or one.sums for one in targets.values()):
        totals = members.totals()
        for part, one in zip(parts, targets.values(), strict=True):
            _fill_totals(totals.of_periods(part), first, one.means, one.sums)


def _sums_of_regions(
    series: Float32, parts: Sequence[slice], windows: Sequence[Sequence[int]], first: int
) -> Float32:
    """Returns window sums of several variables, window after window along time.

    Args:
        series: Variable after variable along time, shape (n_regions, n_variables * n_periods).
        parts: Where each variable lies in it.
        windows: What is wanted of each variable, in periods.
        first: First period that is wanted.

    Returns:
        Shape (n_regions, n_windows * n_rows), n_rows being the number of wanted periods.
    """
    n_rows = parts[0].stop - parts[0].start - first
    sums = np.empty((len(series), n_rows * sum(map(len, windows))), np.float32)
    for block in row_runs(*series.shape):
        end = 0
        for part, wanted in zip(parts, windows, strict=True):
            own = {}
            for window in wanted:
                begin, end = end, end + n_rows
                own[window] = sums[block, begin:end].T
            fill_window_sums(series[block, part].T, own, first)
    return sums


def _fill_totals(
    totals: Totals, first: int, means: Mapping[int, Float32], sums: Mapping[int, Float32]
) -> None:
    if totals.is_complete:
        # One array a window: with all known, the sum of the known is that of all.
        fill_window_sums(totals.total, {**means, **sums}, first)
        # Without a neighbour the total is NaN, and so is what is made of it.
        n_members = np.maximum(totals.n_members, 1)

        def average(total: Float32, *, out: Float32) -> None:
            np.divide(total, n_members, out=out)

        for window, mean in means.items():
            compute_in_runs(average, sums.get(window, mean), out=mean)
        return
    fill_window_sums(totals.total, means, first)
    fill_window_sums(totals.of_all(), sums, first)
    chain: dict[int, Float32] = {}
    for window, mean in means.items():
        # Per period: where all are known this is exactly their number, as above.
        average_known(mean, window_sums(totals.n_known, window, chain=chain)[first:], window, mean)


def average_known(total: Float32, n_known: Float32, window: int, out: Float32) -> None:
    """Writes the window sum of an average neighbour, NaN where the total is.

    Args:
        total: Window sum over the known neighbours.
        n_known: Window sum of their number.
        window: In periods.
        out: Receives the result; `total` will do.
    """
    by_period = n_known / np.float32(window)
    np.divide(total, np.maximum(by_period, np.float32(1 / window)), out=out)
