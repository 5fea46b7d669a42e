"""The outbox: messages are written with the publication, and delivered later, at least once.

A worker claims a message under a lease, in a short transaction that also records the try; sends it
outside any transaction; and records what came of it. If it dies in between, the lease runs out and
the message is sent again under the same id: never lost, and a receiver can tell the second copy.

Status of a message: `pending`, `delivered`, or `dead` (a dead letter, which can be replayed).
Result of a try: `started` (the worker died before it could tell), `delivered`, `failed`, `refused`
or `gone`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, and_, delete, insert, select, update

from data.database import Database
from data.errors import Conflict, UnknownName
from service.alerts.claims import claim_next, record_outcome
from service.alerts.message import Notice
from service.alerts.retries import DELAYS_SECONDS, TRIES
from service.alerts.routes import ContactPoint
from service.channels.configured import open_channels
from service.channels.contract import Channel, Message, Outcome, Retry
from service.clock import Clock
from service.settings import Settings
from service.tables import disabled_endpoints, notifications, outbox

_log = structlog.stdlib.get_logger("tocsin.delivery")


@dataclass(frozen=True)
class Envelope:
    """A message to be queued.

    Attributes:
        message_id: Derived from contact point, group and publication.
        publication_id: The publication that it follows from.
        contact_point: Who gets it.
        group_key: The group that it is about.
        body: JSON text.
        notices: What it tells, for the notification log.
    """

    message_id: str
    publication_id: int
    contact_point: ContactPoint
    group_key: str
    body: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class DeliveryReport:
    """What a worker did.

    Attributes:
        n_delivered: Messages that were accepted.
        n_failed: Tries that failed and will be repeated.
        n_dead: Messages that became dead letters.
    """

    n_delivered: int = 0
    n_failed: int = 0
    n_dead: int = 0


def enqueue(connection: Connection, envelope: Envelope, now: datetime) -> bool:
    """Writes a message and its notifications; returns False if its id was queued before.

    Args:
        connection: The write transaction of the publication.
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
    connection.execute(insert(notifications), rows)
    return True


def deliver_due(
    database: Database,
    settings: Settings,
    clock: Clock,
    channels: Mapping[str, Channel] | None = None,
    max_messages: int = 1_000,
) -> DeliveryReport:
    """Sends the messages that are due; several workers may do so at the same time.

    Args:
        database: The database.
        settings: For the channels and the seed of the retry jitter.
        clock: The clock.
        channels: Channels by contact point; by default those of the settings.
        max_messages: Stop after so many tries.

    Raises:
        SettingsError: A channel of the settings cannot be opened; nothing was claimed.
    """
    if channels is None:
        channels = open_channels(settings, clock)
    statuses = Counter({"dead": _bury_orphans(database, channels, clock())})
    for _ in range(max_messages):
        claim = claim_next(database, channels, clock())
        if claim is None:
            break
        channel = channels[claim.message.contact_point]
        outcome = claim.verdict or _send(channel, claim.message)
        with database.write() as connection:
            status = record_outcome(
                connection,
                claim.message,
                outcome,
                endpoint=channel.endpoint,
                seed=settings.seed,
                now=clock(),
            )
        statuses[status] += 1
        _log_failure(claim.message, outcome, status)
    return DeliveryReport(statuses["delivered"], statuses["pending"], statuses["dead"])


def replay(connection: Connection, message_id: str, now: datetime) -> None:
    """Makes a dead letter due again, under the same id, with a new round of tries.

    An endpoint that was disabled is tried again too.

    Args:
        connection: A write transaction.
        message_id: The message.
        now: The present moment.

    Raises:
        UnknownName: There is no such message.
        Conflict: The message is not dead.
    """
    row = connection.execute(select(outbox).where(outbox.c.message_id == message_id)).one_or_none()
    if row is None:
        raise UnknownName(f"There is no message '{message_id}'.", "Check the id.")
    if row.status != "dead":
        raise Conflict(f"Message {message_id} is {row.status}: only a dead letter is replayed.")
    connection.execute(
        update(outbox)
        .where(outbox.c.message_id == message_id)
        .values(
            status="pending",
            due_at=now,
            lease_until=None,
            attempts=math.ceil(row.attempts / TRIES) * TRIES,
        )
    )
    connection.execute(
        delete(disabled_endpoints).where(disabled_endpoints.c.contact_point == row.contact_point)
    )


def _send(channel: Channel, message: Message) -> Outcome:
    try:
        return channel.send(message)
    except Exception as problem:
        # A bug in a channel must neither lose the message nor hold up those of others.
        _log.exception("channel_failed", channel=channel.name, message_id=message.message_id)
        return Retry(None, f"internal error: {type(problem).__name__}")


def _log_failure(message: Message, outcome: Outcome, status: str) -> None:
    if status == "delivered":
        return
    _log.warning(
        "dead_letter" if status == "dead" else "delivery_failed",
        message_id=message.message_id,
        contact_point=message.contact_point,
        attempt=message.attempt,
        detail=outcome.detail,
    )


def _bury_orphans(database: Database, channels: Mapping[str, Channel], now: datetime) -> int:
    """Makes messages of contact points without a channel dead, once all tries would be over.

    Not sooner: this process may merely lack a setting that another one has.
    """
    is_orphan = and_(
        outbox.c.status == "pending",
        outbox.c.contact_point.not_in(sorted(channels)),
        outbox.c.created_at < now - timedelta(seconds=sum(DELAYS_SECONDS)),
    )
    with database.read() as connection:
        if (
            connection.execute(select(outbox.c.message_id).where(is_orphan).limit(1)).first()
            is None
        ):
            return 0
    with database.write() as connection:
        buried = connection.execute(
            update(outbox).where(is_orphan).values(status="dead").returning(outbox.c.message_id)
        ).all()
    for row in buried:
        _log.error("dead_letter", message_id=row.message_id, detail="no such contact point")
    return len(buried)
