"""How often the interval of a probability holds what it claims, on simulated worlds.

Prints, by outcome and horizon, the share of forecasts whose interval holds what the same model says
that learned from many other worlds (this is what it claims), the share whose interval holds the
true probability of the world's full state (it claims nothing of that), and its mean width. The
widening was chosen on the worlds of seeds 11 to 16; those of 21 to 26 test it.

    .venv/bin/python tests/benchmarks/interval_coverage.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from data.panel import Panel, assemble_panel
from data.simulate import World, simulate_world, true_exceedance_probability
from data.sources.simulated import deliver_simulated
from data.store import Coverage
from models.estimators.ensemble import FittedEnsemble, ensemble_log_odds, fit_ensemble
from models.estimators.ridge import probability_of
from models.estimators.uncertainty import (
    coefficient_covariance,
    interval_of_log_odds,
    log_odds_deviation,
)
from models.settings import OUTCOMES, ModelSettings
from models.task import Rows, Task, build_task, join_rows

AS_OF = date(2022, 1, 15)
LIMIT_SEEDS = range(100, 130)
CHOSEN_SEEDS, TEST_SEEDS = range(11, 17), range(21, 27)
ORIGINS_BACK = (60, 30)
EVERY = 6


@dataclass(frozen=True)
class Held:
    """Shares of forecasts, and the mean width of their intervals."""

    limit: float
    truth: float
    width: float


def make_world(seed: int) -> tuple[World, Panel]:
    """Returns a simulated world and the panel of what is told of it."""
    world, batch = simulate_world(AS_OF, seed), deliver_simulated(AS_OF, seed)
    countries = sorted({region.country for region in world.region_set.regions})
    coverage = [Coverage(one, batch.covers_from, batch.covers_to) for one in countries]
    panel = assemble_panel(batch.events, coverage, world.region_set, AS_OF, is_simulated=True)
    return world, panel


def fit_limit(
    panels: Iterable[Panel], settings: ModelSettings, horizon: int, outcome: str
) -> FittedEnsemble:
    """Returns the model that learned from all of the panels."""
    rows = [
        build_task(panel, settings, horizon, outcome).closed_rows(len(panel.periods) - 1)
        for panel in panels
    ]
    return fit_ensemble(join_rows(rows), settings)


def measure_coverage(
    worlds: Iterable[tuple[World, Panel]],
    limit: FittedEnsemble,
    settings: ModelSettings,
    horizon: int,
    outcome: str,
) -> Held:
    """Returns what the intervals hold, over worlds that the limit has not seen."""
    found = [
        np.stack(part)
        for world, panel in worlds
        for part in _intervals(world, panel, limit, settings, horizon, outcome)
    ]
    low, high, said, true = np.concatenate(found, axis=1)
    return Held(
        float(((low <= said) & (said <= high)).mean()),
        float(((low <= true) & (true <= high)).mean()),
        float((high - low).mean()),
    )


def _intervals(
    world: World,
    panel: Panel,
    limit: FittedEnsemble,
    settings: ModelSettings,
    horizon: int,
    outcome: str,
) -> Iterator[tuple[np.ndarray, ...]]:
    task = build_task(panel, settings, horizon, outcome)
    by_estimate = [
        build_task(
            replace(panel, values={**panel.values, "deaths": panel.values[name]}),
            settings,
            horizon,
            outcome,
        )
        for name in ("deaths_low", "deaths_high")
    ]
    n_periods = len(panel.periods)
    for back in ORIGINS_BACK:
        closed = task.closed_rows(n_periods - back)
        fitted = fit_ensemble(closed, settings)
        covariance = coefficient_covariance(fitted, closed, settings.ridge_c)
        for row in range(n_periods - back, min(n_periods - back + 30, n_periods - horizon), EVERY):
            region = np.flatnonzero(np.isfinite(task.history.thresholds[row]))
            if not len(region):
                continue
            rows = task.origin_rows(row, region)
            ends = interval_of_log_odds(
                ensemble_log_odds(fitted, rows),
                log_odds_deviation(fitted, covariance, rows),
                *(_said(fitted, other, rows, row, region) for other in by_estimate),
            )
            true = true_exceedance_probability(
                world, int(panel.periods[row]), horizon, task.history.thresholds[row], n_draws=500
            )[region]
            limit_said = probability_of(ensemble_log_odds(limit, rows))
            yield (*(probability_of(end) for end in ends), limit_said, true)


def _said(
    fitted: FittedEnsemble, other: Task, rows: Rows, row: int, region: np.ndarray
) -> np.ndarray:
    return ensemble_log_odds(fitted, replace(rows, features=other.features.values[row, region]))


def main() -> None:
    settings = ModelSettings()
    panels = [make_world(seed)[1] for seed in LIMIT_SEEDS]
    groups = {
        "chosen on": [make_world(seed) for seed in CHOSEN_SEEDS],
        "tested on": [make_world(seed) for seed in TEST_SEEDS],
    }
    print("outcome horizon: worlds, share that holds the limit, the truth, mean width")
    for outcome in OUTCOMES:
        for horizon in settings.horizons:
            limit = fit_limit(panels, settings, horizon, outcome)
            for name, worlds in groups.items():
                held = measure_coverage(worlds, limit, settings, horizon, outcome)
                print(
                    f"{outcome:10} {horizon}: {name} {len(worlds)} worlds "
                    f"{held.limit:.3f} {held.truth:.3f} {held.width:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
