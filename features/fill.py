"""Filling: all indicators of a slice into one array, by blocks of regions that fit the cache.

What looks at other regions is computed over all of them at once, the rest block by block. Jobs
know nothing of each other, so threads may share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from data.panel import Panel
from features.evaluation import Evaluation, Given
from features.geography import Geography
from features.indicator import Indicator
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
from features.outcomes import EscalationDefinition
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
_CELLS_PER_BLOCK = 3_000_000
"""Rows times regions of a block: about twelve megabytes per series. Narrower blocks read memory in
steps too short to be fast."""


def fill_indicators(
    panel: Panel,
    indicators: Sequence[Indicator],
    rows: tuple[int, int],
    horizon: int,
    definition: EscalationDefinition,
    out: Float32,
    *,
    geography: Geography | None = None,
    n_jobs: int = 1,
) -> None:
    """Writes the natural values of indicators.

    Args:
        panel: What was known on one day.
        indicators: What to compute.
        rows: First row that is wanted, and the row after the last.
        horizon: Forecast horizon in periods.
        definition: What an escalation is.
        out: Receives the values, shape (n_indicators, n_rows, n_regions).
        geography: Geography of the panel, if it is at hand.
        n_jobs: Threads; each works on its own blocks of regions.

    Raises:
        StateError: The panel lacks a variable that an indicator needs.
    """
    geography = geography or Geography(panel)
    whole = PanelSlice(panel, *rows, geography)
    target_of = {one.measure: target for one, target in zip(indicators, out, strict=True)}
    given, jobs = plan_series(whole, target_of)
    run_all(jobs, n_jobs)

    by_block = [one for one in target_of if one not in given and not isinstance(one, _WHOLE)]
    groups: dict[object, list[Measure]] = {}
    for one in target_of:
        if isinstance(one, _WHOLE):
            groups.setdefault(getattr(one, "variable", type(one)), []).append(one)

    def fill_group(measures: list[Measure]) -> None:
        # A slice of its own: threads share no working memory.
        own = PanelSlice(panel, *rows, geography)
        evaluation = Evaluation(own, horizon, definition, given)
        for measure in measures:
            evaluation.rows(measure, target_of[measure])

    n_regions = len(panel.region_ids)
    size = max(64, _CELLS_PER_BLOCK // (rows[1] - rows[0]))
    starts = range(0, n_regions, size)

    def fill_block(first: int) -> None:
        regions = np.arange(first, min(first + size, n_regions))
        block = slice(first, first + size)
        wanted = PanelSlice(panel, *rows, geography, regions) if len(starts) > 1 else whole
        known = {measure: values[:, block] for measure, values in given.items()}
        evaluation = Evaluation(wanted, horizon, definition, known)
        for measure in by_block:
            evaluation.rows(measure, target_of[measure][:, block])

    run_all(
        [
            *(partial(fill_group, measures) for measures in groups.values()),
            *(partial(fill_block, first) for first in starts),
        ],
        n_jobs,
    )


def run_all(jobs: Sequence[Callable[[], object]], n_jobs: int) -> None:
    """Runs jobs that do not depend on each other, in so many threads."""
    if n_jobs == 1:
        for job in jobs:
            job()
    else:
        Parallel(n_jobs=n_jobs, require="sharedmem")(delayed(job)() for job in jobs)


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
