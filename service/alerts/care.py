"""Who looks after an incident, and what people wrote about it.

An assignment changes nothing of who is told; it says who is on it. Notes and assignments are only
ever added.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, insert, select

from data.errors import UsageError
from service.alerts.audit import record_action
from service.alerts.hush import find_incident
from service.tables import incident_notes

CareKind = Literal["note", "assign"]
LONGEST_NOTE = 2_000
"""Characters."""


@dataclass(frozen=True)
class CareEntry:
    """A note about an incident, or its assignment.

    Attributes:
        kind: `note` or `assign`.
        actor: Who wrote it.
        text: The note, or who looks after the incident from then on.
        at: When, UTC.
    """

    kind: CareKind
    actor: str
    text: str
    at: datetime


def assign(
    connection: Connection, incident_id: str, *, actor: str, assignee: str, now: datetime
) -> str:
    """Says who looks after an incident, open or past, and returns its whole id.

    Args:
        connection: A write transaction.
        incident_id: The incident, or the beginning of its id.
        actor: Who says so.
        assignee: Who looks after it.
        now: The present moment.

    Raises:
        UnknownName: No incident has an id that begins so.
        Conflict: Several begin so.
        UsageError: Nobody is named, or a name is longer than 64 characters.
    """
    if not assignee.strip() or len(assignee) > 64:
        raise UsageError(f"'{assignee}' names nobody.", "Name who looks after it.")
    return _add(connection, incident_id, "assign", actor, assignee.strip(), now)


def add_note(
    connection: Connection, incident_id: str, *, actor: str, text: str, now: datetime
) -> str:
    """Writes a note about an incident, open or past, and returns its whole id.

    Args:
        connection: A write transaction.
        incident_id: The incident, or the beginning of its id.
        actor: Who writes it.
        text: The note.
        now: The present moment.

    Raises:
        UnknownName: No incident has an id that begins so.
        Conflict: Several begin so.
        UsageError: Nobody is named, or the note is empty or longer than 2,000 characters.
    """
    if not text.strip() or len(text) > LONGEST_NOTE:
        raise UsageError(f"A note has 1 to {LONGEST_NOTE} characters.", "Write something, shorter.")
    return _add(connection, incident_id, "note", actor, text.strip(), now)


def list_care(connection: Connection, incident_id: str) -> tuple[CareEntry, ...]:
    """Returns the notes and assignments of an incident, the oldest first."""
    query = (
        select(incident_notes)
        .where(incident_notes.c.incident_id == incident_id)
        .order_by(incident_notes.c.note_id)
    )
    return tuple(
        CareEntry(row.kind, row.actor, row.text, row.created_at)
        for row in connection.execute(query)
    )


def assignee_of(connection: Connection, incident_id: str) -> str | None:
    """Returns who looks after an incident; None if nobody was named."""
    query = (
        select(incident_notes.c.text)
        .where(incident_notes.c.incident_id == incident_id, incident_notes.c.kind == "assign")
        .order_by(incident_notes.c.note_id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def _add(
    connection: Connection, beginning: str, kind: CareKind, actor: str, text: str, now: datetime
) -> str:
    incident_id = find_incident(connection, beginning)
    connection.execute(
        insert(incident_notes).values(
            incident_id=incident_id, kind=kind, actor=actor, text=text, created_at=now
        )
    )
    record_action(
        connection, actor=actor, action=kind, subject=incident_id, detail={"text": text}, now=now
    )
    return incident_id
