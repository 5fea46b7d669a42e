"""Slots: the moments at which a cycle is due, and who may run it.

A slot is a row of the table `slots`. Whoever inserts the row runs the cycle: the database lets only
one process do that. A row that says `running` for longer than a lease belonged to a process that
died; one other process may take it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from data.database import Database
from data.errors import SettingsError
from service.tables import slots

SlotStatus = Literal["running", "done", "failed"]

LEASE = timedelta(hours=1)
"""How long a cycle may run before another process may take its slot over."""

_LOOK_BACK = (timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta(days=32))
_FURTHEST = timedelta(days=366 * 8)  # The 29th of February may be eight years away.
_MAX_DETAIL = 500


@dataclass(frozen=True)
class Slot:
    """A slot that was claimed.

    Attributes:
        region_set: The set whose cycle is due.
        slot_at: When it was due, UTC.
        status: What became of it.
        started_at: When it was claimed.
        finished_at: When it ended; None while it runs.
        detail: One line: what was published, or why not.
        attempts: How often it was begun.
        retry_at: When it is due again after a failure; None if it is not.
    """

    region_set: str
    slot_at: datetime
    status: SlotStatus
    started_at: datetime
    finished_at: datetime | None
    detail: str
    attempts: int
    retry_at: datetime | None


def slots_between(cron: str, since: datetime, until: datetime) -> list[datetime]:
    """Returns the moments at which a cron line is due, UTC, oldest first.

    Args:
        cron: Five fields: minute, hour, day of month, month, day of week, in UTC.
        since: First moment that counts (`>=`).
        until: Last moment that counts (`<=`).

    Raises:
        SettingsError: The cron line cannot be read.
    """
    trigger = _read_cron(cron)
    found: list[datetime] = []
    due = trigger.get_next_fire_time(None, since)
    while due is not None and due <= until:
        found.append(due.astimezone(UTC))
        due = trigger.get_next_fire_time(due, due)
    return found


def newest_slot(cron: str, now: datetime) -> datetime | None:
    """Returns the last moment at or before `now` at which a cron line was due.

    None if there was none in the last eight years.

    Raises:
        SettingsError: The cron line cannot be read.
    """
    # Look back further only where the nearer past holds no slot, so that few are counted.
    for near, far in pairwise((*_LOOK_BACK, _FURTHEST)):
        found = slots_between(cron, now - far, now - near)
        if found:
            return found[-1]
    return None


def claim_slot(database: Database, region_set: str, slot_at: datetime, now: datetime) -> bool:
    """Returns True if the caller may run the slot now, and nobody else.

    Args:
        database: The database.
        region_set: The set.
        slot_at: When it was due.
        now: The present moment.
    """
    try:
        with database.write() as connection:
            connection.execute(
                insert(slots).values(
                    region_set=region_set,
                    slot_at=slot_at,
                    status="running",
                    started_at=now,
                    finished_at=None,
                    detail="",
                )
            )
        return True
    except IntegrityError:
        return _take_over(database, region_set, slot_at, now)


def finish_slot(
    connection: Connection,
    region_set: str,
    slot_at: datetime,
    *,
    status: SlotStatus,
    now: datetime,
    detail: str,
) -> None:
    """Writes what became of a claimed slot."""
    connection.execute(
        update(slots)
        .where(slots.c.region_set == region_set, slots.c.slot_at == slot_at)
        .values(status=status, finished_at=now, detail=detail[:_MAX_DETAIL])
    )


def has_row(connection: Connection, region_set: str, slot_at: datetime, now: datetime) -> bool:
    """Returns True if the slot is taken: done, failed, or running within its lease."""
    row = connection.execute(
        select(slots.c.status, slots.c.started_at).where(
            slots.c.region_set == region_set, slots.c.slot_at == slot_at
        )
    ).one_or_none()
    return row is not None and not (row.status == "running" and row.started_at <= now - LEASE)


def list_slots(connection: Connection, region_set: str) -> tuple[Slot, ...]:
    """Returns the claimed slots of a set, the newest first."""
    rows = connection.execute(
        select(slots).where(slots.c.region_set == region_set).order_by(slots.c.slot_at.desc())
    ).mappings()
    return tuple(Slot(**row) for row in rows)


def _take_over(database: Database, region_set: str, slot_at: datetime, now: datetime) -> bool:
    with database.write() as connection:
        taken = connection.execute(
            update(slots)
            .where(
                slots.c.region_set == region_set,
                slots.c.slot_at == slot_at,
                slots.c.status == "running",
                slots.c.started_at <= now - LEASE,
            )
            .values(started_at=now)
        )
        return taken.rowcount == 1


def _read_cron(cron: str) -> CronTrigger:
    try:
        return CronTrigger.from_crontab(cron, timezone=UTC)
    except ValueError as problem:
        raise SettingsError(
            f"TOCSIN_CYCLE_CRON: '{cron}' is no cron line: {problem}.",
            "Write it as '0 6 12 * *': minute, hour, day, month, day of week.",
        ) from None
