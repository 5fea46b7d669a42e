"""Parameters of `items`: bbox, datetime, limit, offset and the publication of a walk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from data.calendar import parse_day
from data.errors import TocsinError, UsageError
from service.boxes import Box, read_box

MAX_LIMIT = 10_000
DEFAULT_LIMIT = 1_000
_TIME = re.compile(
    r"(?:[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?"
)
"""What may follow a day: nothing, or a time of day with its zone (RFC 3339, section 5.6)."""
_LARGEST_ROW = 2**31 - 1
NAMES = ("bbox", "datetime", "limit", "offset", "publication", "country", "f")


@dataclass(frozen=True)
class ItemsQuery:
    """What a request for features asks for.

    Attributes:
        bbox: West, south, east, north, degrees; None for everywhere. West above east crosses the
            antimeridian.
        since: First day of interest; None if open.
        until: Last day of interest; None if open.
        limit: Features at most.
        offset: Features left out before.
        publication: Row number of the publication of a walk; None for the newest.
        country: ISO alpha-3 code; None for all.
    """

    bbox: Box | None = None
    since: date | None = None
    until: date | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    publication: int | None = None
    country: str | None = None


def read_query(given: Mapping[str, str]) -> ItemsQuery:
    """Returns what the parameters ask for.

    Raises:
        UsageError: One is unknown or has a value that cannot be used.
    """
    for name in given:
        if name not in NAMES:
            raise UsageError(f"There is no parameter '{name}'.", f"There are {', '.join(NAMES)}.")
    if given.get("f", "json") != "json":
        raise UsageError("Features come as GeoJSON only.", "Leave out f, or say f=json.")
    since, until = _read_interval(given["datetime"]) if "datetime" in given else (None, None)
    return ItemsQuery(
        bbox=read_box(given["bbox"]) if "bbox" in given else None,
        since=since,
        until=until,
        # More than the most is no error: the standard lets the server send fewer.
        limit=min(_read_whole("limit", given.get("limit", str(DEFAULT_LIMIT)), 1), MAX_LIMIT),
        offset=_read_whole("offset", given.get("offset", "0"), 0),
        publication=(
            _read_whole("publication", given["publication"], 1, _LARGEST_ROW)
            if "publication" in given
            else None
        ),
        country=given.get("country"),
    )


def _read_interval(text: str) -> tuple[date | None, date | None]:
    ends = text.split("/")
    if len(ends) > 2:
        raise UsageError(f"'{text}' is no interval.", "Write it as 2022-01-01/2022-03-31.")
    days = []
    for end in ends:
        try:
            if _TIME.fullmatch(end[10:]) is None:
                raise UsageError(f"'{end}' is no moment.")
            days.append(None if end in ("", "..") and len(ends) == 2 else parse_day(end[:10]))
        except TocsinError:
            raise UsageError(
                f"'{text}' is no day or interval.", "Write it as 2022-01-01."
            ) from None
    since, until = days[0], days[-1]
    if since is not None and until is not None and since > until:
        raise UsageError(f"'{text}' ends before it begins.")
    return since, until


def _read_whole(name: str, text: str, least: int, most: int = 10**12 - 1) -> int:
    is_whole = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if not is_whole or not least <= int(text) <= most:
        raise UsageError(f"{name} cannot be '{text}'.", f"A whole number from {least} to {most}.")
    return int(text)
