"""Where in a TOML file something stands: a line for each field, so that a refusal can name it.

The TOML reader of the standard library tells no lines for what it has read. This is a reading of
headers and keys alone; what is written inline (`selector = {…}`) has the line of its key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Place = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*\[{1,2}\s*([\w-]+)((?:\s*\.\s*[\w-]+)*)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")


def find_lines(text: str, name: str) -> list[dict[Place, int]]:
    """Returns the line (from 1) of each place that was found, for each `[[name]]` in order.

    Args:
        text: The file.
        name: Name of the tables, e.g. `rules`; a single `[name]` counts as one.
    """
    found: list[dict[Place, int]] = []
    table: Place = ()
    is_inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            is_inside = header[1] == name
            if not is_inside:
                continue
            names = tuple(part.strip() for part in header[2].split(".")[1:])
            if not names:
                found.append({})
            table = _enter(found, names, is_list="[[" in line)
            if found:
                found[-1].setdefault(table, number)
        elif is_inside and found and (key := _KEY.match(line)):
            found[-1].setdefault((*table, key[1]), number)
    return found


def line_of(places: dict[Place, int], place: Sequence[str | int]) -> int | None:
    """Returns the line of a place, or of the nearest thing around it that has a line."""
    wanted = tuple(place)
    while wanted not in places:
        if not wanted:
            return None
        wanted = wanted[:-1]
    return places[wanted]


def _enter(found: list[dict[Place, int]], names: Place, *, is_list: bool) -> Place:
    if not found or not names or not is_list:
        return names
    number = 0
    while (*names, number) in found[-1]:
        number += 1
    return (*names, number)
