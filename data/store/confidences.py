"""How sure who reports an event is of it: kept beside the events, as it became known.

Only reports of people carry a confidence. It is no part of the event, so that a source without one
is not made to have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from data.calendar import end_of_day
from data.errors import Conflict, StateError
from data.tables import event_confidences


def append_confidences(
    connection: Connection,
    confidences: Mapping[str, float],
    *,
    source: str,
    delivery_id: int,
    known_at: datetime,
) -> None:
    """Stores the confidence of events where it is new or differs from what was known.

    Args:
        connection: Inside the write transaction of the delivery.
        confidences: Event identifier to confidence, 0 (a rumour) to 1 (no doubt).
        source: Name of the source.
        delivery_id: The delivery that they came with.
        known_at: When it became known, aware; whole seconds count.

    Raises:
        StateError: A confidence is not between 0 and 1.
        Conflict: Another confidence of an event is stored as known at that very moment or later.
    """
    moment = known_at.replace(microsecond=0)
    if not all(0 <= value <= 1 for value in confidences.values()):
        raise StateError("A confidence lies outside 0 to 1.")
    before = confidences_known_at(connection, source, moment)
    fresh = [
        {
            "source": source,
            "event_id": event_id,
            "known_at": moment,
            "delivery_id": delivery_id,
            "confidence": value,
        }
        for event_id, value in confidences.items()
        if before.get(event_id) != value
    ]
    if fresh:
        _refuse_same_moment(connection, source, moment, {str(row["event_id"]) for row in fresh})
        connection.execute(insert(event_confidences), fresh)


def _refuse_same_moment(
    connection: Connection, source: str, moment: datetime, event_ids: set[str]
) -> None:
    t = event_confidences.c
    later = connection.scalars(
        select(t.event_id).where(t.source == source, t.known_at >= moment)
    ).all()
    for event_id in event_ids.intersection(later):
        raise Conflict(
            f"The confidence of event {event_id} is stored already as known at {moment}.",
            "Report a correction later than what it corrects.",
        )


def confidences_as_known(connection: Connection, source: str, as_of: date) -> dict[str, float]:
    """Returns event identifier to confidence, as known at the end of a day (UTC)."""
    return confidences_known_at(connection, source, end_of_day(as_of))


def confidences_known_at(connection: Connection, source: str, moment: datetime) -> dict[str, float]:
    """Returns the newest word on each confidence with `known_at <= moment`."""
    t = event_confidences.c
    newest = (
        select(t.event_id, func.max(t.known_at).label("known_at"))
        .where(t.source == source, t.known_at <= moment)
        .group_by(t.event_id)
        .subquery()
    )
    rows = connection.execute(
        select(t.event_id, t.confidence).join_from(
            newest,
            event_confidences,
            (t.source == source)
            & (t.event_id == newest.c.event_id)
            & (t.known_at == newest.c.known_at),
        )
    )
    return {row.event_id: row.confidence for row in rows}
