"""The heartbeat: an address that is called after every good publication.

Whoever listens there (a dead-man's switch) raises the alarm when the calls stop: the one failure
that a service cannot tell by itself is that it is gone.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from data.database import Database
from data.errors import Refused, SourceUnavailable
from service.channels.guarded_client import GuardedClient
from service.clock import Clock
from service.settings import Settings
from service.tables import heartbeats

TRIES = 3

_log = logging.getLogger("tocsin.heartbeat")


@dataclass(frozen=True)
class Heartbeat:
    """One call.

    Attributes:
        called_at: When, UTC.
        region_set: The set that was published.
        is_answered: True if the address answered 2xx.
        detail: What it answered, or why it could not be called; never the address.
    """

    called_at: datetime
    region_set: str
    is_answered: bool
    detail: str


def send_heartbeat(
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    region_set: str,
    as_of: date,
    client: GuardedClient | None = None,
) -> Heartbeat | None:
    """Calls the heartbeat address and records what came of it; None if there is no address.

    It is tried three times in a row. A failure is recorded and logged, and keeps nothing from
    being published: whoever listens learns of it by the silence.

    Args:
        database: The database.
        settings: For the address.
        clock: The clock.
        region_set: The set that was published.
        as_of: Its as-of.
        client: The guarded client; by default a new one.
    """
    if settings.heartbeat_url is None:
        return None
    client = client or GuardedClient(allow_loopback=settings.webhook_allow_loopback)
    content = json.dumps({"region_set": region_set, "as_of": as_of.isoformat()}).encode()
    is_answered, detail = False, ""
    for _ in range(TRIES):
        try:
            answer = client.post(
                settings.heartbeat_url.get_secret_value(),
                content=content,
                headers={"Content-Type": "application/json", "User-Agent": "Tocsin"},
            )
        except Refused as problem:
            detail = problem.message
            break
        except SourceUnavailable as problem:
            detail = problem.message
            continue
        is_answered, detail = 200 <= answer.status < 300, f"HTTP {answer.status}"
        if is_answered:
            break
    heartbeat = Heartbeat(clock(), region_set, is_answered, detail)
    with database.write() as connection:
        connection.execute(
            insert(heartbeats).values(
                called_at=heartbeat.called_at,
                region_set=region_set,
                is_answered=is_answered,
                detail=detail,
            )
        )
    if not is_answered:
        _log.warning("The heartbeat of %s was not answered: %s", region_set, detail)
    return heartbeat


def last_heartbeat(connection: Connection) -> Heartbeat | None:
    """Returns the last call, of any set; None if there was none."""
    query = select(heartbeats).order_by(heartbeats.c.heartbeat_id.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Heartbeat(row.called_at, row.region_set, row.is_answered, row.detail)
