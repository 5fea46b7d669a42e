"""The event contract: one record of violence, as one source told it at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

EventType = Literal["state_based", "non_state", "one_sided"]
EVENT_TYPES: tuple[EventType, ...] = ("state_based", "non_state", "one_sided")

EVENT_COLUMNS: dict[str, str] = {
    "event_id": "str",
    "date_start": "int64",
    "date": "int64",
    "date_precision": "int64",
    "latitude": "float64",
    "longitude": "float64",
    "where_precision": "int64",
    "country": "str",
    "admin1": "str",
    "admin2": "str",
    "event_type": "str",
    "sub_type": "str",
    "actor_a": "str",
    "actor_b": "str",
    "fatalities_best": "int64",
    "fatalities_low": "int64",
    "fatalities_high": "int64",
    "civilian_fatalities": "Int64",
    "n_sources": "Int64",
}
"""Columns of an event table and their dtypes.

`date_start` and `date` (the day the event ended: an event counts in the period of its `date`) are
days since 1970-01-01. `date_precision` 1-5 and `where_precision` 1-7 as UCDP GED codes them.
`country` is ISO 3166-1 alpha-3. `admin1`, `admin2` are the source's own text, empty if it gave
none. `<NA>` in `civilian_fatalities` or `n_sources` means that the source does not say.
"""


@dataclass(frozen=True)
class Refusal:
    """A row that is not stored as an event, and why.

    Attributes:
        line: Line in the file, the header being line 1.
        event_id: The source's identifier, if it could be read.
        reason: Stable snake_case code, e.g. `impossible_date`.
        message: One sentence with the value that was found.
        row: The row as it came, column name to text.
    """

    line: int
    event_id: str | None
    reason: str
    message: str
    row: dict[str, str]


@dataclass(frozen=True)
class Batch:
    """What a source's reader makes of one delivery.

    Attributes:
        events: Columns `EVENT_COLUMNS`, one row per event, `event_id` unique.
        refusals: Rows for quarantine.
        n_rows: Rows in the delivery; equals events plus refusals.
        countries: Sorted ISO alpha-3 codes that the delivery speaks for.
        covers_from: First day that the delivery speaks for: no event there means none is known.
        covers_to: Last day that it speaks for.
    """

    events: pd.DataFrame
    refusals: tuple[Refusal, ...]
    n_rows: int
    countries: tuple[str, ...]
    covers_from: date
    covers_to: date
