"""The observation contract: a dated number about a place that is no event of violence.

Rainfall, displacement, counts per month and area: what a source says of a place for a span of days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

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
    "item": "str",
}
"""Columns of an observation table and their dtypes.

`observation_key` is unique in a source and the same in each of its deliveries. `indicator` names
the quantity, as its source's reader describes it. `place` is the P-code of an area, empty for a
point or a whole country; `latitude` and `longitude` are NaN for an area. `country` is ISO 3166-1
alpha-3. Days are since 1970-01-01, both included. `value` is finite: what is missing has no row.
`item` says what of the indicator is meant where there are several (which good is priced, whose
operation counts), else it is empty: values are comparable over time within one `indicator`, `item`
and place or point.
"""

KNOWN_OBSERVATION_COLUMNS: dict[str, str] = {**OBSERVATION_COLUMNS, "date_known": "int64"}
"""Columns of observations with the day, in UTC, on which each version of them became known."""

ObservationKind = Literal["flow", "stock", "level"]

LAG_DAYS = 28
"""Reporting lag of what others observe: rain and displacement are out within days or weeks, prices,
rounds of counting and food security analyses within about a month. Four weeks, so that a month's
figures are in by the end of the next, February too."""


@dataclass(frozen=True)
class Quantity:
    """What an indicator of observations is.

    Attributes:
        source: Name of the source that gives it.
        unit: Unit of `value`.
        kind: `flow` (adds up over time), `stock` (stands at its day or span; the newest one counts,
            and it never adds up over time), `level` (neither adds up over time nor over places).
        meaning: One sentence.
        lag_days: Reporting lag: so many days after its last day a figure is out, usually. It holds
            for what was read long after (`data.panel.observed_spells`).
        is_out_at_start: True if the lag runs from a figure's first day: an analysis is out when the
            span of which it speaks begins.
    """

    source: str
    unit: str
    kind: ObservationKind
    meaning: str
    lag_days: int = LAG_DAYS
    is_out_at_start: bool = False


_COUNTED = {
    "political_violence": "battles, explosions, violence against civilians and mob violence",
    "civilian_targeting": "violence against civilians, most of it counted above as well",
    "demonstration": "protests and riots, some of it counted above as well",
}

QUANTITIES: dict[str, Quantity] = {
    "rainfall_mm": Quantity("chirps", "mm per dekad", "flow", "Rain of ten days in an area."),
    "rainfall_3_months_percent": Quantity(
        "chirps", "percent", "level", "Rain of three months against the long-term mean (100)."
    ),
    **{
        f"{counted}_{kind}": Quantity("hapi", unit, "flow", f"{word} a month and area: {what}.")
        for kind, what in _COUNTED.items()
        for counted, unit, word in (
            ("events", "events per month", "Events in"),
            ("fatalities", "persons per month", "Deaths in"),
        )
    },
    "displacements_by_conflict": Quantity(
        "idmc", "movements", "flow", "Persons who fled conflict at a point in a span of days."
    ),
    "displaced_persons": Quantity(
        "dtm", "persons", "stock", "Displaced persons present in an area when a round counted them."
    ),
    "food_price": Quantity(
        "wfp", "local currency per unit", "level", "Price of a good at a market in a month."
    ),
    "persons_in_phase_3_plus": Quantity(
        "ipc",
        "persons",
        "stock",
        "Persons in a food crisis or worse (IPC/CH phase 3, 4 or 5).",
        is_out_at_start=True,
    ),
    "share_in_phase_3_plus": Quantity(
        "ipc",
        "share of the population",
        "level",
        "Their share of those analysed, 0 to 1.",
        is_out_at_start=True,
    ),
    "population": Quantity(
        "own_observations", "persons", "stock", "People who live in an area.", lag_days=0
    ),
    "poverty_rate": Quantity(
        "own_observations",
        "share of the population",
        "level",
        "People in poverty, 0 to 1.",
        lag_days=0,
    ),
    "travel_hours_to_city": Quantity(
        "own_observations", "hours", "level", "Travel from an area to the nearest city.", lag_days=0
    ),
}
"""Indicator to what it is: all that any source gives."""


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
    unknown = sorted(set(table["indicator"]) - set(QUANTITIES))
    if unknown:
        raise StateError(f"No observation is declared as {', '.join(unknown)}.")
