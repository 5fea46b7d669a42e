"""Markers: entered by hand, corrected by entering again, read as they were known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, insert, select

from data.calendar import end_of_day, to_epoch_day
from data.database import take_turn
from data.errors import Conflict, UnknownName
from data.marker import KNOWN_MARKER_COLUMNS, MARKER_COLUMNS, Marker
from data.tables import markers


def append_markers(
    connection: Connection, given: Sequence[Marker], *, known_at: datetime, entered_at: datetime
) -> int:
    """Stores markers that are new or differ from what was known, and returns how many that were.

    Args:
        connection: Inside a write transaction.
        given: The markers; no name twice.
        known_at: From when on they are known, aware; whole seconds count.
        entered_at: Now, aware.

    Raises:
        Conflict: A marker is stored as known at that moment or later, and says otherwise.
    """
    take_turn(connection, "append markers")
    moment = known_at.replace(microsecond=0)
    before = {row.marker_id: row for row in _read_known(connection, moment)}
    fresh = []
    for marker in given:
        row = before.get(marker.marker_id)
        values = {name: getattr(marker, name) for name in MARKER_COLUMNS}
        if (
            row is not None
            and not row.deleted
            and all(getattr(row, name) == value for name, value in values.items())
        ):
            continue
        _refuse_too_old(connection, marker.marker_id, moment)
        fresh.append({**values, "known_at": moment, "entered_at": entered_at, "deleted": False})
    if fresh:
        connection.execute(insert(markers), fresh)
    return len(fresh)


def withdraw_marker(
    connection: Connection, marker_id: str, *, author: str, known_at: datetime, entered_at: datetime
) -> None:
    """Marks a marker as withdrawn from a moment on; before it, it stays known.

    Raises:
        UnknownName: No such marker is known then.
        Conflict: It is stored as known at that moment or later.
    """
    take_turn(connection, "append markers")
    moment = known_at.replace(microsecond=0)
    known = {row.marker_id: row for row in _read_known(connection, moment) if not row.deleted}
    if marker_id not in known:
        raise UnknownName(f"There is no marker '{marker_id}'.", "See `tocsin markers list`.")
    _refuse_too_old(connection, marker_id, moment)
    values = {name: getattr(known[marker_id], name) for name in MARKER_COLUMNS}
    connection.execute(
        insert(markers).values(
            **{**values, "author": author},
            known_at=moment,
            entered_at=entered_at,
            deleted=True,
        )
    )


def markers_as_known(connection: Connection, as_of: date) -> pd.DataFrame:
    """Returns the markers that were known at the end of a day (UTC).

    Returns:
        Columns and dtypes `data.marker.KNOWN_MARKER_COLUMNS`, ordered by first day and name; `<NA>`
        in `date_end` where the end was not known.
    """
    first_known = {
        (row.marker_id, row.date_start): row.known_at
        for row in connection.execute(
            select(
                markers.c.marker_id,
                markers.c.date_start,
                func.min(markers.c.known_at).label("known_at"),
            ).group_by(markers.c.marker_id, markers.c.date_start)
        )
    }
    rows: list[dict[str, Any]] = []
    for row in _read_known(connection, end_of_day(as_of)):
        if not row.deleted:
            values = {name: getattr(row, name) for name in MARKER_COLUMNS}
            known_at = first_known[row.marker_id, row.date_start]
            values["date_known"] = to_epoch_day(known_at.date())
            values["date_start"] = to_epoch_day(row.date_start)
            values["date_end"] = pd.NA if row.date_end is None else to_epoch_day(row.date_end)
            rows.append(values)
    found = pd.DataFrame(rows, columns=list(KNOWN_MARKER_COLUMNS)).astype(KNOWN_MARKER_COLUMNS)
    return found.sort_values(["date_start", "marker_id"], kind="stable", ignore_index=True)


def _read_known(connection: Connection, moment: datetime) -> Sequence[Any]:
    newest = (
        select(markers.c.marker_id, func.max(markers.c.known_at).label("known_at"))
        .where(markers.c.known_at <= moment)
        .group_by(markers.c.marker_id)
        .subquery()
    )
    return connection.execute(
        select(markers).join_from(
            newest,
            markers,
            (markers.c.marker_id == newest.c.marker_id) & (markers.c.known_at == newest.c.known_at),
        )
    ).all()


def _refuse_too_old(connection: Connection, marker_id: str, moment: datetime) -> None:
    newest = connection.scalar(
        select(func.max(markers.c.known_at)).where(markers.c.marker_id == marker_id)
    )
    if newest is not None and newest >= moment:
        raise Conflict(
            f"The marker '{marker_id}' is stored as known on {newest.date()} and says otherwise.",
            "A correction becomes known later than what it corrects.",
        )
