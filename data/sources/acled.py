"""ACLED: the export file, in the layout since 2023 and in the one before it.

Raleigh, Linke, Hegre & Karlsen (2010), "Introducing ACLED", Journal of Peace Research 47(5),
doi:10.1177/0022343310378914. Off by default: everybody uses an account of their own, and the
events may not be passed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pandas as pd

from data.errors import BadInput, MissingInput, UsageError
from data.events import Batch, conform_events, split_violence
from data.sources.acled_rows import AcledRows
from data.sources.archive import open_text_file
from data.sources.contract import SourceInfo
from data.sources.delimited import read_chunks

ACLED = SourceInfo(
    name="acled",
    title="ACLED",
    licence="ACLED terms of use: own account, no redistribution of events",
    attribution="ACLED (Armed Conflict Location & Event Data), acleddata.com",
    url="https://acleddata.com",
    redistributable=False,
    is_simulated=False,
    credentials=("acled_username", "acled_password"),
)


def read_acled(
    path: Path,
    *,
    known_at: date,
    covers_from: date,
    covers_to: date,
    countries: Iterable[str] | None = None,
) -> Batch:
    """Returns violence and strategic developments of an ACLED file, with the rows that are refused.

    An export holds what its maker chose, so the days it speaks for are asked for and not guessed;
    events outside of them or of other countries are left out.

    Args:
        path: CSV file, or a zip archive with one in it.
        known_at: Day on which the export was made.
        covers_from: First day that was asked for.
        covers_to: Last day that was asked for.
        countries: ISO alpha-3 codes that were asked for; by default those with an event.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no ACLED file, is cut off in its last row, or holds no violence: whoever
            exported strategic developments alone did not ask for the rest, which is not none.
        UsageError: The days that it shall speak for are impossible.
    """
    if covers_from > covers_to or covers_to > known_at:
        raise UsageError(
            f"{path.name}, known at {known_at}, cannot speak for {covers_from} to {covers_to}.",
            "Check --known-at, --covers-from and --covers-to.",
        )
    reader = AcledRows(known_at)
    try:
        with open_text_file(path) as (stream, _):
            for chunk in read_chunks(stream, path, lambda header: _begin(reader, path, header)):
                reader.take(chunk)
    except FileNotFoundError:
        raise MissingInput(f"There is no file {path}.", "Check the path.") from None
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    events = pd.concat(reader.accepted, ignore_index=True) if reader.accepted else None
    if events is None or split_violence(events)[0].empty:
        raise BadInput(
            f"{path.name} has no violent event that can be used "
            f"({len(reader.refusals)} rows refused, {reader.n_left_out} of other kinds).",
            "Export battles, explosions, violence against civilians and strategic developments.",
        )
    events = conform_events(events)
    spoken_for = sorted(set(events["country"]) if countries is None else set(countries))
    day = pd.to_datetime(events["date"], unit="D").dt.date
    is_inside = events["country"].isin(spoken_for) & (day >= covers_from) & (day <= covers_to)
    events = events[is_inside].reset_index(drop=True)
    return Batch(
        events=events,
        refusals=tuple(reader.refusals),
        n_rows=len(events) + len(reader.refusals),
        countries=tuple(spoken_for),
        covers_from=covers_from,
        covers_to=covers_to,
    )


def _begin(reader: AcledRows, path: Path, header: list[str]) -> None:
    missing = reader.begin(header)
    if missing:
        raise BadInput(
            f"{path.name} is no ACLED file: it has no column {', '.join(missing)}.",
            "Export it with all columns.",
        )
