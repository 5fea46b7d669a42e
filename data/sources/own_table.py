"""Events from somebody's own table, such as reports of analysts, read by a mapping file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data.calendar import to_epoch_day
from data.errors import BadInput, MissingInput, UsageError
from data.events import EVENT_COLUMNS, EVENT_TYPES, Batch, Refusal, conform_events, find_refusals
from data.regions.iso_countries import to_alpha3
from data.sources.archive import open_text_file
from data.sources.country_names import country_of_name
from data.sources.delimited import RawRow, read_chunks
from data.sources.mapping import CONFIDENCE, OPTIONAL, Mapping

FIRST_DAY = date(1946, 1, 1)
"""An earlier day is a slip of the pen."""


def read_own_table(
    path: Path,
    mapping: Mapping,
    *,
    known_at: date,
    covers_from: date,
    covers_to: date,
    countries: Iterable[str],
) -> Batch:
    """Returns the events of a table, with the rows that are refused.

    Args:
        path: CSV file, UTF-8, or a zip archive with one in it.
        mapping: How to read it.
        known_at: Day on which it became known.
        covers_from: First day that it speaks for.
        covers_to: Last day that it speaks for.
        countries: ISO alpha-3 codes that it speaks for; events of others, or of other days, are
            left out.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It has not the columns of the mapping, is cut off, or holds no row that can be
            used.
        UsageError: The days that it shall speak for are impossible.
    """
    if covers_from > covers_to or covers_to > known_at:
        raise UsageError(
            f"{path.name}, known at {known_at}, cannot speak for {covers_from} to {covers_to}.",
            "Check --known-at, --covers-from and --covers-to.",
        )
    header: list[str] = []

    def begin(names: list[str]) -> None:
        header.extend(name.strip() for name in names)
        missing = sorted(set(mapping.columns.values()) - set(header))
        if missing:
            raise BadInput(
                f"{path.name} has no column {', '.join(missing)}.",
                f"It has {', '.join(header)}: correct the mapping.",
            )

    rows: list[RawRow] = []
    try:
        with open_text_file(path) as (stream, _):
            for chunk in read_chunks(stream, path, begin):
                rows += chunk
    except FileNotFoundError:
        raise MissingInput(f"There is no file {path}.", "Check the path.") from None
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    events, refusals, said = _read_rows(rows, header, mapping, known_at)
    if events.empty:
        first = refusals[0].message if refusals else "it has a header but no rows."
        raise BadInput(f"{path.name} has no row that can be used: {first}", "Check the mapping.")
    spoken_for = sorted(set(countries))
    is_inside = (
        events["country"].isin(spoken_for)
        & (events["date"] >= to_epoch_day(covers_from))
        & (events["date"] <= to_epoch_day(covers_to))
    )
    events = events[is_inside].reset_index(drop=True)
    return Batch(
        events=events,
        refusals=tuple(refusals),
        n_rows=len(events) + len(refusals),
        countries=tuple(spoken_for),
        covers_from=covers_from,
        covers_to=covers_to,
        confidences={key: said[key] for key in events["event_id"] if key in said},
    )


def _read_rows(
    rows: Sequence[RawRow], header: list[str], mapping: Mapping, known_at: date
) -> tuple[pd.DataFrame, list[Refusal], dict[str, float]]:
    whole = [(line, fields) for line, fields in rows if len(fields) == len(header)]
    refusals = [
        Refusal(
            line,
            None,
            "wrong_column_count",
            f"The row has {len(fields)} columns, the header {len(header)}.",
            dict(zip(header, fields, strict=False)),
        )
        for line, fields in rows
        if len(fields) != len(header)
    ]
    raws = [dict(zip(header, fields, strict=True)) for _, fields in whole]
    candidates = pd.DataFrame([_read(raw, mapping) for raw in raws], columns=list(EVENT_COLUMNS))
    codes = find_refusals(candidates, first_day=FIRST_DAY, known_at=known_at)
    seen: set[str] = set()
    confidences: dict[str, float] = {}
    for index, identifier in enumerate(candidates["event_id"].tolist()):
        said = _read_confidence(raws[index], mapping)
        if codes[index] == "" and identifier in seen:
            codes[index] = "duplicate_id"
        if codes[index] == "" and said is not None and not 0 <= said <= 1:
            codes[index] = "bad_confidence"
        if codes[index] == "":
            seen.add(identifier)
            if said is not None:
                confidences[identifier] = said
            continue
        raw, code = raws[index], str(codes[index])
        told = {name: raw[column] for name, column in mapping.columns.items()}
        message = f"{code.replace('_', ' ')}: {told}."
        refusals.append(Refusal(whole[index][0], identifier or None, code, message, raw))
    refusals.sort(key=lambda refusal: refusal.line)
    return conform_events(candidates[codes == ""]), refusals, confidences


def _read_confidence(raw: dict[str, str], mapping: Mapping) -> float | None:
    """Returns what a row says of it; None if it says nothing, -1 if that is no number."""
    column = mapping.columns.get(CONFIDENCE)
    text = (raw[column] if column else mapping.values.get(CONFIDENCE, "")).strip()
    return _to_number(text, is_optional=True) if text else None


def _read(raw: dict[str, str], mapping: Mapping) -> dict[str, object]:
    texts = {**mapping.values, **{name: raw[col] for name, col in mapping.columns.items()}}
    for name, other in OPTIONAL.items():
        texts.setdefault(name, texts[other])
    read: dict[str, object] = {}
    for name, dtype in EVENT_COLUMNS.items():
        text = texts.get(name, "").strip()
        if name in ("date", "date_start"):
            read[name] = _to_day(text, mapping.date_format)
        elif name == "country":
            read[name] = to_alpha3(text) or country_of_name(text)
        elif name == "event_type":
            read[name] = mapping.event_types.get(text.lower(), text)
        elif dtype == "str":
            read[name] = text
        else:
            read[name] = _to_number(text, is_optional=dtype == "Int64")
    if read["event_type"] not in EVENT_TYPES:
        read["event_type"] = ""
    return read


def _to_day(text: str, form: str) -> float:
    try:
        return float(to_epoch_day(datetime.strptime(text, form).date()))  # noqa: DTZ007
    except ValueError:
        return np.nan


def _to_number(text: str, *, is_optional: bool) -> float:
    if not text:
        return np.nan
    try:
        number = float(text)
    except ValueError:
        number = np.inf
    # An optional number that cannot be read is not the same as one that is not said.
    return number if np.isfinite(number) else (-1.0 if is_optional else np.nan)
