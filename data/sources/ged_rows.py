"""Rows of a UCDP GED file: what a row says, and what is said about a row that is refused.

A chunk of rows is read column by column; only refused rows are walked one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.calendar import to_epoch_day
from data.events import FATALITIES_LIMIT, Refusal, conform_events, find_refusals
from data.sources.delimited import Rows
from data.sources.gleditsch_ward import STATES
from data.sources.numbers import SeenNumbers, read_numbers, write_whole_numbers

FIRST_DAY = date(1989, 1, 1)
"""GED begins here."""

_COLUMNS: dict[str, tuple[str, ...]] = {
    "event_id": ("id",),
    "date_start": ("date_start",),
    "date": ("date_end",),
    "date_precision": ("date_prec",),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
    "where_precision": ("where_prec",),
    "country": ("country_id",),
    "admin1": ("adm_1",),
    "admin2": ("adm_2",),
    "event_type": ("type_of_violence",),
    "sub_type": ("dyad_name",),
    "actor_a": ("side_a",),
    "actor_b": ("side_b",),
    "fatalities_best": ("best", "best_est"),
    "fatalities_low": ("low", "low_est"),
    "fatalities_high": ("high", "high_est"),
    "civilian_fatalities": ("deaths_civilians",),
    "n_sources": ("number_of_sources",),
}
"""Column of the event contract to GED's names for it, the current one first."""

_TYPES = {1: "state_based", 2: "non_state", 3: "one_sided"}
_COUNTRIES = {number: state.iso3 for number, state in STATES.items()}
_TEXTS = ("admin1", "admin2", "sub_type", "actor_a", "actor_b")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?")

_MESSAGES: dict[str, str] = {
    "impossible_date": "date_start '{date_start}' or date_end '{date}' is no day since 1989.",
    "date_order": "date_start '{date_start}' lies after date_end '{date}'.",
    "date_after_known_at": "date_end '{date}' lies after the day the file became known.",
    "impossible_latitude": "latitude '{latitude}' is not between -90 and 90.",
    "impossible_longitude": "longitude '{longitude}' is not between -180 and 180.",
    "unknown_country": "country_id '{country}' is no Gleditsch-Ward number.",
    "unknown_type": "type_of_violence '{event_type}' is not 1, 2 or 3.",
    "bad_precision": (
        "date_prec '{date_precision}' is not 1 to 5 or where_prec '{where_precision}' not 1 to 7."
    ),
    "bad_number": (
        f"id, low, best, high, deaths_civilians or number_of_sources is no whole number up to "
        f"{FATALITIES_LIMIT}: '{{event_id}}', '{{fatalities_low}}', '{{fatalities_best}}', "
        f"'{{fatalities_high}}', '{{civilian_fatalities}}', '{{n_sources}}'."
    ),
    "negative_fatalities": (
        "low '{fatalities_low}', best '{fatalities_best}', high '{fatalities_high}' or "
        "deaths_civilians '{civilian_fatalities}' is below zero."
    ),
    "duplicate_id": "id '{event_id}' stands on an earlier line already.",
}


def missing_columns(header: Sequence[str]) -> list[str]:
    """Returns the columns that GED must have and `header` has not."""
    names = {_plain(name) for name in header}
    return [aliases[0] for aliases in _COLUMNS.values() if names.isdisjoint(aliases)]


