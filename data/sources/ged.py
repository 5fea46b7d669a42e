"""UCDP GED: the file as distributed, yearly release or monthly Candidate.

Sundberg & Melander (2013), "Introducing the UCDP Georeferenced Event Dataset", Journal of Peace
Research 50(4), doi:10.1177/0022343313484347. Columns are found by name, so that releases with 47
and 49 columns, and with `conflict_id` or `conflict_new_id`, read alike.

Does not own what a row means (`data.sources.ged_rows`).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pandas as pd

from data.calendar import from_epoch_day, last_complete_period, period_end
from data.errors import BadInput, MissingInput, UsageError
from data.events import Batch, Refusal, join_events
from data.sources.archive import open_text_file
from data.sources.contract import SourceInfo
from data.sources.delimited import read_chunks
from data.sources.ged_rows import FIRST_DAY, GedRows, missing_columns

GED = SourceInfo(
    name="ged",
    title="UCDP Georeferenced Event Dataset",
    licence="CC-BY-4.0",
    attribution=(
        "UCDP Georeferenced Event Dataset, Uppsala Conflict Data Program "
        "(Sundberg & Melander 2013), CC BY 4.0"
    ),
    url="https://ucdp.uu.se/downloads/",
    redistributable=True,
    is_simulated=False,
)


def read_ged(
    path: Path,
    *,
    known_at: date,
    covers_from: date | None = None,
    covers_to: date | None = None,
    countries: Iterable[str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Batch:
    """Returns the events of a GED file, with the rows that are refused.

    What the file speaks for is inferred with care, because where it speaks a month without events
    is a month without violence, and an event that it no longer holds is deleted:

    - the countries that have at least one accepted event in it;
    - from the first day of the month in which its earliest event ends, or from 1989-01-01 if that
      is in 1989, when GED begins;
    - to the last day of the month in which its latest event begins (a Candidate file also holds
      events that end in the next month, for which it does not speak), but not beyond the last
      month that was complete when the file became known.

    Args:
        path: CSV file, UTF-8, with or without byte order mark, or a zip archive with one in it.
        known_at: Day on which the release became known.
        covers_from: First day that the file speaks for, if known better.
        covers_to: Last day that it speaks for, if known better.
        countries: ISO alpha-3 codes that it shall speak for, with or without events in it; events
            of other countries are left out.
        on_progress: Called with bytes read and bytes in all.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no GED file, is cut off in its last row, or holds no row that can be used.
        UsageError: The days that it shall speak for are impossible.
    """
    reader = GedRows(known_at)
    try:
        with open_text_file(path) as (stream, total):
            for chunk in read_chunks(stream, path, lambda header: _begin(reader, path, header)):
                reader.take(chunk)
                if on_progress is not None:
                    on_progress(stream.tell(), total)
    except FileNotFoundError:
        raise MissingInput(f"There is no file {path}.", "Check the path.") from None
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    if not reader.accepted:
        raise BadInput(_nothing_usable(path, reader.refusals), "Check the file and --known-at.")
    events = join_events(reader.accepted)
    if on_progress is not None:
        on_progress(total, total)
    first, last = _infer_days(events, known_at)
    first, last = covers_from or first, covers_to or last
    if first > last or last > known_at:
        raise UsageError(
            f"{path.name}, known at {known_at}, cannot speak for {first} to {last}.",
            "Check --known-at, or give --covers-from and --covers-to.",
        )
    if countries is not None:
        countries = sorted(set(countries))
        events = events[events["country"].isin(countries)].reset_index(drop=True)
    refusals = tuple(sorted(reader.refusals, key=lambda refusal: refusal.line))
    return Batch(
        events=events,
        refusals=refusals,
        n_rows=len(events) + len(refusals),
        countries=tuple(sorted(events["country"].unique()) if countries is None else countries),
        covers_from=first,
        covers_to=last,
    )


def _begin(reader: GedRows, path: Path, header: list[str]) -> None:
    missing = missing_columns(header)
    if missing:
        raise BadInput(
            f"{path.name} is no GED file: it has no column {', '.join(missing)}.",
            "Give a UCDP GED CSV file as distributed.",
        )
    reader.begin(header)


def _nothing_usable(path: Path, refusals: list[Refusal]) -> str:
    if not refusals:
        return f"{path.name} has a header but no rows."
    first = min(refusals, key=lambda refusal: refusal.line)
    return (
        f"{path.name} has no row that can be used; "
        f"the first: line {first.line}, {first.reason}: {first.message}"
    )


def _infer_days(events: pd.DataFrame, known_at: date) -> tuple[date, date]:
    earliest = from_epoch_day(int(events["date"].min()))
    first = FIRST_DAY if earliest.year == FIRST_DAY.year else earliest.replace(day=1)
    latest = from_epoch_day(int(events["date_start"].max()))
    last = latest.replace(day=monthrange(latest.year, latest.month)[1])
    return first, min(last, period_end(last_complete_period(known_at, "month"), "month"))
