"""Claims: who works on a message of the outbox, and what came of it.

A claim is a lease with an end and a numbered try. Both are written before anything is sent, so a
worker that dies leaves a trace and the message comes back when the lease runs out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from data.database import Database
from service.alerts.retries import TRIES, next_delay
from service.channels.contract import Channel, Dead, Delivered, Message, Outcome, Retry
from service.tables import delivery_attempts, disabled_endpoints, notifications, outbox

LEASE = timedelta(seconds=120)
"""Longer than a channel takes for one message."""


@dataclass(frozen=True)
class Claim:
    """A message under lease.

    Attributes:
        message: The message, with the number of this try.
        verdict: Set where nothing need be sent to know the outcome.
    """

    message: Message
    verdict: Dead | None


def _is_due(channels: Mapping[str, Channel], now: datetime) -> ColumnElement[bool]:
    return and_(
        outbox.c.status == "pending",
        outbox.c.due_at <= now,
        or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now),
        outbox.c.contact_point.in_(sorted(channels)),
    )


def claim_next(database: Database, channels: Mapping[str, Channel], now: datetime) -> Claim | None:
    """Takes a lease on the message that has been due longest, and returns it; None if none is.

    Args:
        database: The database.
        channels: Channels by contact point; messages to others are left alone.
        now: The present moment.
    """
    is_due = _is_due(channels, now)
    with database.read() as connection:
        # Most looks find nothing, and need no write lock to see it.
        if connection.execute(select(outbox.c.message_id).where(is_due).limit(1)).first() is None:
            return None
    with database.write() as connection:
        row = connection.execute(
            select(outbox)
            .where(is_due)
            .order_by(outbox.c.due_at, outbox.c.created_at, outbox.c.message_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        attempt = row.attempts + 1
        connection.execute(
            update(outbox)
            .where(outbox.c.message_id == row.message_id)
            .values(attempts=attempt, lease_until=now + LEASE)
        )
        connection.execute(
            insert(delivery_attempts).values(
                message_id=row.message_id,
                attempt=attempt,
                attempted_at=now,
                result="started",
                detail="",
            )
        )
        verdict = None
        if row.lease_until is not None and row.attempts % TRIES == 0:
            verdict = Dead("the worker died during the last try")
        elif why := _why_disabled(
            connection, row.contact_point, channels[row.contact_point].endpoint
        ):
            verdict = Dead(f"not sent: the endpoint is disabled since '{why}'")
        return Claim(Message(row.message_id, row.contact_point, row.body, attempt), verdict)


def record_outcome(
    connection: Connection,
    message: Message,
    outcome: Outcome,
    *,
    endpoint: str,
    seed: int,
    now: datetime,
) -> str:
    """Writes what came of a try and returns the status of the message after it.

    Args:
        connection: A write transaction.
        message: The message, as claimed.
        outcome: What came of it.
        endpoint: Fingerprint of where it went; disabled if the receiver wants no more.
        seed: Seed of the retry jitter.
        now: The present moment.
    """
    connection.execute(
        update(delivery_attempts)
        .where(
            delivery_attempts.c.message_id == message.message_id,
            delivery_attempts.c.attempt == message.attempt,
        )
        .values(result=_result(outcome), detail=outcome.detail)
    )
    this = outbox.c.message_id == message.message_id
    if isinstance(outcome, Delivered):
        connection.execute(update(outbox).where(this).values(status="delivered", lease_until=None))
        connection.execute(
            update(notifications)
            .where(notifications.c.message_id == message.message_id)
            .values(accepted_at=now)
        )
        return "delivered"
    delay = None
    if isinstance(outcome, Retry):
        delay = next_delay(
            message.attempt,
            message_id=message.message_id,
            seed=seed,
            asked_seconds=outcome.after_seconds,
        )
    elif outcome.is_gone:
        _disable(connection, message, endpoint, outcome, now)
    status = "dead" if delay is None else "pending"
    due_at = now + timedelta(seconds=math.ceil(delay or 0))
    # Another worker may have taken over after the lease ran out: then the message is its business.
    is_mine = and_(this, outbox.c.attempts == message.attempt, outbox.c.status == "pending")
    connection.execute(
        update(outbox).where(is_mine).values(status=status, due_at=due_at, lease_until=None)
    )
    return status


def _result(outcome: Outcome) -> str:
    if isinstance(outcome, Delivered):
        return "delivered"
    if isinstance(outcome, Retry):
        return "failed"
    return "gone" if outcome.is_gone else "refused"


def _why_disabled(connection: Connection, contact_point: str, endpoint: str) -> str | None:
    query = select(disabled_endpoints.c.detail).where(
        disabled_endpoints.c.contact_point == contact_point,
        disabled_endpoints.c.endpoint == endpoint,
    )
    return connection.execute(query).scalar()


def _disable(
    connection: Connection, message: Message, endpoint: str, outcome: Dead, now: datetime
) -> None:
    if _why_disabled(connection, message.contact_point, endpoint) is None:
        connection.execute(
            insert(disabled_endpoints).values(
                contact_point=message.contact_point,
                endpoint=endpoint,
                disabled_at=now,
                detail=outcome.detail,
            )
        )
