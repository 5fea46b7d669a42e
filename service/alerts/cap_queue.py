"""CAP messages on their way to folders: queued with the publication, read when they are written.

A CAP folder holds what the CAP feed lists: every message, renewals too. So it takes no route, and
neither silence nor acknowledgement holds anything back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from data.database import Database
from data.errors import StateError
from service.alerts.contact_store import load_book
from service.alerts.identity import message_id
from service.alerts.outbox import Envelope, enqueue
from service.channels.cap_folder import ReadCap
from service.channels.contacts import ContactPoint
from service.publications.publication import Publication
from service.settings import Settings
from service.tables import cap_messages

_CHUNK = 500


def queue_cap(
    connection: Connection,
    publication: Publication,
    identifiers: Sequence[str],
    *,
    settings: Settings,
    now: datetime,
) -> tuple[str, ...]:
    """Queues CAP messages for every CAP folder and returns the ids of what was queued.

    Args:
        connection: The write transaction in which they were issued.
        publication: What they follow from, as stored.
        identifiers: Those that were issued just now; none queues nothing.
        settings: For the contact points.
        now: The present moment.

    Raises:
        StateError: The publication is not stored.
    """
    if publication.publication_id is None:
        raise StateError("Only a stored publication can be told in CAP.")
    if not identifiers:
        return ()
    queued = []
    for contact in load_book(connection, settings).book.contacts:
        if contact.is_told_of_alerts:
            continue
        # A publication that is evaluated again may issue more: those make a message of their own.
        group = f"cap/{identifiers[0]}"
        envelope = Envelope(
            message_id=message_id(
                contact.name, group, publication.region_set, publication.as_of, publication.revision
            ),
            publication_id=publication.publication_id,
            contact_point=contact,
            group_key=group,
            body=_write(publication, identifiers, contact, now),
            notices=(),
        )
        if enqueue(connection, envelope, now):
            queued.append(envelope.message_id)
    return tuple(queued)


def make_cap_reader(database: Database) -> ReadCap:
    """Returns what reads the XML of CAP messages from the database."""

    def read(identifiers: Sequence[str]) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        with database.read() as connection:
            for first in range(0, len(identifiers), _CHUNK):
                query = select(cap_messages.c.identifier, cap_messages.c.body).where(
                    cap_messages.c.identifier.in_(identifiers[first : first + _CHUNK])
                )
                found |= {row.identifier: row.body for row in connection.execute(query)}
        return found

    return read


def _write(
    publication: Publication, identifiers: Sequence[str], contact: ContactPoint, now: datetime
) -> str:
    title = (
        f"{len(identifiers)} CAP message{'s' * (len(identifiers) > 1)} of "
        f"{publication.region_set} (as of {publication.as_of.isoformat()})"
    )
    body = {
        "type": "cap.issued",
        "timestamp": now.isoformat(),
        "data": {"title": title, "language": contact.language, "identifiers": list(identifiers)},
    }
    return json.dumps(body, separators=(",", ":"))
