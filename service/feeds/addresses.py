"""Addresses of feeds: from a path to what is asked for, and back.

/feeds/                              the region sets
/feeds/{set}/                        the publications of a set
/feeds/{set}/latest.{format}         the newest publication
/feeds/{set}/{as_of}.{format}        that of an as-of, its newest revision
/feeds/{set}/{as_of}-r{n}.{format}   one revision of it, which never changes
/feeds/{set}/alerts.cap.xml          the alerts, as an index of CAP messages
/feeds/{set}/cap/{identifier}.xml    one CAP message, which never changes

A file is cut by `?country=MLI` (ISO alpha-3) and `?outcome=escalation`; `?hxl=1` gives the CSV feed
its row of hashtags. Any other parameter is refused: one that is ignored answers another question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import parse_qsl, quote

from data.errors import UnknownName, UsageError

ROOT = "/feeds"
ADDRESS_HINT = (
    "Addresses are /feeds/{set}/latest.{format} and /feeds/{set}/{as_of}.{format}, the as-of "
    "as 2022-01-15; /feeds/ lists the sets, /feeds/{set}/ the publications."
)

CAP_FORMAT = "cap.xml"
"""Name under which the index of CAP messages is stored with a publication."""

_ALERTS = f"alerts.{CAP_FORMAT}"
_MESSAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]{0,95})\.xml", re.ASCII)
_FILE = re.compile(r"(?:latest|(\d{4}-\d{2}-\d{2})(?:-r([1-9]\d{0,8}))?)\.([a-z0-9.]+)", re.ASCII)


@dataclass(frozen=True)
class FeedAddress:
    """What a path under `/feeds` asks for.

    Attributes:
        region_set: Name of the set; None asks for the list of sets.
        format: Format of a file; None asks for the list of publications.
        as_of: Knowledge limit; None is the latest.
        revision: Revision of that as-of; None is the newest.
        country: Only regions of this country; None for all.
        outcome: Only this outcome; None for all.
        has_hashtags: With a row of HXL hashtags.
        message: Identifier of a CAP message; None for all else.
    """

    region_set: str | None = None
    format: str | None = None
    as_of: date | None = None
    revision: int | None = None
    country: str | None = None
    outcome: str | None = None
    has_hashtags: bool = False
    message: str | None = None

    @property
    def is_cut(self) -> bool:
        """True if it asks for something else than a stored file."""
        return self.country is not None or self.outcome is not None or self.has_hashtags


def parse_query(address: FeedAddress, query: str) -> FeedAddress:
    """Returns the address with what the query of its URL asks for.

    Raises:
        UsageError: A parameter is unknown, repeated or has a value that cannot be used.
    """
    hint = "Parameters of a file: country, outcome, hxl=1; of a list: none."
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=9
        )
    except ValueError:
        raise UsageError("The query cannot be read.", hint) from None
    given = dict(pairs)
    if len(given) < len(pairs):
        raise UsageError("A parameter is given twice.", hint)
    is_file = address.format is not None and address.message is None
    known = {"country", "outcome", "hxl"} if is_file else set()
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"There is no parameter '{name}'.", hint)
        if not value or (name == "hxl" and value not in ("0", "1")):
            raise UsageError(f"The parameter '{name}' cannot be '{value}'.", hint)
    return replace(
        address,
        country=given.get("country"),
        outcome=given.get("outcome"),
        has_hashtags=given.get("hxl") == "1",
    )


def parse_address(path: str) -> FeedAddress:
    """Returns what a decoded path asks for.

    Raises:
        UnknownName: The path is no address of a feed.
    """
    if "\0" in path:  # PostgreSQL takes none, and no name has one.
        raise UnknownName("No address of a feed has a NUL.", ADDRESS_HINT)
    parts = path.removeprefix(ROOT).strip("/").split("/")
    if parts == [""]:
        return FeedAddress()
    if len(parts) == 1:
        return FeedAddress(parts[0])
    if parts[1:] == [_ALERTS]:
        return FeedAddress(parts[0], CAP_FORMAT)
    if len(parts) == 3 and parts[1] == "cap" and (named := _MESSAGE.fullmatch(parts[2])):
        return FeedAddress(parts[0], CAP_FORMAT, message=named[1])
    match = _FILE.fullmatch(parts[1])
    if len(parts) == 2 and match is not None:
        day, revision, feed_format = match.groups()
        try:
            as_of = None if day is None else date.fromisoformat(day)
        except ValueError:
            raise UnknownName(f"{day} is not a day.", ADDRESS_HINT) from None
        return FeedAddress(
            parts[0], feed_format, as_of, None if revision is None else int(revision)
        )
    raise UnknownName(f"{path} is not the address of a feed.", ADDRESS_HINT)


def write_address(
    region_set: str, feed_format: str, as_of: date | None = None, revision: int | None = None
) -> str:
    """Returns the path of a file, percent-encoded; the inverse of `parse_address`."""
    if feed_format == CAP_FORMAT and as_of is None:
        return f"{ROOT}/{quote(region_set, safe='')}/{_ALERTS}"
    stem = "latest" if as_of is None else as_of.isoformat()
    if as_of is not None and revision is not None:
        stem += f"-r{revision}"
    return f"{ROOT}/{quote(region_set, safe='')}/{stem}.{feed_format}"


def write_message_address(region_set: str, identifier: str) -> str:
    """Returns the path of a CAP message."""
    return f"{ROOT}/{quote(region_set, safe='')}/cap/{identifier}.xml"


def write_index_address(region_set: str) -> str:
    """Returns the path of the list of a set's publications."""
    return f"{ROOT}/{quote(region_set, safe='')}/"
