"""The contract of forecasts that others publish, kept beside ours for comparison.

Never an input of a model: they are stored as they became known so that what was said for a month
can be held against what came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from data.calendar import from_epoch_day
from data.errors import StateError
from data.events import Refusal

FORECAST_COLUMNS: dict[str, str] = {
    "unit_kind": "str",
    "unit_id": "str",
    "target_from": "int64",
    "target_to": "int64",
    "quantity": "str",
    "value": "float64",
}
"""Columns of a table of forecasts and their dtypes.

`unit_kind` is `country` (then `unit_id` is ISO 3166-1 alpha-3) or `grid` (the number of a PRIO-GRID
cell). `target_from` and `target_to` are the first and last day that the forecast is about, days
since 1970-01-01.
"""

FORECAST_QUANTITIES: dict[str, str] = {
    "deaths_mean": "Expected deaths in state-based violence in the window, persons.",
    "probability_25_deaths": "Probability of 25 deaths or more in state-based violence, 0 to 1.",
    "probability_armed_conflict": "Probability that armed conflict breaks out or goes on, 0 to 1.",
    "probability_any_violence": "Probability of any fatal violence in the window, 0 to 1.",
    "log1p_deaths": "Expected natural logarithm of 1 + deaths in the window.",
}
"""Quantity to what it is, in our units."""


@dataclass(frozen=True)
class ForecastBatch:
    """One run of another's model.

    Attributes:
        run: The run or vintage, as its source names it, at most 64 characters.
        forecasts: Columns `FORECAST_COLUMNS`, one row per unit, window and quantity.
        refusals: Rows for quarantine.
        n_rows: Rows in the delivery.
    """

    run: str
    forecasts: pd.DataFrame
    refusals: tuple[Refusal, ...]
    n_rows: int

    @property
    def countries(self) -> tuple[str, ...]:
        """Sorted ISO alpha-3 codes of the countries forecast."""
        table = self.forecasts
        return tuple(sorted(set(table["unit_id"][table["unit_kind"] == "country"])))

    @property
    def days(self) -> tuple[date, date]:
        """First and last day that any forecast is about."""
        table = self.forecasts
        return (
            from_epoch_day(int(table["target_from"].min())),
            from_epoch_day(int(table["target_to"].max())),
        )


def check_forecasts(batch: ForecastBatch) -> None:
    """Does nothing if a batch keeps its contract.

    Raises:
        StateError: It does not: the source's reader is wrong.
    """
    table = batch.forecasts
    found = {column: str(dtype) for column, dtype in table.dtypes.items()}
    if found != FORECAST_COLUMNS:
        raise StateError(f"The columns of forecasts are {found}.")
    keys = ["unit_kind", "unit_id", "target_from", "target_to", "quantity"]
    if table.empty or table.duplicated(keys).any():
        raise StateError("A batch holds no forecast, or one twice.")
    if table["value"].isna().any() or (table["target_from"] > table["target_to"]).any():
        raise StateError("A batch holds a forecast without a value, or that ends too early.")
    unknown = sorted(set(table["quantity"]) - set(FORECAST_QUANTITIES))
    if unknown:
        raise StateError(f"No forecast is declared as {', '.join(unknown)}.")
    is_share = table["quantity"].str.startswith("probability_")
    if not table["value"][is_share].between(0, 1).all():
        raise StateError("A batch holds a probability outside 0 to 1.")
