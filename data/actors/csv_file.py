"""The alias table as a CSV file, to read and to write."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from data.actors.table import ActorAlias, ActorTable
from data.calendar import parse_day
from data.errors import BadInput, MissingInput, UsageError

SHIPPED_FILE = Path(__file__).parent / "aliases.csv"
COLUMNS = ("alias", "actor", "group", "countries", "valid_from", "valid_to")


def read_alias_file(path: Path) -> ActorTable:
    """Returns the table of a CSV file; it is taken whole or refused whole.

    Args:
        path: UTF-8 with the columns `alias, actor, group, countries, valid_from, valid_to`:
            countries with spaces between them, days as 2021-12-31, empty for none.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no CSV, holds no alias, a column is missing or unknown, a day is none, or
            the aliases contradict each other.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8.", "Save it as CSV in UTF-8.") from None
    if "\0" in text:
        raise BadInput(f"{path} is not text: it holds NUL bytes.", "Give a CSV file.")
    reader = csv.DictReader(io.StringIO(text))
    try:
        return _read_rows(path, reader)
    except csv.Error as problem:
        raise BadInput(
            f"{path.name}, line {reader.line_num + 1}: {problem}.",
            "A quotation mark may be missing.",
        ) from None


def _read_rows(path: Path, reader: csv.DictReader[str]) -> ActorTable:
    found = reader.fieldnames or []
    if sorted(found) != sorted(COLUMNS):
        raise BadInput(
            f"{path} has the columns {', '.join(found) or 'none'}.",
            f"It needs exactly: {', '.join(COLUMNS)}.",
        )
    aliases = []
    for row in reader:
        where = f"{path.name}, line {reader.line_num}"
        if None in row or None in row.values():
            raise BadInput(f"{where} has not {len(COLUMNS)} fields.")
        plain = {name: value.strip() for name, value in row.items()}
        try:
            days = [parse_day(plain[name]) if plain[name] else None for name in COLUMNS[4:]]
        except UsageError as problem:
            raise BadInput(f"{where}: {problem.message}", "Write days as 2021-12-31.") from None
        aliases.append(
            ActorAlias(
                plain["alias"], plain["actor"], plain["group"], tuple(plain["countries"].split()),
                *days,
            )
        )  # fmt: skip
    if not aliases:
        raise BadInput(f"{path} holds no alias.", "`tocsin actors reset` takes one's own away.")
    return ActorTable(aliases)


def write_aliases(aliases: Iterable[ActorAlias]) -> str:
    """Returns aliases as the text of a CSV file that `read_alias_file` reads back."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in aliases:
        writer.writerow(
            [
                item.alias,
                item.actor,
                item.group,
                " ".join(item.countries),
                item.valid_from or "",
                item.valid_to or "",
            ]
        )
    return text.getvalue()


@lru_cache(maxsize=1)
def shipped_actors() -> ActorTable:
    """Returns the table that comes with Tocsin."""
    return read_alias_file(SHIPPED_FILE)
