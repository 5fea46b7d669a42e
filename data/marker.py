"""The marker contract: a structural event that an analyst enters by hand, with dates and source.

A coup, the withdrawal of a mission, a blockade: what changes the ground on which violence happens,
and is in no table of events. A marker is no event of violence and counts nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

MarkerKind = Literal["coup", "mission_withdrawal", "blockade", "ceasefire", "election"]
MARKER_KINDS: tuple[MarkerKind, ...] = get_args(MarkerKind)

MARKER_COLUMNS: dict[str, str] = {
    "marker_id": "str",
    "kind": "str",
    "country": "str",
    "place": "str",
    "date_start": "int64",
    "date_end": "Int64",
    "title": "str",
    "reference": "str",
    "author": "str",
}
"""Columns of a table of markers and their dtypes; days since 1970-01-01."""

KNOWN_MARKER_COLUMNS: dict[str, str] = {**MARKER_COLUMNS, "date_known": "int64"}
"""With `date_known`: the day on which a marker was first known to begin on that day."""


@dataclass(frozen=True)
class Marker:
    """A structural event.

    Attributes:
        marker_id: Its name, chosen by who enters it: small letters, digits, `-` and `_`, at most
            64. Entering it again corrects it.
        kind: One of `MARKER_KINDS`.
        country: ISO 3166-1 alpha-3 code.
        place: P-code or region identifier; empty for the whole country.
        date_start: First day.
        date_end: Last day, the same for what happened on one day; None while it lasts.
        title: One line for people.
        reference: Where it is told: a title, an address.
        author: Who entered it.
    """

    marker_id: str
    kind: str
    country: str
    place: str
    date_start: date
    date_end: date | None
    title: str
    reference: str
    author: str
