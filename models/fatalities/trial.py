"""A backtest of fatalities: distributions as they would have been forecast, and their worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from data.calendar import parse_period, period_label, period_start
from data.errors import UnknownName, UsageError
from data.panel import Panel
from models.artefacts.manifest import FINAL_DATA
from models.bootstrap import BlockDraws, as_json, draw_blocks, interval_of, mean_draws
from models.checkpoints import clear_folds
from models.fatalities.adaptive import AdaptiveWidener
from models.fatalities.conformal import LOOK_BACK, Widener
from models.fatalities.files import FinishedOrigins, hash_trial
from models.fatalities.measures import (
    INTERVALS,
    N_DRAWS,
    crps,
    interval_ends,
    is_covered,
    spread_values,
)
from models.fatalities.names import FATALITIES, QUANTILES, VERSION
from models.fatalities.path import (
    OriginDraws,
    check_horizons,
    first_history_row,
    rows_needed,
    walk_origins,
)
from models.fatalities.period import draw_conflictology
from models.fatalities.units import By, UnitSeries, series_of
from models.metrics import Floats, brier_skill
from models.progress import Progress
from models.settings import ModelSettings

ESCALATING = 1.5
"""A unit-year escalates if its deaths are at least this multiple of those of the year before."""


DEFAULT_WIDENING = "conformal"
WIDENERS: Mapping[str, Callable[[UnitSeries], Widener | None]] = MappingProxyType(
    {
        DEFAULT_WIDENING: lambda _series: None,
        "adaptive": lambda series: AdaptiveWidener(series.deaths),
    }
)
"""Ways to widen, by name: the first is what forecasts are made with, the other a challenger."""

OnOrigin = Callable[[UnitSeries, OriginDraws], None]


def check_widening(widening: str) -> None:
    """Refuses an unknown name.

    Raises:
        UnknownName: There is no such way to widen.
    """
    if widening not in WIDENERS:
        raise UnknownName(
            f"No model '{widening}' of {FATALITIES}.", f"Choose from {', '.join(WIDENERS)}."
        )


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
    widening: str = DEFAULT_WIDENING,
    on_origin: OnOrigin | None = None,
    folder: Path | None = None,
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
        widening: A name in `WIDENERS`.
        on_origin: Called with the units and the draws of each origin, of periods up to the last;
            not of those that a killed run has finished.
        folder: Where finished origins are kept until the trial ends; None to keep none. Only for
            the default widening: the other remembers what it said.
        on_progress: Called with origins done, origins in all, and what was done.

    Raises:
        UsageError: The origins lie outside the panel, or too near its beginning.
        UnknownName: There is no such widening.
    """
    check_widening(widening)
    series = series_of(panel, by)
    start, stop = (parse_period(text, panel.step) - int(panel.periods[0]) for text in (first, last))
    if not 0 <= start < stop < len(panel.periods):
        raise UsageError(f"There are no origins from {first} to {last}.")
    check_horizons(horizons, series)
    first_row = first_history_row(series, settings.train_from)
    if start < first_row + rows_needed(horizons):
        raise UsageError(
            f"There is too little history before {first}.",
            f"Begin at least {rows_needed(horizons)} {panel.step}s after the first that is known.",
        )
    finished = None
    if folder is not None and widening == DEFAULT_WIDENING:
        run = hash_trial(
            panel, settings, by=by, horizons=horizons, first=first, last=last,
            has_draws=on_origin is not None,
        )  # fmt: skip
        finished = FinishedOrigins(folder, run, start)
    tables: dict[int, pd.DataFrame] = {}
    for origin in walk_origins(
        series,
        range(start, stop),
        horizons,
        first_row,
        widener=WIDENERS[widening](series),
        store=finished,
        on_progress=on_progress,
    ):
        ahead = [one for one in horizons if origin.row + one <= stop]
        if on_origin is not None:
            on_origin(series, replace(origin, draws={one: origin.draws[one] for one in ahead}))
        table = pd.concat([_measure(series, origin, one) for one in ahead], ignore_index=True)
        tables[origin.row] = table
        if finished is not None:
            finished.save_figures(origin.row, table)
    if finished is not None:
        for row in sorted(set(range(start, stop)) - set(tables)):
            tables[row] = finished.load_figures(row)
    predictions = pd.concat(tables.values(), ignore_index=True).sort_values(
        ["horizon", "row", "unit"], ignore_index=True
    )
    report = {
        "region_set": panel.region_set,
        "by": by,
        "step": panel.step,
        "as_of": panel.as_of.isoformat(),
        "is_simulated": panel.is_simulated,
        "replay": FINAL_DATA,
        "outcome": {"name": FATALITIES, "version": VERSION},
        "widening": widening,
        "from": first,
        "to": last,
        "horizons": list(horizons),
        "figures": _assess(series, predictions, settings),
    }
    if folder is not None:
        clear_folds(folder)
    return FatalityTrial(report, predictions.drop(columns=["row", "unit"]))


def _measure(series: UnitSeries, origin: OriginDraws, horizon: int) -> pd.DataFrame:
    row = origin.row
    observed = series.deaths[row + horizon]
    draws, unwidened = origin.draws[horizon], origin.unwidened[horizon]
    is_known = np.isfinite(series.deaths[row - LOOK_BACK + 1 : row + 1]).all(axis=0)
    units = np.flatnonzero(is_known & np.isfinite(observed) & np.isfinite(draws).all(axis=-1))
    return _tabulate(series, row, horizon, units, draws[units], unwidened[units], observed[units])


def _tabulate(
    series: UnitSeries,
    row: int,
    horizon: int,
    units: Any,
    draws: Floats,
    unwidened: Floats,
    observed: Floats,
) -> pd.DataFrame:
    # Loaded where a trial is measured: most commands measure none, and loading takes a second.
    from scipy import stats

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
    return as_json(
        interval_of(
            float(brier_skill(own.mean(), theirs.mean())),
            brier_skill(mean_draws(own, draws), mean_draws(theirs, draws)),
        )
    )


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
