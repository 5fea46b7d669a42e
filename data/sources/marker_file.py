"""Markers from a table: one structural event a row, as an analyst keeps them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from data.errors import BadInput
from data.marker import MARKER_COLUMNS, MARKER_KINDS, Marker
from data.regions.iso_countries import to_alpha3
from data.sources.observed import read_table

_MAY_LACK = frozenset({"place", "date_end"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def read_markers(path: Path) -> list[Marker]:
    """Returns the markers of a CSV file with the columns `data.marker.MARKER_COLUMNS`.

    A table of markers is short and made by hand: one bad row and nothing of it is taken in.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It has other columns, or a row is no marker; names the line.
    """
    needed = [name for name in MARKER_COLUMNS if name not in _MAY_LACK]
    found: dict[str, Marker] = {}
    for line, row in read_table(path, "markers", needed):
        try:
            marker = make_marker(row)
        except BadInput as bad:
            raise BadInput(f"{path.name}, line {line}: {bad.message}", bad.hint) from None
        if marker.marker_id in found:
            raise BadInput(f"{path.name}, line {line}: '{marker.marker_id}' stands there twice.")
        found[marker.marker_id] = marker
    if not found:
        raise BadInput(f"{path.name} holds no marker.", "Give one in a row.")
    return list(found.values())


def make_marker(values: Mapping[str, str]) -> Marker:
    """Returns the marker of texts, by column.

    Raises:
        BadInput: They make none.
    """
    read = {name: values.get(name, "").strip() for name in MARKER_COLUMNS}
    if _NAME.fullmatch(read["marker_id"]) is None:
        raise BadInput(
            f"'{read['marker_id']}' cannot name a marker.",
            "Use small letters, digits, - and _, at most 64.",
        )
    if read["kind"] not in MARKER_KINDS:
        raise BadInput(f"'{read['kind']}' is no kind.", f"Known: {', '.join(MARKER_KINDS)}.")
    country = to_alpha3(read["country"])
    if country is None:
        raise BadInput(f"'{read['country']}' is no country.", "Write an ISO code: MLI.")
    for name in ("title", "reference", "author"):
        if not read[name]:
            raise BadInput(
                f"A marker needs its {name}.", "Say what, by which source, and who says."
            )
    if len(read["author"]) > 64 or len(read["place"]) > 64:
        raise BadInput("Author and place have at most 64 characters.")
    start = _to_day(read["date_start"])
    end = _to_day(read["date_end"]) if read["date_end"] else None
    if end is not None and end < start:
        raise BadInput(f"It ends on {end}, before it begins on {start}.")
    return Marker(
        marker_id=read["marker_id"],
        kind=read["kind"],
        country=country,
        place=read["place"],
        date_start=start,
        date_end=end,
        title=read["title"],
        reference=read["reference"],
        author=read["author"],
    )


def _to_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"'{text}' is no day.", "Write it as 2023-08-08.") from None
