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

from data.calendar import to_epoch_day
from data.events import FATALITIES_LIMIT, Refusal, find_refusals
from data.sources.delimited import RawRow
from data.sources.gleditsch_ward import STATES

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
        accepted: One table per chunk, columns as in `data.events.EVENT_COLUMNS`, numbers still
            float64.
        refusals: Refused rows.
    """

    def __init__(self, known_at: date) -> None:
        self.accepted: list[pd.DataFrame] = []
        self.refusals: list[Refusal] = []
        self._known_at = known_at
        self._header: list[str] = []
        self._position: dict[str, int] = {}
        self._seen: set[str] = set()
        self._days: dict[str, float] = {}
        self._texts: dict[str, str] = {}

    def begin(self, header: Sequence[str]) -> None:
        """Takes the header, in which no column is missing."""
        self._header = [_plain(name) for name in header]
        self._position = {
            column: next(self._header.index(name) for name in aliases if name in self._header)
            for column, aliases in _COLUMNS.items()
        }

    def take(self, chunk: list[RawRow]) -> None:
        """Takes rows in the order of the file."""
        whole = [item for item in chunk if len(item[1]) == len(self._header)]
        if len(whole) < len(chunk):
            for line, row in chunk:
                if len(row) != len(self._header):
                    counted = f"The row has {len(row)} columns, the header {len(self._header)}."
                    self._refuse(line, row, "wrong_column_count", counted)
        if not whole:
            return
        candidates, is_unreadable = self._read_columns([row for _, row in whole])
        codes = find_refusals(candidates, first_day=FIRST_DAY, known_at=self._known_at)
        codes[(codes == "") & is_unreadable] = "bad_number"
        self._find_duplicates(candidates["event_id"].tolist(), codes)
        for index in np.flatnonzero(codes != "").tolist():
            line, row = whole[index]
            raw = {column: row[position] for column, position in self._position.items()}
            code = str(codes[index])
            self._refuse(line, row, code, _MESSAGES[code].format(**raw))
        is_accepted = codes == ""
        if is_accepted.any():
            self.accepted.append(candidates[is_accepted])

    def _find_duplicates(self, identifiers: list[str], codes: npt.NDArray[np.object_]) -> None:
        # A refused row does not use up its identifier: a good one after it is taken.
        for index in np.flatnonzero(codes == "").tolist():
            identifier = identifiers[index]
            if identifier in self._seen:
                codes[index] = "duplicate_id"
            self._seen.add(identifier)

    def _refuse(self, line: int, row: list[str], reason: str, message: str) -> None:
        names = self._header + [f"column_{n + 1}" for n in range(len(self._header), len(row))]
        raw = dict(zip(names, row, strict=False))
        event_id = raw.get("id", "").strip() or None
        self.refusals.append(Refusal(line, event_id, reason, message, raw))

    def _read_columns(self, rows: list[list[str]]) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
        """Returns candidates and which rows have text where a number may be missing."""
        raw = {name: [row[position] for row in rows] for name, position in self._position.items()}
        numbers = {
            column: _to_numbers(raw[column])
            for column in _COLUMNS
            if column not in ("date_start", "date", *_TEXTS)
        }
        is_unreadable = np.zeros(len(rows), dtype=np.bool_)
        for column in ("civilian_fatalities", "n_sources"):
            is_blank = np.array([not text.strip() for text in raw[column]])
            is_unreadable |= np.isnan(numbers[column]) & ~is_blank
        numbers["n_sources"][numbers["n_sources"] == -1] = np.nan
        columns: dict[str, object] = {}
        for column in _COLUMNS:
            if column in ("date_start", "date"):
                columns[column] = self._to_days(raw[column])
            elif column == "event_id":
                columns[column] = _to_identifiers(numbers[column])
            elif column == "country":
                columns[column] = _to_names(numbers[column], _COUNTRIES)
            elif column == "event_type":
                columns[column] = _to_names(numbers[column], _TYPES)
            elif column in _TEXTS:
                pool = self._texts
                columns[column] = [pool.setdefault(text, text) for text in raw[column]]
            else:
                columns[column] = numbers[column]
        return pd.DataFrame(columns), is_unreadable

    def _to_days(self, texts: list[str]) -> npt.NDArray[np.float64]:
        known = self._days
        for text in set(texts).difference(known):
            known[text] = _to_day(text)
        return np.array([known[text] for text in texts], dtype=np.float64)


def _plain(name: str) -> str:
    return name.strip().lower()


def _to_day(text: str) -> float:
    match = _DAY.fullmatch(text.strip())
    try:
        return float(to_epoch_day(date.fromisoformat(match[1]))) if match else np.nan
    except ValueError:
        return np.nan


def _to_numbers(texts: list[str]) -> npt.NDArray[np.float64]:
    numbers = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(
        dtype=np.float64, copy=True
    )
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _to_identifiers(numbers: npt.NDArray[np.float64]) -> list[str]:
    return [f"{int(number)}" if number.is_integer() else "" for number in numbers.tolist()]


def _to_names(numbers: npt.NDArray[np.float64], names: dict[int, str]) -> list[str]:
    return [names.get(number, "") for number in numbers.tolist()]