class GedRows:
    """Collects accepted events and refusals, chunk by chunk.

    Attributes:
        accepted: One table per chunk, columns and dtypes as in `data.events.EVENT_COLUMNS`.
        refusals: Refused rows.
    """

    def __init__(self, known_at: date) -> None:
        self.accepted: list[pd.DataFrame] = []
        self.refusals: list[Refusal] = []
        self._known_at = known_at
        self._header: list[str] = []
        self._position: dict[str, int] = {}
        self._seen = SeenNumbers()
        self._days: dict[str, float] = {}

    def begin(self, header: Sequence[str]) -> None:
        """Takes the header, in which no column is missing."""
        self._header = [_plain(name) for name in header]
        self._position = {
            column: next(self._header.index(name) for name in aliases if name in self._header)
            for column, aliases in _COLUMNS.items()
        }

    def take(self, chunk: Rows) -> None:
        """Takes rows in the order of the file."""
        width = len(self._header)
        if not chunk.has_width(width):
            for line, row in chunk:
                if len(row) != width:
                    counted = f"The row has {len(row)} columns, the header {width}."
                    self._refuse(line, row, "wrong_column_count", counted)
            whole = [item for item in chunk if len(item[1]) == width]
            chunk = Rows(whole.copy)
        if not chunk:
            return
        candidates, is_unreadable, identifiers = self._read_columns(chunk)
        codes = find_refusals(candidates, first_day=FIRST_DAY, known_at=self._known_at)
        codes[(codes == "") & is_unreadable] = "bad_number"
        # A refused row does not use up its identifier: a good one after it is taken.
        good = np.flatnonzero(codes == "")
        codes[good[self._seen.add(identifiers[good].astype(np.int64))]] = "duplicate_id"
        is_accepted = codes == ""
        for index in np.flatnonzero(~is_accepted).tolist():
            line, row = chunk[index]
            raw = {column: row[position] for column, position in self._position.items()}
            code = str(codes[index])
            self._refuse(line, row, code, _MESSAGES[code].format(**raw))
        if is_accepted.any():
            events = candidates if is_accepted.all() else candidates[is_accepted]
            self.accepted.append(conform_events(events))

    def _refuse(self, line: int, row: list[str], reason: str, message: str) -> None:
        names = self._header + [f"column_{n + 1}" for n in range(len(self._header), len(row))]
        raw = dict(zip(names, row, strict=False))
        event_id = raw.get("id", "").strip() or None
        self.refusals.append(Refusal(line, event_id, reason, message, raw))

    def _read_columns(
        self, rows: Rows
    ) -> tuple[pd.DataFrame, npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
        """Returns candidates, which of them have text for a number that may miss, and their ids."""
        texts = {column: rows.column(position) for column, position in self._position.items()}
        is_unreadable = np.zeros(len(rows), dtype=np.bool_)
        columns: dict[str, object] = {}
        for column, text in texts.items():
            if column in _TEXTS:
                columns[column] = text
            elif column in ("date_start", "date"):
                columns[column] = self._to_days(text)
            else:
                columns[column] = read_numbers(text)
        numbers = {name: item for name, item in columns.items() if isinstance(item, np.ndarray)}
        for column in ("civilian_fatalities", "n_sources"):
            is_said = pc.not_equal(pc.utf8_trim_whitespace(texts[column]), "").to_numpy(False)
            is_unreadable |= np.isnan(numbers[column]) & is_said
        numbers["n_sources"][numbers["n_sources"] == -1] = np.nan
        columns["event_id"] = write_whole_numbers(numbers["event_id"])
        columns["country"] = _to_names(numbers["country"], _COUNTRIES)
        columns["event_type"] = _to_names(numbers["event_type"], _TYPES)
        return pa.table(columns).to_pandas(), is_unreadable, numbers["event_id"]

    def _to_days(self, texts: pa.Array) -> npt.NDArray[np.float64]:
        known = self._days
        coded = texts.dictionary_encode()
        days = [known.setdefault(text, _to_day(text)) for text in coded.dictionary.to_pylist()]
        known_days: npt.NDArray[np.float64] = np.array(days, dtype=np.float64)
        return known_days[np.asarray(coded.indices.to_numpy(), dtype=np.int64)]


def _plain(name: str) -> str:
    return name.strip().lower()


def _to_day(text: str) -> float:
    match = _DAY.fullmatch(text.strip())
    try:
        return float(to_epoch_day(date.fromisoformat(match[1]))) if match else np.nan
    except ValueError:
        return np.nan


def _to_names(numbers: npt.NDArray[np.float64], names: dict[int, str]) -> pa.Array:
    found, code = np.unique(numbers, return_inverse=True)
    texts = pa.array([names.get(number, "") for number in found.tolist()], pa.large_string())
    return texts.take(pa.array(code))
