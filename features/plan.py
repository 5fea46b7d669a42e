"""The plan of a slice: which measures share their arithmetic, and what can be done side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from features.evaluation import Given
from features.measures import (
    CapitalFront,
    CountrySum,
    DecayedSum,
    Exposure,
    FixedTrait,
    Measure,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    ThresholdRatio,
    WindowSeason,
    WindowSum,
)
from features.slices import PanelSlice
from features.temporal import DecayState, decayed_sums, fill_window_sums

Float32 = npt.NDArray[np.float32]

_WHOLE = (
    CapitalFront,
    CountrySum,
    Exposure,
    FixedTrait,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    WindowSeason,
)


def split_by_reach(measures: Iterable[Measure]) -> tuple[list[list[Measure]], list[Measure]]:
    """Returns the measures that look at other regions, in groups that share work, and the rest.

    The first are computed over all regions at once, the rest for any run of regions by itself.
    """
    groups: dict[object, list[Measure]] = {}
    rest: list[Measure] = []
    for one in measures:
        if isinstance(one, _WHOLE):
            groups.setdefault(getattr(one, "variable", type(one)), []).append(one)
        else:
            rest.append(one)
    return list(groups.values()), rest


def needed_decays(
    measures: Iterable[Measure], periods: Callable[[int], int]
) -> dict[str, dict[int, DecayedSum]]:
    """Returns the decayed sums that measures need, by variable and half-life in periods.

    Args:
        measures: What is wanted.
        periods: Turns months into periods.
    """
    needed: dict[str, dict[int, DecayedSum]] = {}
    for one in measures:
        if isinstance(one, ThresholdRatio) and one.half_life_months is not None:
            one = DecayedSum("deaths", one.half_life_months)
        if isinstance(one, DecayedSum):
            needed.setdefault(one.variable, {})[periods(one.half_life_months)] = one
    return needed


def plan_series(
    wanted: PanelSlice,
    target_of: dict[Measure, Float32],
    carried: Mapping[str, DecayState] | None = None,
) -> tuple[Given, list[Callable[[], object]]]:
    """Returns the arrays of window and decayed sums, and the jobs that fill them.

    A series is gone through once for all its windows, and once for all its half-lives.

    Args:
        wanted: Which rows and regions.
        target_of: Array of each measure that is wanted.
        carried: By variable, the decayed sums of all regions before the first wanted row; without
            them the decays begin with the panel.
    """
    given: Given = {}
    jobs: list[Callable[[], object]] = []
    for variable, decays in needed_decays(target_of, wanted.periods).items():
        for one in decays.values():
            target = target_of.get(one)
            given[one] = np.empty(wanted.shape, np.float32) if target is None else target
        targets = {half_life: given[one] for half_life, one in decays.items()}
        if carried:
            values, before = wanted.values(variable, wanted.first), carried[variable]
            here = before.of(wanted.columns)
            jobs.append(partial(decayed_sums, values, targets, first_row=0, before=here))
        else:
            values = wanted.values(variable, 0)
            jobs.append(partial(decayed_sums, values, targets, first_row=wanted.first))
    windows: dict[str, dict[int, Float32]] = {}
    for measure, target in target_of.items():
        if isinstance(measure, WindowSum):
            given[measure] = target
            windows.setdefault(measure.variable, {})[wanted.periods(measure.months)] = target
    for variable, targets in windows.items():
        start = wanted.start(max(targets))
        values = wanted.values(variable, start)
        jobs.append(partial(fill_window_sums, values, targets, wanted.first - start))
    return given, jobs
