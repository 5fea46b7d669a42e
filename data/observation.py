"""The observation contract: a dated number about a place that is no event of violence.

Rainfall, displacement, counts per month and area: what a source says of a place for a span of days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from data.errors import StateError
from data.events import Refusal

OBSERVATION_COLUMNS: dict[str, str] = {
    "observation_key": "str",
    "indicator": "str",
    "place": "str",
    "country": "str",
    "latitude": "float64",
    "longitude": "float64",
    "date_start": "int64",
    "date_end": "int64",
    "value": "float64",
}
"""Columns of an observation table and their dtypes.

`observation_key` is unique in a source and the same in each of its deliveries. `indicator` names
the quantity, as its source's reader describes it. `place` is the P-code of an area, empty for a
point or a whole country; `latitude` and `longitude` are NaN for an area. `country` is ISO 3166-1
alpha-3. Days are since 1970-01-01, both included. `value` is finite: what is missing has no row.
"""


@dataclass(frozen=True)
class ObservationBatch:
    """What a source's reader makes of one delivery.

    Attributes:
        observations: Columns `OBSERVATION_COLUMNS`, `observation_key` unique, not empty.
        refusals: Rows for quarantine.
        n_rows: Rows in the delivery, with those of kinds that are not read.
    """

    observations: pd.DataFrame
    refusals: tuple[Refusal, ...]
    n_rows: int

    @property
    def countries(self) -> tuple[str, ...]:
        """Sorted ISO alpha-3 codes."""
        return tuple(sorted(set(self.observations["country"])))

    @property
    def days(self) -> tuple[date, date]:
        """First and last day that an observation is about."""
        table = self.observations
        first, last = int(table["date_start"].min()), int(table["date_end"].max())
        epoch = date(1970, 1, 1).toordinal()
        return date.fromordinal(epoch + first), date.fromordinal(epoch + last)


def check_observations(batch: ObservationBatch) -> None:
    """Does nothing if a batch keeps its contract.

    Raises:
        StateError: It does not: the source's reader is wrong.
    """
    table = batch.observations
    found = {column: str(dtype) for column, dtype in table.dtypes.items()}
    if found != OBSERVATION_COLUMNS:
        raise StateError(f"The columns of observations are {found}.")
    if table.empty or table["observation_key"].duplicated().any():
        raise StateError("A batch holds no observation, or one twice.")
    if table["value"].isna().any() or (table["date_start"] > table["date_end"]).any():
        raise StateError("A batch holds an observation without a value, or that ends too early.")
