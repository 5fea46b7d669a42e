"""Neighbours: window sums of a region's neighbours together, of an average and of the highest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from features.members import Totals
from features.runs import compute_in_runs
from features.slices import PanelSlice
from features.temporal import fill_window_sums, window_sums

Float32 = npt.NDArray[np.float32]


def fill_neighbours(
    wanted: PanelSlice,
    variable: str,
    *,
    means: Mapping[int, Float32] | None = None,
    sums: Mapping[int, Float32] | None = None,
    maxima: Mapping[int, Float32] | None = None,
) -> None:
    """Writes window sums over neighbours for several windows at once.

    Args:
        wanted: Which rows and regions.
        variable: What is summed.
        means: By window, in periods, the array that receives the window sum of an average neighbour
            over the neighbours that are known; NaN if there is none.
        sums: By window, the array that receives the window sum of all neighbours together; NaN if
            one of them is unknown or there is none.
        maxima: By window, the array that receives the largest window sum among the neighbours that
            are known; NaN if there is none.
    """
    means, sums, maxima = means or {}, sums or {}, maxima or {}
    start = wanted.start(max([*means, *sums, *maxima]))
    first = wanted.first - start
    members = wanted.neighbours(variable, start)
    chain: dict[int, Float32] = {}
    if maxima:
        own = [window_sums(members.series.T, window, chain=chain)[first:].T for window in maxima]
        members.fill_maxima(list(zip(own, maxima.values(), strict=True)))
    if means or sums:
        _fill_totals(members.totals(), first, means, sums)


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
