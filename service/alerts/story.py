"""The story of an incident: what happened, who was told, and what people did, in one list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select

from service.alerts.cap_log import list_cap_messages
from service.alerts.care import list_care
from service.alerts.read import Incident, IncidentEvent
from service.tables import acknowledgements, notifications, outbox, publications

StoryKind = Literal["event", "told", "cap", "acknowledge", "assign", "note"]


@dataclass(frozen=True)
class StoryEntry:
    """One thing in the story of an incident.

    Attributes:
        at: When, UTC: of an event, when it was published.
        kind: `event`: the scores did it; `told`: a contact point was told; `cap`: a CAP message
            was issued; the others: what somebody did.
        who: Who did it, or who was told; empty for the service itself.
        text: What: the type of the event and its level, the reason for telling, the note.
        reference: Id of the event or message; empty for what people did.
    """

    at: datetime
    kind: StoryKind
    who: str
    text: str
    reference: str


def tell_story(connection: Connection, incident: Incident) -> tuple[StoryEntry, ...]:
    """Returns the story of an incident, the oldest first."""
    entries = [
        *_events(connection, incident),
        *_told(connection, incident.incident_id),
        *_issued(connection, incident.incident_id),
        *_acknowledged(connection, incident.incident_id),
        *(
            StoryEntry(item.at, item.kind, item.actor, item.text, "")
            for item in list_care(connection, incident.incident_id)
        ),
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at))


def _events(connection: Connection, incident: Incident) -> list[StoryEntry]:
    as_ofs = {event.as_of for event in incident.events}
    rows = connection.execute(
        select(publications.c.as_of, publications.c.revision, publications.c.published_at).where(
            publications.c.region_set == incident.region_set, publications.c.as_of.in_(as_ofs)
        )
    )
    published = {(row.as_of, row.revision): row.published_at for row in rows}
    return [
        StoryEntry(
            at=published[event.as_of, event.revision],
            kind="event",
            who="",
            text=_tell(event),
            reference=event.event_id,
        )
        for event in incident.events
    ]


def _told(connection: Connection, incident_id: str) -> list[StoryEntry]:
    query = (
        select(
            notifications.c.message_id,
            notifications.c.contact_point,
            notifications.c.reason,
            notifications.c.created_at,
            notifications.c.accepted_at,
            outbox.c.status,
        )
        .join_from(notifications, outbox)
        .where(notifications.c.incident_id == incident_id)
        .order_by(notifications.c.created_at, notifications.c.message_id)
    )
    return [
        StoryEntry(
            at=row.accepted_at or row.created_at,
            kind="told",
            who=row.contact_point,
            text=f"{row.reason}, {row.status}",
            reference=row.message_id,
        )
        for row in connection.execute(query)
    ]


def _issued(connection: Connection, incident_id: str) -> list[StoryEntry]:
    return [
        StoryEntry(item.sent_at, "cap", "", f"{item.type}, {item.reason}", item.identifier)
        for item in list_cap_messages(connection, incident_id)
    ]


def _acknowledged(connection: Connection, incident_id: str) -> list[StoryEntry]:
    query = (
        select(acknowledgements)
        .where(acknowledgements.c.incident_id == incident_id)
        .order_by(acknowledgements.c.acknowledgement_id)
    )
    entries = []
    for row in connection.execute(query):
        until = "" if row.until is None else f"until {row.until:%Y-%m-%d %H:%M} UTC"
        text = "; ".join(part for part in (until, row.note) if part)
        entries.append(StoryEntry(row.created_at, "acknowledge", row.actor, text, ""))
    return entries


def _tell(event: IncidentEvent) -> str:
    is_moved = event.level_from != event.level_to
    told = f"{event.type}: {event.level_from} → {event.level_to}" if is_moved else event.type
    return f"{told}. {event.note}" if event.note else told
