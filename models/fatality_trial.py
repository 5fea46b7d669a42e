"""A backtest of fatalities: distributions as they would have been forecast, and their worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from data.calendar import months_to_periods, parse_period, period_label, period_of, period_start
from data.errors import UsageError
from data.panel import Panel
from models.bootstrap import BlockDraws, as_json, draw_blocks, interval_of, mean_draws
from models.conformal import LOOK_BACK, stratify, widen
from models.distribution import INTERVALS, N_DRAWS, crps, interval_ends, is_covered, spread_values
from models.fatalities import N_VALUES, draw_conflictology, draw_fatalities, measure_levels
from models.manifest import FINAL_DATA
from models.metrics import Floats, Ints
from models.progress import Progress
from models.settings import ModelSettings
from models.units import By, UnitSeries, series_of

FATALITIES = "fatalities"
VERSION = "fatalities-1"
QUANTILES: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(1, 20))
ESCALATING = 1.5
"""A unit-year escalates if its deaths are at least this multiple of those of the year before."""


@dataclass(frozen=True)
class FatalityTrial:
    """What a backtest of fatalities found.

    Attributes:
        report: Figures, ready for JSON.
        predictions: One row per unit, origin and horizon: `region_id`, `origin`, `horizon`,
            `outcome`, `observed`, quantiles `q05` … `q95`, `crps` and one `crps_*` per baseline.
    """

    report: dict[str, Any]
    predictions: pd.DataFrame


def run_fatality_trial(
    panel: Panel,
    settings: ModelSettings,
    *,
    by: By,
    horizons: tuple[int, ...],
    first: str,
    last: str,
    on_progress: Progress | None = None,
) -> FatalityTrial:
    """Returns distributions for every origin, and CRPS, coverage and width beside baselines.

    Args:
        panel: Panel as known on the as-of.
        settings: First month of histories, draws, seed.
        by: What a unit is.
        horizons: Periods ahead; each is one period, not a window.
        first: Label of the first origin.
        last: Label of the last period that is forecast.
        on_progress: Called with origins done, origins in all, and what was done.

    Raises:
        UsageError: The origins lie outside the panel, or too near its beginning.
    """
    series = series_of(panel, by)
    start, stop = (parse_period(text, panel.step) - int(panel.periods[0]) for text in (first, last))
    if not 0 <= start < stop < len(panel.periods):
        raise UsageError(f"There are no origins from {first} to {last}.")
    if min(horizons) < 1 or max(horizons) > months_to_periods(36, panel.step):
        raise UsageError(f"Horizons {horizons} are out of range.", "Choose from 1 to 36 months.")
    first_day = period_start(parse_period(settings.train_from, "month"), "month")
    first_row = max(0, period_of(first_day, panel.step) - int(panel.periods[0]))
    earliest = start - LOOK_BACK - max(horizons)
    if earliest < first_row + 2 * N_VALUES:
        raise UsageError(
            f"There is too little history before {first}.",
            f"Begin at least {LOOK_BACK + max(horizons) + 2 * N_VALUES} {panel.step}s after the "
            "first that is known.",
        )
    raw = draw_all(series, range(earliest, stop), horizons, first_row, on_progress)
    tables = [_measure_horizon(series, raw[h], h, earliest, start, stop) for h in horizons]
    predictions = pd.concat(tables, ignore_index=True)
    report = {
        "region_set": panel.region_set,
        "by": by,
        "step": panel.step,
        "as_of": panel.as_of.isoformat(),
        "is_simulated": panel.is_simulated,
        "replay": FINAL_DATA,
        "outcome": {"name": FATALITIES, "version": VERSION},
        "from": first,
        "to": last,
        "horizons": list(horizons),
        "figures": _assess(series, predictions, settings),
    }
    return FatalityTrial(report, predictions.drop(columns=["row", "unit"]))


def draw_all(
    series: UnitSeries,
    rows: range,
    horizons: tuple[int, ...],
    first_row: int,
    on_progress: Progress | None,
) -> dict[int, Floats]:
    """Returns draws before widening, by horizon, shape (n_rows, n_units, n_draws)."""
    levels = measure_levels(series)
    raw = {h: np.empty((len(rows), len(series.unit_ids), N_DRAWS)) for h in horizons}
    for at, row in enumerate(rows):
        for horizon, draws in draw_fatalities(series, levels, row, horizons, first_row).items():
            raw[horizon][at] = draws
        if on_progress is not None:
            on_progress(at + 1, len(rows), period_label(int(series.periods[row]), series.step))
    return raw


def stratify_rows(series: UnitSeries, rows: range) -> Ints:
    """Returns the stratum of past violence at each row, shape (n_rows, n_units)."""
    return stratify(
        np.stack([series.deaths[row - N_VALUES + 1 : row + 1].mean(axis=0) for row in rows])
    )


def widen_at(
    series: UnitSeries,
    raw: Floats,
    strata: Ints,
    earliest: int,
    row: int,
    horizon: int,
    units: Ints,
) -> Floats:
    """Returns the draws of some units at an origin, widened by what was closed by then.

    Args:
        series: Deaths by unit.
        raw: Draws before widening from row `earliest` on, shape (n_rows, n_units, n_draws).
        strata: Their strata, shape (n_rows, n_units).
        earliest: Row of the first of them.
        row: Row of the origin; nothing after it is read.
        horizon: Periods ahead.
        units: Positions of the units.
    """
    at = row - earliest
    # Closed at the origin, and within the look-back: period s + horizon <= row.
    closed = slice(max(0, at - horizon - LOOK_BACK + 1), at - horizon + 1)
    came = series.deaths[earliest + closed.start + horizon : row + 1]
    known = np.isfinite(came) & np.isfinite(raw[closed]).all(axis=-1)
    return widen(
        raw[at, units],
        strata[at, units],
        raw[closed][known],
        came[known],
        strata[closed][known],
    )


def _measure_horizon(
    series: UnitSeries, raw: Floats, horizon: int, earliest: int, start: int, stop: int
) -> pd.DataFrame:
    strata = stratify_rows(series, range(earliest, stop))
    parts = []
    for row in range(start, stop - horizon + 1):
        at = row - earliest
        observed = series.deaths[row + horizon]
        is_known = np.isfinite(series.deaths[row - LOOK_BACK + 1 : row + 1]).all(axis=0)
        units = np.flatnonzero(is_known & np.isfinite(observed) & np.isfinite(raw[at]).all(axis=-1))
        draws = widen_at(series, raw, strata, earliest, row, horizon, units)
        parts.append(_tabulate(series, row, horizon, units, draws, raw[at, units], observed[units]))
    return pd.concat(parts, ignore_index=True)


def _tabulate(
    series: UnitSeries,
    row: int,
    horizon: int,
    units: Any,
    draws: Floats,
    unwidened: Floats,
    observed: Floats,
) -> pd.DataFrame:
    past = draw_conflictology(series, row)[units]
    last = series.deaths[row, units]
    poisson = stats.poisson.ppf((np.arange(N_DRAWS) + 0.5) / N_DRAWS, last[:, None])
    mean_60 = spread_values(series.deaths[row - LOOK_BACK + 1 : row + 1, units].T)
    rivals = {
        "conflictology": past,
        "unwidened": unwidened,
        "last_poisson": np.where(last[:, None] > 0, poisson, 0.0),
        "last_60": mean_60,
        "zeros": np.zeros_like(past),
    }
    table = {
        "row": row,
        "unit": units,
        "region_id": [series.unit_ids[unit] for unit in units],
        "origin": period_label(int(series.periods[row]), series.step),
        "horizon": horizon,
        "outcome": FATALITIES,
        "observed": observed,
        **{f"q{round(100 * q):02d}": np.quantile(draws, q, axis=-1) for q in QUANTILES},
        "crps": crps(draws, observed),
        **{f"crps_{name}": crps(values, observed) for name, values in rivals.items()},
    }
    measured = {"": draws, "_conflictology": past, "_unwidened": unwidened}
    for name, values in measured.items():
        for level in INTERVALS:
            low, high = interval_ends(values, level)
            table[f"in{round(100 * level)}{name}"] = is_covered(values, observed, level)
            table[f"width{round(100 * level)}{name}"] = high - low
    return pd.DataFrame(table)


def _assess(
    series: UnitSeries, predictions: pd.DataFrame, settings: ModelSettings
) -> dict[str, Any]:
    target = predictions["row"].to_numpy() + predictions["horizon"].to_numpy()
    unit = predictions["unit"].to_numpy()
    years = np.array([period_start(int(p), series.step).year for p in series.periods])[target]
    draws = draw_blocks(unit, years, n_draws=settings.bootstrap_draws, seed=settings.seed)
    own = predictions["crps"].to_numpy()
    rivals = [name for name in predictions.columns if name.startswith("crps_")]
    escalates = _escalating(series)
    groups = {
        "all": np.ones(len(predictions), bool),
        **{
            country: np.array(series.countries)[unit] == country
            for country in sorted(set(series.countries))
        },
        "escalating unit-years": np.array(
            [(int(u), int(y)) in escalates for u, y in zip(unit, years, strict=True)]
        ),
    }
    return {
        "n_forecasts": len(predictions),
        "crps": float(own.mean()),
        "crps_of_baselines": {
            name.removeprefix("crps_"): float(predictions[name].mean()) for name in rivals
        },
        "gain_over": {
            name.removeprefix("crps_"): _gain(own, predictions[name].to_numpy(), draws)
            for name in rivals
        },
        "coverage": {
            name: _coverage(predictions[here]) for name, here in groups.items() if here.any()
        },
    }


def _gain(own: Floats, theirs: Floats, draws: BlockDraws) -> dict[str, float | None]:
    """Returns 1 - CRPS / CRPS of the baseline, paired: above 0 is better."""
    value = float(1 - own.mean() / theirs.mean())
    return as_json(interval_of(value, 1 - mean_draws(own, draws) / mean_draws(theirs, draws)))


def _coverage(rows: pd.DataFrame) -> dict[str, Any]:
    found: dict[str, Any] = {"n_forecasts": len(rows)}
    for label, suffix in (("model", ""), ("conflictology", "_conflictology")):
        found[label] = {
            f"{level:.0%}": {
                "coverage": float(rows[f"in{round(100 * level)}{suffix}"].mean()),
                "width": float(rows[f"width{round(100 * level)}{suffix}"].mean()),
            }
            for level in INTERVALS
        }
    return found


def _escalating(series: UnitSeries) -> set[tuple[int, int]]:
    years = np.array([period_start(int(p), series.step).year for p in series.periods])
    found = set()
    for year in np.unique(years)[1:]:
        now = series.deaths[years == year].sum(axis=0)
        before = series.deaths[years == year - 1].sum(axis=0)
        # At least one death, so that a quiet year after a quiet year does not escalate.
        for unit in np.flatnonzero((now >= ESCALATING * before) & (now > 0)):
            found.add((int(unit), int(year)))
    return found
