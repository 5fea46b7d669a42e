"""Features: full rebuild, scoring row, update of one day; against a copy and against pandas."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from features_growth import draw_growth, measure_growth
from pandas_features import build_with_pandas
from worlds import S2, Size, make_panel

from data.panel import Panel
from features.build import build_features, rows_for_origin
from features.catalogue import indicators_of
from features.changes import Changes
from features.incremental import LiveFeatures
from features.outcomes import EscalationDefinition

FEATURE_SET = "wide-1"
HORIZON = 3
DEFINITION = EscalationDefinition()
N_JOBS = os.cpu_count() or 1
SAMPLE = Size("sample", 120, 12, 3_700)
ROUNDS = 7
EVENTS_A_DAY = 31
UPDATES = 200


def measure() -> dict[str, float]:
    """Returns ratios and times; also checks that pandas and the features room agree."""
    panel = make_panel(S2)
    shape = (len(indicators_of(FEATURE_SET)), *panel.known.shape)
    out, copied = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    rebuild(panel, out, N_JOBS)
    np.copyto(copied, out)
    # Turn about, so that what else the machine does falls on all alike.
    rounds = [
        (
            seconds(lambda: np.copyto(copied, out)),
            seconds(lambda: rebuild(panel, out, N_JOBS)),
            seconds(lambda: rebuild(panel, out, 1)),
        )
        for _ in range(ROUNDS)
    ]
    copying, together, alone = (min(times) for times in zip(*rounds, strict=True))
    usual = median(times for _, _, times in rounds)
    row = min(seconds(lambda: score_row(panel)) for _ in range(ROUNDS))
    update = time_updates(panel)
    pandas = time_pandas() * S2.n_regions / SAMPLE.n_regions
    growth = measure_growth()
    draw_growth(growth)
    return {
        "features.s2.copy_ms": 1e3 * copying,
        "features.s2.rebuild_ms": 1e3 * together,
        "features.s2.rebuild_over_copy": together / copying,
        "features.s2.rebuild_one_thread_over_copy": alone / copying,
        "features.s2.pandas_over_rebuild": pandas / together,
        # An update runs in one thread, and so does the rebuild that it is held against. Updates
        # differ, so both sides are medians.
        "features.s2.rebuild_over_incremental": usual / update,
        "features.s2.incremental_ms": 1e3 * update,
        "features.s2.scoring_row_ms": 1e3 * row,
        "features.s2.peak_over_output_mib": peak_over_output(),
    }


def rebuild(panel: Panel, out: np.ndarray, n_jobs: int) -> None:
    build_features(panel, FEATURE_SET, DEFINITION, HORIZON, out=out, n_jobs=n_jobs)


def score_row(panel: Panel) -> None:
    rows_for_origin(panel, FEATURE_SET, DEFINITION, HORIZON)


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def time_updates(panel: Panel) -> float:
    """Returns the median time of taking in one day of events of the newest period."""
    live = LiveFeatures(panel, FEATURE_SET, DEFINITION, HORIZON, n_jobs=N_JOBS)
    draws = np.random.default_rng(7)
    last = len(panel.periods) - 1
    times = []
    for _ in range(UPDATES):
        regions = np.unique(draws.integers(0, S2.n_regions, EVENTS_A_DAY))
        for variable, added in (("events", 1), ("deaths", 3), ("events_one_sided", 1)):
            panel.values[variable][last, regions] += added
        changes = Changes(last, regions, np.empty(0, np.int64))
        times.append(seconds(lambda: live.update(panel, changes)))  # noqa: B023
    full = build_features(panel, FEATURE_SET, DEFINITION, HORIZON, n_jobs=N_JOBS)
    np.testing.assert_array_equal(live.matrix.raw, full.raw)
    return median(times)


def time_pandas() -> float:
    """Returns the time of the pandas version on the sample, after checking its numbers."""
    panel = make_panel(SAMPLE)
    start = perf_counter()
    table = build_with_pandas(panel, HORIZON, DEFINITION)
    taken = perf_counter() - start
    matrix = build_features(panel, FEATURE_SET, DEFINITION, HORIZON)
    for column, name in enumerate(matrix.names):
        expected = table[name].to_numpy().reshape(SAMPLE.n_regions, -1).T
        np.testing.assert_allclose(
            matrix.raw[:, :, column], expected, rtol=1e-4, atol=1e-3, err_msg=name
        )
    return taken


def peak_over_output() -> float:
    """Returns the most memory that a rebuild takes beside panel and output, MiB."""
    script = Path(__file__).with_name("features_memory.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    return float(done.stdout)
