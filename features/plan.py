"""The plan of a slice: which measures share their arithmetic, and what can be done side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from data.calendar import Step, months_to_periods
from features.decays import decayed_sums
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
    LesserSum,
    Measure,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    PaceRatio,
    ThresholdRatio,
    WentQuiet,
    WindowSeason,
    WindowShare,
    WindowSum,
)
from features.members import FEW_CELLS
from features.neighbours import OfNeighbours, fill_neighbours, neighbour_targets
from features.slices import PanelSlice
from features.windows import fill_window_sums

Float32 = npt.NDArray[np.float32]
Job: TypeAlias = Callable[[], object]
Series: TypeAlias = WindowSum | HorizonSum | DecayedSum

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
class Needs:
    """What measures need of the series of variables, whatever the slice.

    Places are positions in `measures`; None stands for what is needed for others only.

    Attributes:
        measures: What is wanted.
        decays: By variable and half-life in periods, the decayed sum and its place.
        sums: By variable and window in periods, the measures that are this very sum and the place
            of one of them.
        neighbours: The measures of neighbours and their places.
        rest: Places of the measures that are made of those above, or of none of them.
        shared: The sums and decays that measures are made of.
        longest: The longest window of `sums`, 1 without any.
    """

    measures: Sequence[Measure]
    decays: Mapping[str, Mapping[int, tuple[DecayedSum, int | None]]]
    sums: Mapping[str, Mapping[int, tuple[Sequence[Measure], int | None]]]
    neighbours: Sequence[tuple[OfNeighbours, int]]
    rest: Sequence[int]
    shared: Collection[Measure]
    longest: int


@dataclass(frozen=True)
class Plan:
    """What is computed before any other measure, each series once for all its windows.

    Attributes:
        given: Arrays of window sums, decayed sums and measures of neighbours; the jobs fill them.
        jobs: What fills them, the longest first, so that threads end together.
    """

    given: Given
    jobs: Sequence[Job]

    def run(self) -> Given:
        """Runs all jobs here, one after the other, and returns what they filled."""
        _run_in_turn(self.jobs)
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


def needs_of(measures: Sequence[Measure], step: Step, horizon: int) -> Needs:
    """Returns what measures need.

    Args:
        measures: What is wanted, none twice.
        step: Calendar unit of a period.
        horizon: Forecast horizon in periods.
    """
    place_of = {one: place for place, one in enumerate(measures)}
    shared = dict.fromkeys(part for one in measures for part in _made_of(one))
    # Those first that are wanted themselves.
    needed = [one for one in [*measures, *shared] if isinstance(one, Series)]
    decays: dict[str, dict[int, tuple[DecayedSum, int | None]]] = {}
    same: dict[str, dict[int, list[Measure]]] = {}
    for one in dict.fromkeys(needed):
        match one:
            case DecayedSum(variable, months):
                half_life = months_to_periods(months, step)
                decays.setdefault(variable, {})[half_life] = one, place_of.get(one)
            case WindowSum(variable, months):
                window = months_to_periods(months, step)
                same.setdefault(variable, {}).setdefault(window, []).append(one)
            case HorizonSum():
                same.setdefault("deaths", {}).setdefault(horizon, []).append(one)
    sums = {
        variable: {window: (alike, place_of.get(alike[0])) for window, alike in windows.items()}
        for variable, windows in same.items()
    }
    places = {place for windows in decays.values() for _, place in windows.values()}
    places |= {place for windows in sums.values() for _, place in windows.values()}
    near = [(one, place) for one, place in place_of.items() if isinstance(one, OfNeighbours)]
    places |= {place for _, place in near}
    return Needs(
        measures=measures,
        decays=decays,
        sums=sums,
        neighbours=near,
        rest=[place for place in place_of.values() if place not in places],
        shared=frozenset(shared),
        longest=max((max(windows) for windows in sums.values()), default=1),
    )


def _made_of(measure: Measure) -> tuple[Series, ...]:
    """Returns the window sums and decays that a measure is made of."""
    match measure:
        case ThresholdRatio(None):
            return (HorizonSum(),)
        case ThresholdRatio(int(half_life)):
            return (DecayedSum("deaths", half_life),)
        case EstimateGap(months):
            return WindowSum("deaths_high", months), WindowSum("deaths_low", months)
        case CoarseShare(months):
            return WindowSum("deaths_coarse", months), WindowSum("deaths", months)
        case PaceRatio(variable, short, long):
            return WindowSum(variable, short), WindowSum(variable, long)
        case WindowShare(part, whole, months):
            return WindowSum(part, months), WindowSum(whole, months)
        case LesserSum(first, second, months):
            return WindowSum(first, months), WindowSum(second, months)
        case WentQuiet(variable, months):
            return (WindowSum(variable, months),)
        case _:
            return ()


def plan_series(wanted: PanelSlice, needs: Needs, targets: Sequence[Float32]) -> Plan:
    """Returns the plan of window sums, decays and measures of neighbours.

    Args:
        wanted: Which rows and regions.
        needs: What is wanted, for the step of the panel.
        targets: Array of each of `needs.measures`, of the shape of the slice.
    """
    given: Given = {}
    jobs = [
        *_plan_neighbours(wanted, needs, targets, given),
        *_plan_decays(wanted, needs, targets, given),
        *_plan_window_sums(wanted, needs, targets, given),
    ]
    return Plan(given, jobs)


def _plan_decays(
    wanted: PanelSlice,
    needs: Needs,
    targets: Sequence[Float32],
    given: Given,
) -> list[Job]:
    series: list[Job] = []
    for variable, decays in needs.decays.items():
        own: dict[int, Float32] = {}
        for half_life, (one, place) in decays.items():
            own[half_life] = given[one] = target_of(targets, place, wanted)
        values = wanted.values(variable, 0)
        series.append(partial(decayed_sums, values, own, first_row=wanted.first))
    # One job: of two threads that go row by row, each waits for the other at every row.
    return [partial(_run_in_turn, series)] if series else []


def _plan_window_sums(
    wanted: PanelSlice, needs: Needs, targets: Sequence[Float32], given: Given
) -> list[Job]:
    start = wanted.start(needs.longest)
    first_row = wanted.first - start
    series: list[tuple[Float32, Mapping[int, Float32]]] = []
    for variable, windows in needs.sums.items():
        own = {}
        for window, (alike, place) in windows.items():
            own[window] = target = target_of(targets, place, wanted)
            for one in alike:
                given[one] = target
        series.append((wanted.values(variable, start), own))
    if series and _is_narrow(wanted, start):
        return [partial(_fill_side_by_side, series, first_row)]
    return [partial(fill_window_sums, *one, first_row) for one in series]


def _plan_neighbours(
    wanted: PanelSlice, needs: Needs, targets: Sequence[Float32], given: Given
) -> list[Job]:
    if not needs.neighbours:
        return []
    own = {one: targets[place] for one, place in needs.neighbours}
    given.update(own.items())
    found = neighbour_targets(own, wanted.periods)
    if _is_narrow(wanted, wanted.first):
        return [partial(fill_neighbours, wanted, found)]
    return [partial(fill_neighbours, wanted, {one: of}) for one, of in found.items()]


def target_of(
    targets: Sequence[Float32] | Float32, place: int | None, wanted: PanelSlice
) -> Float32:
    """Returns the array of a measure, a new one if it is needed for others only."""
    return np.empty(wanted.shape, np.float32) if place is None else targets[place]


def _is_narrow(wanted: PanelSlice, start: int) -> bool:
    """Returns whether calls cost more than arithmetic: then series are gone through together."""
    return (wanted.stop - start) * wanted.shape[1] <= FEW_CELLS


def _run_in_turn(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job()


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
