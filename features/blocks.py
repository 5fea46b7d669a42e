"""Blocks: all indicators of some regions at a time, computed on the workers of a cluster.

Every worker gets the panel once. A block is what an update computes for the regions that changed
(`features.incremental`), so it has the bits that a full build on one machine has.
"""

from __future__ import annotations

from collections.abc import Sequence

import joblib
import numpy as np
import numpy.typing as npt

from data.panel import Panel
from features.cluster import Shared, compute_calls
from features.evaluation import Evaluation
from features.geography import Geography
from features.indicator import Indicator
from features.measures import Measure
from features.outcomes import EscalationDefinition
from features.plan import needs_of, plan_series, split_by_reach
from features.slices import PanelSlice

Float32 = npt.NDArray[np.float32]

_CELLS_PER_BLOCK = 1_000_000
"""Rows times regions of a block: four megabytes an indicator on its way back."""


def fill_on_cluster(
    panel: Panel,
    geography: Geography,
    indicators: Sequence[Indicator],
    rows: tuple[int, int],
    horizon: int,
    definition: EscalationDefinition,
    out: Float32,
) -> None:
    """Writes the natural values of indicators as `features.fill.fill_indicators` does.

    Blocks are written as they come, in any order, so this machine holds the output and a few of
    them.

    Args:
        panel: What was known on one day.
        geography: Geography of the panel.
        indicators: What to compute.
        rows: First row that is wanted, and the row after the last.
        horizon: Forecast horizon in periods.
        definition: What an escalation is.
        out: Receives the values, shape (n_indicators, n_rows, n_regions).

    Raises:
        StateError: The panel lacks a variable that an indicator needs.
    """
    n_regions = len(panel.region_ids)
    size = max(64, _CELLS_PER_BLOCK // (rows[1] - rows[0]))
    column_of = {one.measure: column for column, one in enumerate(indicators)}
    groups, rest = split_by_reach(column_of)
    runs = [(first, min(first + size, n_regions)) for first in range(0, n_regions, size)]
    tasks = [(group, (0, n_regions)) for group in groups]
    tasks += [(rest, run) for run in runs if rest]
    shared = Shared((panel, geography))
    # In order, a slow task would hold back all that are done after it, here in memory.
    blocks = compute_calls(
        [
            joblib.delayed(compute_block)(shared, measures, rows, horizon, definition, run)
            for measures, run in tasks
        ]
    )
    for number, values in blocks:
        measures, (first, stop) = tasks[number]
        for measure, found in zip(measures, values, strict=True):
            out[column_of[measure], :, first:stop] = found


def compute_block(
    shared: Shared[tuple[Panel, Geography]],
    measures: Sequence[Measure],
    rows: tuple[int, int],
    horizon: int,
    definition: EscalationDefinition,
    regions: tuple[int, int],
) -> Float32:
    """Returns the values of a run of regions, shape (n_measures, n_rows, n_regions of the run).

    Args:
        shared: What was known on one day of all regions, since some measures look at others, and
            the geography of that panel.
        measures: What to compute.
        rows: First row that is wanted, and the row after the last.
        horizon: Forecast horizon in periods.
        definition: What an escalation is.
        regions: First position of the run, and the one after the last.
    """
    panel, geography = shared.value
    wanted = PanelSlice(panel, *rows, geography, np.arange(*regions))
    values = np.empty((len(measures), *wanted.shape), np.float32)
    needs = needs_of(measures, panel.step, horizon)
    given = plan_series(wanted, needs, list(values)).run()
    evaluation = Evaluation(wanted, horizon, definition, given)
    for place in needs.rest:
        evaluation.rows(measures[place], values[place])
    return values
