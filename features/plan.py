"""The plan of a slice: which measures share their arithmetic, and what can be done side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from features.evaluation import Given
from features.measures import (
    CapitalFront,
    CoarseShare,
    CountrySum,
    DecayedSum,
    EstimateGap,
    Exposure,
    FixedTrait,
    HorizonSum,
    Measure,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    ThresholdRatio,
    WindowSeason,
    WindowSum,
)
from features.members import FEW_CELLS
from features.neighbours import OfNeighbours, fill_neighbours, neighbour_targets
from features.slices import PanelSlice
from features.temporal import DecayState, decayed_sums, fill_window_sums

Float32 = npt.NDArray[np.float32]
Job: TypeAlias = Callable[[], object]

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


@dataclass(frozen=True)
class Plan:
    """What is computed before any other measure, each series once for all its windows.

    Attributes:
        given: Arrays of window sums and decayed sums; the jobs fill them.
        jobs: What fills them, the longest first, so that threads end together.
    """

    given: Given
    jobs: Sequence[Job]

    def run(self) -> Given:
        """Runs all jobs here, one after the other, and returns what they filled."""
        for job in self.jobs:
            job()
        return self.given


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


def needed_sums(measures: Iterable[Measure]) -> list[WindowSum | HorizonSum]:
    """Returns the window sums that measures need, those first that are wanted themselves."""
    wanted = list(measures)
    found: dict[WindowSum | HorizonSum, None] = {}
    for one in wanted:
        if isinstance(one, WindowSum | HorizonSum):
            found[one] = None
    for one in wanted:
        match one:
            case ThresholdRatio(None):
                found[HorizonSum()] = None
            case EstimateGap(months):
                found[WindowSum("deaths_high", months)] = None
                found[WindowSum("deaths_low", months)] = None
            case CoarseShare(months):
                found[WindowSum("deaths_coarse", months)] = None
                found[WindowSum("deaths", months)] = None
    return list(found)


def plan_series(
    wanted: PanelSlice,
    horizon: int,
    target_of: Mapping[Measure, Float32],
    carried: Mapping[str, DecayState] | None = None,
) -> Plan:
    """Returns the plan of window sums and decays.

    Args:
        wanted: Which rows and regions.
        horizon: Forecast horizon in periods.
        target_of: Array of each measure that is wanted.
        carried: By variable, the decayed sums of all regions before the first wanted row; without
            them the decays begin with the panel.
    """
    decays, decay_jobs = _plan_decays(wanted, target_of, carried)
    sums, sum_jobs = _plan_window_sums(wanted, horizon, target_of)
    near, near_jobs = _plan_neighbours(wanted, target_of)
    return Plan({**decays, **sums, **near}, [*near_jobs, *decay_jobs, *sum_jobs])


def _plan_decays(
    wanted: PanelSlice,
    target_of: Mapping[Measure, Float32],
    carried: Mapping[str, DecayState] | None,
) -> tuple[Given, list[Job]]:
    given: Given = {}
    jobs: list[Job] = []
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
    return given, jobs


def _plan_window_sums(
    wanted: PanelSlice, horizon: int, target_of: Mapping[Measure, Float32]
) -> tuple[Given, list[Job]]:
    given: Given = {}
    windows: dict[str, dict[int, Float32]] = {}
    for one in needed_sums(target_of):
        if isinstance(one, HorizonSum):
            targets, window = windows.setdefault("deaths", {}), horizon
        else:
            targets, window = windows.setdefault(one.variable, {}), wanted.periods(one.months)
        if window not in targets:
            target = target_of.get(one)
            targets[window] = np.empty(wanted.shape, np.float32) if target is None else target
        given[one] = targets[window]
    start = wanted.start(max((max(one) for one in windows.values()), default=1))
    first_row = wanted.first - start
    series = [(wanted.values(variable, start), targets) for variable, targets in windows.items()]
    if _is_narrow(wanted, start):
        return given, [partial(_fill_side_by_side, series, first_row)] if series else []
    return given, [partial(fill_window_sums, *one, first_row) for one in series]


def _is_narrow(wanted: PanelSlice, start: int) -> bool:
    """Returns whether calls cost more than arithmetic: then series are gone through together."""
    return (wanted.stop - start) * wanted.shape[1] <= FEW_CELLS


def _fill_side_by_side(
    series: Sequence[tuple[Float32, Mapping[int, Float32]]], first_row: int
) -> None:
    """Writes the window sums of several series of one shape as if they were one."""
    values = np.concatenate([one for one, _ in series], axis=1)
    shape = (len(values) - first_row, values.shape[1])
    windows = {window for _, targets in series for window in targets}
    found = {window: np.empty(shape, np.float32) for window in windows}
    fill_window_sums(values, found, first_row)
    end = 0
    for one, targets in series:
        begin, end = end, end + one.shape[1]
        for window, target in targets.items():
            target[...] = found[window][:, begin:end]


def _plan_neighbours(
    wanted: PanelSlice, target_of: Mapping[Measure, Float32]
) -> tuple[Given, list[Job]]:
    own: dict[OfNeighbours, Float32] = {
        measure: target
        for measure, target in target_of.items()
        if isinstance(measure, NeighbourMean | NeighbourSum | NeighbourMax)
    }
    given: Given = {}
    given.update(own.items())
    found = neighbour_targets(own, wanted.periods)
    if found and _is_narrow(wanted, wanted.first):
        return given, [partial(fill_neighbours, wanted, found)]
    return given, [partial(fill_neighbours, wanted, {one: of}) for one, of in found.items()]
