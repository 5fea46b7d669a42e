"""Rows of ACLED: which of them are events, and what they say.

An event here is violence that kills or means to: battles, explosions and remote violence, violence
against civilians. Strategic developments are events of a type of their own, which is no violence.
Protests and riots are left out; how many is counted.
Both the layout since 2023 and the one before it (numbers for kinds of actors) are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd

from data.calendar import to_epoch_day
from data.events import EVENT_COLUMNS, STRATEGIC, Refusal, find_refusals
from data.regions.iso_countries import to_alpha3
from data.sources.country_names import country_of_name
from data.sources.delimited import RawRow

FIRST_DAY = date(1997, 1, 1)
"""ACLED begins here."""

COLUMNS: tuple[str, ...] = (
    "event_id_cnty",
    "event_date",
    "time_precision",
    "event_type",
    "sub_event_type",
    "actor1",
    "inter1",
    "actor2",
    "inter2",
    "country",
    "admin1",
    "admin2",
    "latitude",
    "longitude",
    "geo_precision",
    "source",
    "fatalities",
)
"""What is read of a row; both layouts have it."""

_LEFT_OUT = frozenset({"protests", "riots"})
_STRATEGIC = "strategic developments"
_TRANSFER = "non-violent transfer of territory"
_STATE = frozenset({"state forces", "1", "external/other forces", "8"})
_CIVILIANS = frozenset({"civilians", "7", "protesters", "6"})
_VIOLENT = frozenset({"battles", "explosions/remote violence", "violence against civilians"})
# ACLED: exact day, within a week, within a month; GED: exact, 2-6 days, a week, a month, a year.
_DATE_PRECISION = {"1": 1.0, "2": 3.0, "3": 4.0}
# ACLED: the town, near it or in its district, the region; GED: 1, 2, and 4 for a region.
_WHERE_PRECISION = {"1": 1.0, "2": 2.0, "3": 4.0}
_FORMATS = ("%Y-%m-%d", "%d %B %Y", "%d-%B-%Y", "%d/%m/%Y")

_MESSAGES = {
    "impossible_date": "event_date '{event_date}' is no day since 1997.",
    "date_after_known_at": "event_date '{event_date}' lies after the day it became known.",
    "impossible_latitude": "latitude '{latitude}' is not between -90 and 90.",
    "impossible_longitude": "longitude '{longitude}' is not between -180 and 180.",
    "unknown_country": "country '{country}' is not known.",
    "unknown_type": "event_type '{event_type}' is none of ACLED's six.",
    "bad_precision": (
        "time_precision '{time_precision}' or geo_precision '{geo_precision}' is not 1 to 3."
    ),
    "bad_number": "event_id_cnty '{event_id_cnty}' is empty or fatalities '{fatalities}' none.",
    "negative_fatalities": "fatalities '{fatalities}' is below zero.",
    "duplicate_id": "event_id_cnty '{event_id_cnty}' stands on an earlier line already.",
}


class AcledRows:
    """Collects accepted events and refusals, chunk by chunk.

    Attributes:
        accepted: One table per chunk, columns as in `data.events.EVENT_COLUMNS`.
        refusals: Refused rows.
        n_left_out: Protests and riots.
    """

    def __init__(self, known_at: date) -> None:
        self.accepted: list[pd.DataFrame] = []
        self.refusals: list[Refusal] = []
        self.n_left_out = 0
        self._known_at = known_at
        self._header: list[str] = []
        self._seen: set[str] = set()

    def begin(self, header: Sequence[str]) -> list[str]:
        """Takes the header and returns the columns that it lacks."""
        self._header = [name.strip().lower() for name in header]
        return [name for name in COLUMNS if name not in self._header]

    def take(self, chunk: Sequence[RawRow]) -> None:
        """Takes rows in the order of the file."""
        kept: list[tuple[int, dict[str, str]]] = []
        for line, fields in chunk:
            row = dict(zip(self._header, fields, strict=False))
            if len(fields) != len(self._header):
                found = f"The row has {len(fields)} columns, the header {len(self._header)}."
                self._refuse(line, row, "wrong_column_count", found)
            elif row["event_type"].strip().lower() in _LEFT_OUT:
                self.n_left_out += 1
            else:
                kept.append((line, row))
        if not kept:
            return
        candidates = pd.DataFrame([_read(row) for _, row in kept], columns=list(EVENT_COLUMNS))
        codes = find_refusals(candidates, first_day=FIRST_DAY, known_at=self._known_at)
        for index, ((line, row), code) in enumerate(zip(kept, codes.tolist(), strict=True)):
            identifier = row["event_id_cnty"].strip()
            reason = code or ("duplicate_id" if identifier in self._seen else "")
            if reason:
                codes[index] = reason
                self._refuse(line, row, reason, _MESSAGES[reason].format(**row))
            else:
                self._seen.add(identifier)
        is_accepted = codes == ""
        if is_accepted.any():
            self.accepted.append(candidates[is_accepted])

    def _refuse(self, line: int, row: dict[str, str], reason: str, message: str) -> None:
        event_id = row.get("event_id_cnty", "").strip() or None
        self.refusals.append(Refusal(line, event_id, reason, message, row))


def _read(row: dict[str, str]) -> dict[str, object]:
    day = _to_day(row["event_date"])
    deaths = _to_number(row["fatalities"])
    sources = [name for name in row["source"].split(";") if name.strip()]
    return {
        "event_id": row["event_id_cnty"].strip(),
        "date_start": day,
        "date": day,
        "date_precision": _DATE_PRECISION.get(row["time_precision"].strip(), np.nan),
        "latitude": _to_number(row["latitude"]),
        "longitude": _to_number(row["longitude"]),
        "where_precision": _WHERE_PRECISION.get(row["geo_precision"].strip(), np.nan),
        "country": to_alpha3(row.get("iso3", "")) or country_of_name(row["country"]),
        "admin1": row["admin1"],
        "admin2": row["admin2"],
        "event_type": _to_type(row),
        "sub_type": _to_sub_type(row),
        "actor_a": row["actor1"],
        "actor_b": row["actor2"],
        # ACLED gives one number, and not how many of the dead were civilians.
        "fatalities_best": deaths,
        "fatalities_low": deaths,
        "fatalities_high": deaths,
        "civilian_fatalities": np.nan,
        "n_sources": float(len(sources)) if sources else np.nan,
    }


def _to_type(row: dict[str, str]) -> str:
    """Returns the type of violence in UCDP's words, by who is on either side."""
    kind = row["event_type"].strip().lower()
    if kind == _STRATEGIC:
        return STRATEGIC
    if kind not in _VIOLENT:
        return ""
    sides = {row["inter1"].strip().lower(), row["inter2"].strip().lower()}
    if kind == "violence against civilians" or sides & _CIVILIANS:
        return "one_sided"
    return "state_based" if sides & _STATE else "non_state"


def _to_sub_type(row: dict[str, str]) -> str:
    """Returns ACLED's sub-event; with it, what it leaves to the columns of the sides.

    These are whether aid workers were attacked, and to whom ground went without a fight: ACLED's
    first actor is the one who takes it.
    """
    sub_event = row["sub_event_type"]
    if row["event_type"].strip().lower() == _STRATEGIC:
        if sub_event.strip().lower() != _TRANSFER:
            return sub_event
        is_state = row["inter1"].strip().lower() in _STATE
        return f"{sub_event}; territory {'regained' if is_state else 'taken'}"
    sides = (row.get(name, "") for name in ("actor1", "actor2", "assoc_actor_1", "assoc_actor_2"))
    has_aid_workers = any("aid workers" in side.lower() for side in sides)
    return sub_event + ("; attack on aid workers" if has_aid_workers else "")


def _to_day(text: str) -> float:
    plain = re.sub(r"\s+", " ", text.strip())
    for form in _FORMATS:
        try:
            return float(to_epoch_day(datetime.strptime(plain, form).date()))  # noqa: DTZ007
        except ValueError:
            continue
    return np.nan


def _to_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return np.nan
    return number if np.isfinite(number) else np.nan
