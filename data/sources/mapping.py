"""A mapping file: how the columns of somebody's own table of events are to be read.

TOML with the tables `source` (who delivers, under which terms), `columns` (event column to the
table's column), `values` (event column to value, where the table has none), `event_types` (the
table's words to ours) and `format` (`date`, as `strptime` reads it).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import BadInput, MissingInput
from data.events import EVENT_COLUMNS, EVENT_TYPES
from data.sources.contract import SourceInfo

OPTIONAL: dict[str, str] = {
    "date_start": "date",
    "fatalities_low": "fatalities_best",
    "fatalities_high": "fatalities_best",
}
"""Columns that default to another."""

CONFIDENCE = "confidence"
"""What a table may say of each event besides: how sure its author is of it, 0 to 1."""

_MAY_LACK = frozenset(
    {"admin1", "admin2", "sub_type", "actor_a", "actor_b", "civilian_fatalities", "n_sources"}
)
_TABLES = frozenset({"source", "columns", "values", "event_types", "format"})
_TEXTS = ("name", "title", "licence", "attribution")


@dataclass(frozen=True)
class Mapping:
    """How to read a table of events.

    Attributes:
        source: Who delivers it.
        columns: Event column to the table's column.
        values: Event column to a value that holds for every row.
        event_types: The table's words, in small letters, to event types.
        date_format: As `strptime` reads it.
    """

    source: SourceInfo
    columns: dict[str, str]
    values: dict[str, str]
    event_types: dict[str, str]
    date_format: str


def read_mapping(path: Path) -> Mapping:
    """Returns a mapping file.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or leaves a column open that every event needs.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path.name} is no TOML: {problem}.") from None
    unknown = sorted(set(content) - _TABLES)
    if unknown:
        raise _bad(path, f"knows no table '{unknown[0]}'", f"Known: {', '.join(sorted(_TABLES))}.")
    columns, values = (_texts(path, content, name) for name in ("columns", "values"))
    for name in (*columns, *values):
        if name not in (*EVENT_COLUMNS, CONFIDENCE):
            known = ", ".join((*EVENT_COLUMNS, CONFIDENCE))
            raise _bad(path, f"no event has '{name}'", f"Known: {known}.")
    open_columns = set(EVENT_COLUMNS) - set(columns) - set(values) - set(OPTIONAL) - _MAY_LACK
    if open_columns or "event_id" in values:
        name = min(open_columns or {"event_id"})
        raise _bad(path, f"'{name}' is left open", "Name its column in [columns].")
    types = {key.lower(): kind for key, kind in _texts(path, content, "event_types").items()}
    for kind in types.values():
        if kind not in EVENT_TYPES:
            raise _bad(path, f"'{kind}' is no event type", f"Known: {', '.join(EVENT_TYPES)}.")
    form = _texts(path, content, "format").get("date", "%Y-%m-%d")
    return Mapping(_read_source(path, content.get("source")), columns, values, types, form)


def _read_source(path: Path, table: Any) -> SourceInfo:
    found = table if isinstance(table, dict) else {}
    for name in _TEXTS:
        if not isinstance(found.get(name), str) or not found[name]:
            raise _bad(path, f"[source] lacks '{name}'", f"It needs {', '.join(_TEXTS)}.")
    if re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", found["name"]) is None:
        raise _bad(path, f"'{found['name']}' cannot name a source", "Use small letters.")
    return SourceInfo(
        name=found["name"],
        title=found["title"],
        licence=found["licence"],
        attribution=found["attribution"],
        url=str(found.get("url", "")),
        # What nobody said may be passed on, may not.
        redistributable=found.get("redistributable") is True,
        is_simulated=found.get("is_simulated") is True,
    )


def _texts(path: Path, content: dict[str, Any], name: str) -> dict[str, str]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise _bad(path, f"'{name}' is no table", f"Write [{name}].")
    return {key: str(value) for key, value in table.items()}


def _bad(path: Path, found: str, hint: str) -> BadInput:
    return BadInput(f"{path.name}: {found}.", hint)
