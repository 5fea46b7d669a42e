"""Fatalities of each period ahead of the origin, as a distribution: the forecast that is given out.

It is made as the backtest makes its own (`models.fatalities.trial`), so that what is measured there
holds for it: the quantile mean of conflictology and analogues, widened by what the last 60 closed
periods needed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.calendar import period_label
from data.errors import NotReady
from data.panel import Panel
from models.fatalities.names import FATALITIES, QUANTILES, VERSION
from models.fatalities.path import check_horizons, first_history_row, rows_needed, walk_origins
from models.fatalities.units import By, UnitSeries, series_of
from models.metrics import Floats
from models.progress import Progress
from models.settings import ModelSettings

DECIMALS = 2


def forecast_fatalities(
    panel: Panel,
    settings: ModelSettings,
    *,
    by: By,
    horizons: tuple[int, ...],
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Returns quantiles of the deaths of each unit in each period ahead of the panel's origin.

    Args:
        panel: Panel as known on the as-of.
        settings: First month of histories that may be analogues.
        by: What a unit is.
        horizons: Periods ahead, each one period and not a window.
        on_progress: Called with origins done, origins in all, and what was done.

    Returns:
        One row per unit and horizon: `region_id` (a country code by country), `country`, `as_of`,
        `origin`, `horizon`, `period` (a label such as 2022-03), `outcome`, `outcome_version`, and
        quantiles `q05` to `q95`, persons to two decimals; NaN where the last 12 periods are not
        all known.

    Raises:
        UsageError: A horizon is out of range.
        NotReady: There is too little history to widen by.
    """
    series = series_of(panel, by)
    check_horizons(horizons, series)
    first_row = first_history_row(series, settings.train_from)
    row = require_history(panel, series, settings, horizons)
    origin = next(
        walk_origins(series, range(row, row + 1), horizons, first_row, on_progress=on_progress)
    )
    tables = []
    for horizon in horizons:
        draws = origin.draws[horizon]
        tables.append(
            pd.DataFrame(
                {
                    "region_id": series.unit_ids,
                    "country": series.countries,
                    "as_of": panel.as_of.isoformat(),
                    "origin": period_label(panel.origin, panel.step),
                    "horizon": horizon,
                    "period": period_label(panel.origin + horizon, panel.step),
                    "outcome": FATALITIES,
                    "outcome_version": VERSION,
                    **{
                        f"q{round(100 * q):02d}": column
                        for q, column in zip(QUANTILES, read_quantiles(draws).T, strict=True)
                    },
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def read_quantiles(draws: Floats) -> Floats:
    """Returns the quantiles of `QUANTILES`, rounded as they are told, shape (n_units, 19)."""
    return np.asarray(np.round(np.quantile(draws, QUANTILES, axis=-1).T, DECIMALS))


def require_history(
    panel: Panel, series: UnitSeries, settings: ModelSettings, horizons: tuple[int, ...]
) -> int:
    """Returns the row of the panel's origin.

    Raises:
        NotReady: There is too little history to widen by.
    """
    first_row = first_history_row(series, settings.train_from)
    row = panel.origin - int(panel.periods[0])
    if row < first_row + rows_needed(horizons):
        raise NotReady(
            f"Too early to tell: {row - first_row} {panel.step}s are known, "
            f"{rows_needed(horizons)} are needed.",
            "Ingest a longer history, or choose fewer horizons.",
        )
    return row
