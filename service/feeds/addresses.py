"""Addresses of feeds: from a path to what is asked for, and back.

/feeds/                              the region sets
/feeds/{set}/                        the publications of a set
/feeds/{set}/latest.{format}         the newest publication
/feeds/{set}/{as_of}.{format}        that of an as-of, its newest revision
/feeds/{set}/{as_of}-r{n}.{format}   one revision of it, which never changes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from data.errors import UnknownName

ROOT = "/feeds"
ADDRESS_HINT = (
    "Addresses are /feeds/{set}/latest.{format} and /feeds/{set}/{as_of}.{format}, the as-of "
    "as 2022-01-15; /feeds/ lists the sets, /feeds/{set}/ the publications."
)

_FILE = re.compile(r"(?:latest|(\d{4}-\d{2}-\d{2})(?:-r([1-9]\d{0,8}))?)\.([a-z0-9.]+)", re.ASCII)


@dataclass(frozen=True)
class FeedAddress:
    """What a path under `/feeds` asks for.

    Attributes:
        region_set: Name of the set; None asks for the list of sets.
        format: Format of a file; None asks for the list of publications.
        as_of: Knowledge limit; None is the latest.
        revision: Revision of that as-of; None is the newest.
    """

    region_set: str | None = None
    format: str | None = None
    as_of: date | None = None
    revision: int | None = None


def parse_address(path: str) -> FeedAddress:
    """Returns what a decoded path asks for.

    Raises:
        UnknownName: The path is no address of a feed.
    """
    parts = path.removeprefix(ROOT).strip("/").split("/")
    if parts == [""]:
        return FeedAddress()
    if len(parts) == 1:
        return FeedAddress(parts[0])
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
    stem = "latest" if as_of is None else as_of.isoformat()
    if as_of is not None and revision is not None:
        stem += f"-r{revision}"
    return f"{ROOT}/{quote(region_set, safe='')}/{stem}.{feed_format}"


def write_index_address(region_set: str) -> str:
    """Returns the path of the list of a set's publications."""
    return f"{ROOT}/{quote(region_set, safe='')}/"
