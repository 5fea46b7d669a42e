"""Fatalities as they are published: the forecast, the baseline, and which of the two may be served.

One walk over the last origins gives both the forecasts and what the closed ones of the last 36
origins were worth beside conflictology, which is the draws of the last 12 periods and no more. The
gate of probabilities asks for skill alone; a distribution has two virtues, so it is served if its
CRPS is proven better, or if it is not proven worse and its 90 % interval holds more nearly what it
says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from data.calendar import period_start
from data.panel import Panel
from models.fatalities.forecast import read_quantiles, require_history
from models.fatalities.measures import crps, is_covered
from models.fatalities.path import OriginDraws, first_history_row, rows_needed, walk_origins
from models.fatalities.period import N_VALUES, draw_conflictology
from models.fatalities.record import measure_distributions
from models.fatalities.units import UnitSeries, series_of
from models.metrics import Floats
from models.settings import ModelSettings

HORIZONS = tuple(range(1, 13))
"""Periods ahead that are published."""

N_ORIGINS = 36
"""Origins whose closed forecasts decide whether the model's numbers are served."""

MIN_FORECASTS = 200
"""Closed forecasts below which nothing is decided, and the baseline is served."""

LEVEL = 0.9


@dataclass(frozen=True)
class FatalityRelease:
    """Distributions of the deaths of each region and period ahead.

    Attributes:
        region_ids: The regions, shape (n_regions,).
        quantiles: By horizon, persons, shape (n_regions, 19): those of `QUANTILES`; NaN where the
            last 12 periods are not all known.
        baseline: The same of conflictology, which is one for all horizons, shape (n_regions, 19).
        passed: True if the model's quantiles may be served.
        reason: Why not, or why; one sentence.
        record: What closed forecasts were worth, ready for JSON: `n_forecasts`, `crps` and
            `crps_of_conflictology` in persons, `gain` (1 - their ratio, with its 95 % interval)
            and `coverage` of the 50 and 90 % interval of both; empty if too few are closed.
    """

    region_ids: tuple[str, ...]
    quantiles: dict[int, Floats]
    baseline: Floats
    passed: bool
    reason: str
    record: dict[str, Any]

    def served(self, horizon: int) -> Floats:
        """Returns the quantiles that may be served, shape (n_regions, 19)."""
        return self.quantiles[horizon] if self.passed else self.baseline


def release_fatalities(panel: Panel, settings: ModelSettings) -> FatalityRelease:
    """Returns the forecast of each region, and whether it may be served.

    Args:
        panel: Panel as known on the as-of.
        settings: First month of histories that may be analogues, draws, seed.

    Raises:
        NotReady: There is too little history to widen by.
    """
    series = series_of(panel, "region")
    row = require_history(panel, series, settings, HORIZONS)
    first_row = first_history_row(series, settings.train_from)
    start = max(row - N_ORIGINS, first_row + rows_needed(HORIZONS))
    closed: list[list[Floats]] = []
    for origin in walk_origins(series, range(start, row + 1), HORIZONS, first_row):
        # The last one has none that is closed.
        closed.extend(_measure_closed(series, origin, row))
    record = _assess(closed, settings)
    passed, reason = _judge(record, series.step)
    return FatalityRelease(
        region_ids=series.unit_ids,
        quantiles={horizon: read_quantiles(origin.draws[horizon]) for horizon in HORIZONS},
        baseline=read_quantiles(draw_conflictology(series, row)),
        passed=passed,
        reason=reason,
        record=record,
    )


def _measure_closed(series: UnitSeries, origin: OriginDraws, row: int) -> list[list[Floats]]:
    """Returns unit, year, both CRPS and what the intervals held, of the closed forecasts."""
    baseline = draw_conflictology(series, origin.row)
    found = []
    for horizon, draws in origin.draws.items():
        target = origin.row + horizon
        if target > row:
            continue
        deaths = series.deaths[target]
        known = np.isfinite(deaths) & np.isfinite(draws).all(axis=-1)
        own, theirs, came = draws[known], baseline[known], deaths[known]
        year = period_start(int(series.periods[target]), series.step).year
        found.append(
            [
                np.flatnonzero(known).astype(np.float64),
                np.full(len(came), float(year)),
                crps(own, came),
                crps(theirs, came),
                *(
                    is_covered(of, came, level).astype(np.float64)
                    for of in (own, theirs)
                    for level in (0.5, LEVEL)
                ),
            ]
        )
    return found


def _assess(closed: list[list[Floats]], settings: ModelSettings) -> dict[str, Any]:
    if not closed:
        return {}
    unit, year, own, theirs, *covered = (
        np.concatenate(column) for column in zip(*closed, strict=True)
    )
    if len(unit) < MIN_FORECASTS or not theirs.any():
        return {}
    return measure_distributions(
        unit.astype(np.int64),
        year.astype(np.int64),
        {"model": own, "conflictology": theirs},
        {"model": covered[:2], "conflictology": covered[2:]},
        n_draws=settings.bootstrap_draws,
        seed=settings.seed,
    )


def _judge(record: dict[str, Any], step: str) -> tuple[bool, str]:
    """Returns whether the model's numbers may be served, and why."""
    rival = f"the last {N_VALUES} {step}s alone"
    if not record:
        return False, f"Too few forecasts are closed to compare with {rival}, which are served."
    low, high = record["gain"]["low"], record["gain"]["high"]
    own, theirs = (record["coverage"][name]["90%"] for name in ("model", "conflictology"))
    told = (
        f"CRPS {record['crps']:.2f} against {record['crps_of_conflictology']:.2f} deaths of {rival}"
        f", 90 % intervals that held {own:.0%} against {theirs:.0%}, "
        f"over {record['n_forecasts']:,} closed forecasts"
    )
    if low is not None and low > 0:
        return True, f"Better than {rival}: {told}."
    if high is not None and high >= 0 and abs(own - LEVEL) < abs(theirs - LEVEL):
        return True, f"No sharper than {rival}, but its intervals hold better: {told}."
    return False, f"No better than {rival}, which are served: {told}."
