"""What ACLED edited and deleted since the last delivery, made into a full statement.

ACLED tells what it touched, not what stayed. Laid over what was known, that is again all that ACLED
holds of its countries and days: one more delivery, examined and stored like any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pandas as pd

from data.calendar import to_epoch_day
from data.errors import BadInput, MissingInput
from data.events import Batch, conform_events
from data.sources.acled_api import AcledChanges
from data.sources.acled_rows import AcledRows
from data.sources.saving import save_json


def save_changes(changes: AcledChanges, target: Path) -> None:
    """Stores changes in a file, which appears only when it is whole."""
    save_json({"changed": list(changes.rows), "deleted": list(changes.deleted)}, target)


def read_acled_changes(
    path: Path,
    known: pd.DataFrame,
    *,
    known_at: date,
    covers_from: date,
    covers_to: date,
    countries: Iterable[str],
) -> Batch:
    """Returns all events of countries and days, from what was known and what changed.

    An event that became another kind (a protest, say), moved out of the countries and days, or was
    deleted is no longer there. One whose edit cannot be read stays as it was known.

    Args:
        path: File of `save_changes`.
        known: Events known before, columns `data.events.EVENT_COLUMNS`.
        known_at: Day of the fetch.
        covers_from: First day that is spoken for.
        covers_to: Last day that is spoken for.
        countries: ISO alpha-3 codes that are spoken for.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or its rows lack a column.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows, deleted = list(content["changed"]), set(content["deleted"])
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(f"{path.name} holds no changes of ACLED.", "Fetch them again.") from None
    reader = AcledRows(known_at)
    if rows:
        header = list(rows[0])
        missing = reader.begin(header)
        if missing or any(list(row) != header for row in rows):
            raise BadInput(
                f"{path.name}: rows have no column {', '.join(missing) or 'like the first'}.",
                "Fetch them again.",
            )
        reader.take(
            [
                (line, ["" if value is None else str(value) for value in row.values()])
                for line, row in enumerate(rows, start=1)
            ]
        )
    touched = deleted | {str(row["event_id_cnty"]).strip() for row in rows}
    events = conform_events(
        pd.concat([known[~known["event_id"].isin(touched)], *reader.accepted], ignore_index=True)
    )
    spoken_for = sorted(set(countries))
    is_inside = (
        events["country"].isin(spoken_for)
        & (events["date"] >= to_epoch_day(covers_from))
        & (events["date"] <= to_epoch_day(covers_to))
    )
    events = events[is_inside].reset_index(drop=True)
    return Batch(
        events=events,
        refusals=tuple(reader.refusals),
        n_rows=len(events) + len(reader.refusals),
        countries=tuple(spoken_for),
        covers_from=covers_from,
        covers_to=covers_to,
    )
