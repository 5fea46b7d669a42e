"""The event contract: one record of violence, as one source told it at one moment.

Beside violence stand strategic developments: looting, arrests, an agreement, ground that changes
hands without a fight. They are events of a type of their own and are counted as no violence.

Owns what an event is, what a delivery is, and the rules that every source's rows must pass. Does
not own how a source's file is read, nor what is told to people about a refused row: the source's
reader writes that, in the source's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from data.calendar import to_epoch_day
from data.errors import StateError

EventType = Literal["state_based", "non_state", "one_sided", "strategic_development"]
VIOLENCE_TYPES: tuple[EventType, ...] = ("state_based", "non_state", "one_sided")
STRATEGIC: EventType = "strategic_development"
EVENT_TYPES: tuple[EventType, ...] = (*VIOLENCE_TYPES, STRATEGIC)

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
        confidences: Event identifier to how sure its reporter is of it, 0 (a rumour) to 1 (no
            doubt), where reports come with one. No part of the event: other sources have none.
    """

    events: pd.DataFrame
    refusals: tuple[Refusal, ...]
    n_rows: int
    countries: tuple[str, ...]
    covers_from: date
    covers_to: date
    confidences: Mapping[str, float] = field(default_factory=dict)


FATALITIES_LIMIT = 10_000_000
"""No single event has more deaths than this, persons; a larger number is a slip of the pen."""


def find_refusals(
    candidates: pd.DataFrame, *, first_day: date, known_at: date
) -> npt.NDArray[np.object_]:
    """Returns for each row why it is refused, as a stable code; empty text if it is not.

    A row that breaks several rules gets the first of them, in the order of the codes below.

    Args:
        candidates: Columns `EVENT_COLUMNS`. Numbers are float64 and NaN where the source's text
            could not be read; in `civilian_fatalities` and `n_sources` NaN means not said, so that
            a source must refuse by itself what it cannot read there. `event_id`, `country` and
            `event_type` are empty where they could not be read.
        first_day: First day that the source can speak of.
        known_at: Day on which the delivery became known: nothing in it can end later.

    Returns:
        Codes, shape (n_rows,): `impossible_date`, `date_order`, `date_after_known_at`,
        `impossible_latitude`, `impossible_longitude`, `unknown_country`, `unknown_type`,
        `bad_precision`, `bad_number`, `negative_fatalities`.

        Estimates out of order (best above high) are no reason to refuse: sources do that in about
        1 % of their rows, and the deaths are real. The panel widens the range to hold the best.
    """
    number = {
        column: candidates[column].to_numpy(dtype=np.float64)
        for column, dtype in EVENT_COLUMNS.items()
        if dtype != "str"
    }
    start, end = number["date_start"], number["date"]
    civilians = number["civilian_fatalities"]
    fatalities = np.stack([number[f"fatalities_{name}"] for name in ("low", "best", "high")])
    optional = np.stack([civilians, number["n_sources"]])
    first = to_epoch_day(first_day)
    rules: list[tuple[str, npt.NDArray[np.bool_]]] = [
        ("impossible_date", ~((start >= first) & (end >= first))),
        ("date_order", start > end),
        ("date_after_known_at", end > to_epoch_day(known_at)),
        ("impossible_latitude", ~(np.abs(number["latitude"]) <= 90)),
        ("impossible_longitude", ~(np.abs(number["longitude"]) <= 180)),
        ("unknown_country", (candidates["country"] == "").to_numpy()),
        ("unknown_type", (candidates["event_type"] == "").to_numpy()),
        (
            "bad_precision",
            ~np.isin(number["date_precision"], range(1, 6))
            | ~np.isin(number["where_precision"], range(1, 8)),
        ),
        (
            "bad_number",
            (candidates["event_id"] == "").to_numpy()
            | ~((fatalities == np.floor(fatalities)) & (fatalities <= FATALITIES_LIMIT)).all(axis=0)
            | ((optional != np.floor(optional)) & ~np.isnan(optional)).any(axis=0)
            | (optional > FATALITIES_LIMIT).any(axis=0)
            | (number["n_sources"] < 0),
        ),
        ("negative_fatalities", (fatalities < 0).any(axis=0) | (civilians < 0)),
    ]
    codes = np.select([broken for _, broken in rules], [code for code, _ in rules], default="")
    return codes.astype(np.object_)


def split_violence(events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the events that are violence, and the strategic developments, each in their order.

    Args:
        events: At least the column `event_type`.
    """
    is_strategic = (events["event_type"] == STRATEGIC).to_numpy(dtype=np.bool_)
    if not is_strategic.any():
        return events, events.iloc[:0]
    return events[~is_strategic], events[is_strategic]


def conform_events(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns `rows` with exactly the columns `EVENT_COLUMNS`, in their order and dtypes.

    Raises:
        StateError: A column is missing, or holds what its dtype cannot.
    """
    try:
        table = rows[list(EVENT_COLUMNS)]
        # Most tables conform already, and asking each column to become what it is takes a while.
        if any(
            has != wants for has, wants in zip(table.dtypes, EVENT_COLUMNS.values(), strict=True)
        ):
            table = table.astype(EVENT_COLUMNS)
        return table.reset_index(drop=True)
    except (KeyError, ValueError, TypeError) as problem:
        raise StateError(f"Rows are no events: {problem}.") from None


def join_events(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Returns events one part after the other, and empties the list: they are held only once.

    Args:
        parts: At least one table, columns and dtypes `EVENT_COLUMNS`.
    """
    tables = []
    while parts:
        tables.append(pa.Table.from_pandas(parts.pop(0), preserve_index=False))
    joined = pa.concat_tables(tables)
    tables.clear()
    columns: dict[str, object] = {}
    for name in EVENT_COLUMNS:
        columns[name] = joined[name].combine_chunks()
        joined = joined.drop_columns([name])
    whole: pd.DataFrame = pa.table(columns).to_pandas(split_blocks=True)
    return conform_events(whole)


def check_batch(batch: Batch) -> None:
    """Does nothing if a batch keeps its contract.

    Raises:
        StateError: It does not: the source's reader is wrong.
    """
    found = {column: str(dtype) for column, dtype in batch.events.dtypes.items()}
    if found != EVENT_COLUMNS:
        raise StateError(f"The columns of a batch are {found}.")
    if batch.events["event_id"].duplicated().any():
        raise StateError("A batch holds an event twice.")
    if batch.n_rows != len(batch.events) + len(batch.refusals):
        raise StateError(f"A batch of {batch.n_rows} rows does not account for each of them.")
    if batch.covers_from > batch.covers_to:
        raise StateError(f"A batch covers {batch.covers_from} to {batch.covers_to}.")
    if list(batch.countries) != sorted(set(batch.countries)):
        raise StateError(f"The countries of a batch are not sorted: {batch.countries}.")
