"""Delivery: sends the messages of the outbox, at least once each.

A worker claims a message under a lease, in a short transaction that also records the try; sends it
outside any transaction; and records what came of it. If it dies in between, the lease runs out and
the message is sent again under the same id: never lost, and a receiver can tell the second copy.

Result of a try: `started` (the worker died before it could tell), `delivered`, `failed`, `refused`
or `gone`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, and_, select, update

from data.database import Database
from data.errors import SettingsError
from service.alerts.cap_queue import make_cap_reader
from service.alerts.claims import claim_next, record_outcome
from service.alerts.contact_store import load_book
from service.alerts.mail_picture import make_picture
from service.alerts.retries import DELAYS_SECONDS
from service.alerts.system import report_condition
from service.channels.configured import open_channels
from service.channels.contract import Channel, Message, Outcome, Retry
from service.clock import Clock
from service.settings import Settings
from service.tables import outbox

_FAILING_FROM = 4
"""A message that failed so often, after half an hour, means that its receiver is not reached."""

_log = structlog.stdlib.get_logger("tocsin.delivery")


@dataclass(frozen=True)
class DeliveryReport:
    """What a worker did.

    Attributes:
        n_delivered: Messages that were accepted.
        n_failed: Tries that failed and will be repeated.
        n_dead: Messages that became dead letters.
        problems: Contact points that cannot be used here, with the reason; their messages wait.
    """

    n_delivered: int = 0
    n_failed: int = 0
    n_dead: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)


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
        channels: Channels by contact point; by default those of the contact book.
        max_messages: Stop after so many tries.
    """
    problems: Mapping[str, SettingsError] = {}
    if channels is None:
        with database.read() as connection:
            book = load_book(connection, settings).book
        opened = open_channels(
            book.contacts, settings, clock, make_picture(database), make_cap_reader(database)
        )
        channels, problems = opened.channels, opened.problems
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
            _watch(connection, claim.message, outcome, status, settings, clock())
        statuses[status] += 1
        _log_failure(claim.message, outcome, status)
    return DeliveryReport(
        statuses["delivered"],
        statuses["pending"],
        statuses["dead"],
        {name: str(problem) for name, problem in sorted(problems.items())},
    )


def _watch(
    connection: Connection,
    message: Message,
    outcome: Outcome,
    status: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Opens or resolves the alert that a contact point cannot be reached."""
    is_failing = status == "dead" or (status == "pending" and message.attempt >= _FAILING_FROM)
    if is_failing or status == "delivered":
        report_condition(
            connection,
            "delivery_failing",
            message.contact_point,
            is_bad=is_failing,
            detail=f"Try {message.attempt} of {message.message_id}: {outcome.detail}.",
            settings=settings,
            now=now,
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
