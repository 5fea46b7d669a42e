"""Reading files of observations: columns by name, row by row, refusing what cannot be used."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from data.calendar import to_epoch_day
from data.errors import BadInput, MissingInput
from data.events import Refusal
from data.observation import OBSERVATION_COLUMNS, ObservationBatch
from data.regions.iso_countries import to_alpha3
from data.sources.archive import open_text_file
from data.sources.delimited import read_chunks

_MOST_REFUSED = 0.1
_LONGEST = {"observation_key": 160, "place": 64, "item": 160}
"""Columns of `data.tables.observations` hold so many characters."""


class Unusable(Exception):
    """A row that cannot be used.

    Args:
        reason: Stable code.
        message: One sentence with the value that was found.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


ReadRow = Callable[[dict[str, str]], list[dict[str, Any]]]
"""Returns the observations of a row, none if it is of another kind; raises `Unusable`."""


def read_observations(
    path: Path, title: str, columns: Sequence[str], read_row: ReadRow
) -> ObservationBatch:
    """Returns the observations of a CSV file.

    Args:
        path: CSV file, or a zip archive with one in it.
        title: Name of the source for messages.
        columns: Columns that it must have.
        read_row: Reads a row.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It has other columns, is cut off, holds nothing that can be used, or more than a
            tenth of its rows cannot be used.
    """
    return collect_observations(path.name, title, read_table(path, title, columns), read_row)


def read_table(
    path: Path, title: str, columns: Sequence[str], *, or_columns: Sequence[str] = ()
) -> list[tuple[int, dict[str, str]]]:
    """Returns the rows of a CSV file with their lines.

    Args:
        path: CSV file, or a zip archive with one in it.
        title: Name of the source for messages.
        columns: Columns that it must have.
        or_columns: Columns that it may have instead of them, if it has another layout.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It has other columns, or is cut off.
    """
    header: list[str] = []

    def begin(names: list[str]) -> None:
        header.extend(name.strip() for name in names)
        if or_columns and set(or_columns) <= set(header):
            return
        missing = [name for name in columns if name not in header]
        if missing:
            raise BadInput(
                f"{path.name} is no file of {title}: it has no column {', '.join(missing)}.",
                "Give the file as distributed.",
            )

    rows: list[tuple[int, dict[str, str]]] = []
    try:
        with open_text_file(path) as (stream, _):
            for chunk in read_chunks(stream, path, begin):
                rows += [
                    (line, dict(zip(header, fields, strict=False)))
                    for line, fields in chunk
                    # HDX files may repeat the header as HXL tags in the second line.
                    if not any(field.startswith("#") for field in fields[:1])
                ]
    except FileNotFoundError:
        raise MissingInput(f"There is no file {path}.", "Check the path.") from None
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    return rows


def collect_observations(
    name: str, title: str, rows: Sequence[tuple[int, dict[str, str]]], read_row: ReadRow
) -> ObservationBatch:
    """Returns the observations of rows with their lines; see `read_observations`."""
    found: dict[str, dict[str, Any]] = {}
    refusals: list[Refusal] = []
    for line, row in rows:
        try:
            read = read_row(row)
            for item in read:
                _check(item)
            if any(item["observation_key"] in found for item in read):
                raise Unusable("duplicate_id", f"{read[0]['observation_key']} stands there twice.")
        except KeyError as missing:
            refusals.append(Refusal(line, None, "wrong_column_count", f"No {missing}.", row))
        except Unusable as bad:
            refusals.append(Refusal(line, None, bad.reason, bad.message, row))
        else:
            found.update((item["observation_key"], item) for item in read)
    if not found:
        raise BadInput(f"{name} holds no observation of {title} that can be used.")
    if len(refusals) > _MOST_REFUSED * len(rows):
        first = refusals[0]
        raise BadInput(
            f"{len(refusals)} of {len(rows)} rows of {name} cannot be used; the first: line "
            f"{first.line}: {first.message}"
        )
    rows_found = [{"item": "", **item} for item in found.values()]
    table = pd.DataFrame(rows_found, columns=list(OBSERVATION_COLUMNS))
    return ObservationBatch(table.astype(OBSERVATION_COLUMNS), tuple(refusals), len(rows))


def _check(item: Mapping[str, Any]) -> None:
    if not item["observation_key"]:
        raise Unusable("no_identifier", "It has no identifier.")
    if to_alpha3(item["country"]) != item["country"]:
        raise Unusable("unknown_country", f"'{item['country']}' is no ISO code.")
    for name, longest in _LONGEST.items():
        if len(item.get(name, "")) > longest:
            raise Unusable("too_long", f"'{item[name][:longest]}…' is over {longest} characters.")


def to_day(text: str) -> int:
    """Returns the day of an ISO day or moment, days since 1970-01-01.

    Raises:
        Unusable: It is none.
    """
    try:
        return to_epoch_day(date.fromisoformat(text.strip()[:10]))
    except ValueError:
        raise Unusable("impossible_date", f"'{text}' is no day.") from None


def to_value(text: str) -> float | None:
    """Returns a number; None if the text is empty: what is missing is not zero.

    Raises:
        Unusable: It is no number, or not finite.
    """
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        raise Unusable("bad_number", f"'{text}' is no number.") from None
    if not math.isfinite(value):
        raise Unusable("bad_number", f"'{text}' is no number.")
    return value


def country_of_pcode(pcode: str) -> str:
    """Returns the ISO alpha-3 code of the country of a P-code, which begins with its alpha-2 code.

    Raises:
        Unusable: It does not.
    """
    country = to_alpha3(pcode[:2])
    if country is None:
        raise Unusable("unknown_country", f"'{pcode}' begins with no country.")
    return country
