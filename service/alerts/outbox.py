"""The outbox: messages are written with what they follow from, and delivered later.

Status of a message: `pending`, `delivered`, or `dead` (a dead letter, which can be replayed). Who
delivers: `service.alerts.delivery`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from data.errors import Conflict, UnknownName
from service.alerts.audit import record_action
from service.alerts.message import Notice
from service.alerts.retries import TRIES
from service.channels.contacts import ContactPoint
from service.tables import delivery_attempts, disabled_endpoints, notifications, outbox

_ROUNDS = 3


@dataclass(frozen=True)
class Envelope:
    """A message to be queued.

    Attributes:
        message_id: Derived from contact point, group and publication.
        publication_id: The publication that it follows from; None for an alert of the service.
        contact_point: Who gets it.
        group_key: The group that it is about.
        body: JSON text.
        notices: What it tells, for the notification log.
    """

    message_id: str
    publication_id: int | None
    contact_point: ContactPoint
    group_key: str
    body: str
    notices: tuple[Notice, ...]


def enqueue(connection: Connection, envelope: Envelope, now: datetime) -> bool:
    """Writes a message and its notifications; returns False if its id was queued before.

    Args:
        connection: The write transaction of what it follows from.
        envelope: The message.
        now: The present moment; it is due at once.
    """
    is_there = select(outbox.c.message_id).where(outbox.c.message_id == envelope.message_id)
    if connection.execute(is_there).first() is not None:
        return False
    connection.execute(
        insert(outbox).values(
            message_id=envelope.message_id,
            publication_id=envelope.publication_id,
            contact_point=envelope.contact_point.name,
            channel=envelope.contact_point.channel,
            group_key=envelope.group_key,
            body=envelope.body,
            status="pending",
            attempts=0,
            due_at=now,
            created_at=now,
        )
    )
    rows = [
        {
            "message_id": envelope.message_id,
            "event_id": notice.event_id,
            "contact_point": envelope.contact_point.name,
            "incident_id": notice.incident_id,
            "reason": notice.reason.value,
            "created_at": now,
        }
        for notice in envelope.notices
    ]
    if rows:
        connection.execute(insert(notifications), rows)
    return True


def send_again(connection: Connection, message_id: str, now: datetime) -> bool:
    """Makes a dead letter due again if its contact point has accepted another message since.

    So a message that was given up while its receiver was not there is sent once it is back, in all
    in at most `_ROUNDS` rounds of tries: a receiver may accept all but this one.

    Args:
        connection: A write transaction.
        message_id: The message.
        now: The present moment.

    Returns:
        True if it is due again; False if it is not dead, or there is no reason to try.
    """
    row = connection.execute(
        select(outbox).where(
            outbox.c.message_id == message_id,
            outbox.c.status == "dead",
            outbox.c.attempts <= (_ROUNDS - 1) * TRIES,
        )
    ).one_or_none()
    if row is None:
        return False
    accepted = (
        select(delivery_attempts.c.message_id)
        .join(outbox, outbox.c.message_id == delivery_attempts.c.message_id)
        .where(
            outbox.c.contact_point == row.contact_point,
            delivery_attempts.c.result == "delivered",
            # Of a dead letter, the moment at which it was given up.
            delivery_attempts.c.attempted_at > row.due_at,
        )
        .limit(1)
    )
    if connection.execute(accepted).first() is None:
        return False
    _begin_round(connection, message_id, row.attempts, now)
    return True


def replay(connection: Connection, message_id: str, *, actor: str, now: datetime) -> None:
    """Makes a dead letter due again, under the same id, with a new round of tries.

    An endpoint that was disabled is tried again too.

    Args:
        connection: A write transaction.
        message_id: The message.
        actor: Who asks for it; stands in the audit trail.
        now: The present moment.

    Raises:
        UnknownName: There is no such message.
        Conflict: The message is not dead.
        UsageError: Nobody is named.
    """
    row = connection.execute(select(outbox).where(outbox.c.message_id == message_id)).one_or_none()
    if row is None:
        raise UnknownName(f"There is no message '{message_id}'.", "Check the id.")
    if row.status != "dead":
        raise Conflict(f"Message {message_id} is {row.status}: only a dead letter is replayed.")
    _begin_round(connection, message_id, row.attempts, now)
    connection.execute(
        delete(disabled_endpoints).where(disabled_endpoints.c.contact_point == row.contact_point)
    )
    record_action(
        connection,
        actor=actor,
        action="replay",
        subject=message_id,
        detail={"contact_point": row.contact_point},
        now=now,
    )


def _begin_round(connection: Connection, message_id: str, attempts: int, now: datetime) -> None:
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id)
        .values(
            status="pending",
            due_at=now,
            lease_until=None,
            attempts=math.ceil(attempts / TRIES) * TRIES,
        )
    )
