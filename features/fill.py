"""Filling: all indicators of a slice into one array, by blocks of regions that fit the cache.

What looks at other regions is computed over all of them at once, and so are sums and decays; the
rest block by block. Jobs know nothing of each other, so threads may share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from data.panel import Panel
from features.blocks import fill_on_cluster
from features.cluster import is_on_cluster
from features.evaluation import Evaluation
from features.geography import Geography, geography_of
from features.indicator import Indicator
from features.measures import Measure, MonthsSince
from features.outcomes import EscalationDefinition
from features.plan import needs_of, plan_series, split_by_reach
from features.slices import PanelSlice

Float32 = npt.NDArray[np.float32]

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

    Inside `features.cluster.on_cluster` the workers of the cluster compute them.

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
    geography = geography or geography_of(panel)
    if is_on_cluster():
        fill_on_cluster(panel, geography, indicators, rows, horizon, definition, out)
        return
    whole = PanelSlice(panel, *rows, geography)
    needs = needs_of([one.measure for one in indicators], panel.step, horizon)
    target_of = dict(zip(needs.measures, out, strict=True))
    plan = plan_series(whole, needs, list(out))
    run_all(plan.jobs, n_jobs)
    given = plan.given
    groups, rest = split_by_reach(needs.measures[place] for place in needs.rest)
    # One job: of two threads that go row by row, each waits for the other at every row.
    by_row = [one for one in rest if isinstance(one, MonthsSince)]
    by_block = [one for one in rest if not isinstance(one, MonthsSince)]

    def fill(measures: Iterable[Measure]) -> None:
        # A slice of its own: threads share no working memory.
        evaluation = Evaluation(PanelSlice(panel, *rows, geography), horizon, definition, given)
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
            partial(fill, by_row),
            *(partial(fill, measures) for measures in groups),
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
