"""Slots: the moments at which a cycle is due, what became of them, and who may run one.

A slot is a row of the table `slots`. Whoever inserts the row runs the cycle: the database lets only
one process do that. A row that says `running` for longer than a lease belonged to a process that
died; a row that failed and has attempts left says when it is due again. One other process may take
such a row over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from data.database import Database
from service.schedules import Schedule, newest_slot, slots_between
from service.tables import slots

SlotStatus = Literal["running", "done", "failed", "skipped"]
"""`skipped`: it was missed, and so many newer ones were due that it was not caught up with."""

LEASE = timedelta(hours=1)
"""How long a cycle may run before another process may take its slot over."""

_LISTED_FOR = timedelta(days=366)
"""Slots missed longer ago than this are not even listed."""
_MAX_DETAIL = 500
_SKIPPED = "Missed while nothing ran; newer slots were due, so it was not caught up with."


@dataclass(frozen=True)
class Slot:
    """A slot and what became of it.

    Attributes:
        region_set: The set whose cycle is due.
        slot_at: When it was due, UTC.
        status: What became of it.
        started_at: When it was last begun.
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

    def is_open(self, now: datetime) -> bool:
        """Returns True if it may be begun again: its process died, or it is to be retried."""
        if self.status == "running":
            return self.started_at <= now - LEASE
        return self.status == "failed" and self.retry_at is not None and self.retry_at <= now


@dataclass(frozen=True)
class DueSlots:
    """What is due of a set.

    Attributes:
        run: Slots to be run, oldest first.
        skip: Slots that were missed and are only listed.
    """

    run: tuple[datetime, ...]
    skip: tuple[datetime, ...]


def find_due(
    connection: Connection, region_set: str, schedule: Schedule, now: datetime, *, at_most: int
) -> DueSlots:
    """Returns which slots of a set are due.

    Every slot since the last one that has a row is due; of a set that has none, only the newest, so
    that a new set does not begin with its past.

    Args:
        connection: A read transaction.
        region_set: Name of the set.
        schedule: When its cycles are due.
        now: The present moment.
        at_most: How many missed slots are run, the newest ones; the others are skipped.

    Raises:
        SettingsError: The schedule cannot be read.
    """
    rows = {slot.slot_at: slot for slot in list_slots(connection, region_set)}
    again = [slot_at for slot_at, slot in rows.items() if slot.is_open(now)]
    if rows:
        since = max(max(rows), now - _LISTED_FOR)
        missed = [at for at in slots_between(schedule, since, now) if at not in rows]
    else:
        newest = newest_slot(schedule, now)
        missed = [] if newest is None else [newest]
    return DueSlots(
        run=tuple(sorted([*again, *missed[-at_most:]])), skip=tuple(missed[: -at_most or None])
    )


def claim_slot(database: Database, region_set: str, slot_at: datetime, now: datetime) -> bool:
    """Returns True if the caller may run the slot now, and nobody else.

    Args:
        database: The database.
        region_set: The set.
        slot_at: When it was due.
        now: The present moment.
    """
    if _insert_slot(database, region_set, slot_at, now, status="running"):
        return True
    with database.write() as connection:
        taken = connection.execute(
            update(slots)
            .where(
                *_is_slot(region_set, slot_at),
                or_(
                    (slots.c.status == "running") & (slots.c.started_at <= now - LEASE),
                    (slots.c.status == "failed") & (slots.c.retry_at <= now),
                ),
            )
            .values(
                status="running",
                started_at=now,
                finished_at=None,
                retry_at=None,
                attempts=slots.c.attempts + 1,
            )
        )
        return taken.rowcount == 1


def skip_slot(database: Database, region_set: str, slot_at: datetime, now: datetime) -> None:
    """Lists a missed slot as skipped, unless it has a row."""
    _insert_slot(database, region_set, slot_at, now, status="skipped")


def finish_slot(
    connection: Connection,
    region_set: str,
    slot_at: datetime,
    *,
    status: SlotStatus,
    now: datetime,
    detail: str,
    retry_at: datetime | None = None,
) -> None:
    """Writes what became of a claimed slot, and when it is due again if it failed."""
    connection.execute(
        update(slots)
        .where(*_is_slot(region_set, slot_at))
        .values(status=status, finished_at=now, detail=detail[:_MAX_DETAIL], retry_at=retry_at)
    )


def find_slot(connection: Connection, region_set: str, slot_at: datetime) -> Slot | None:
    """Returns the slot, or None if nobody has claimed it."""
    query = select(slots).where(*_is_slot(region_set, slot_at))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Slot(**row)


def list_slots(connection: Connection, region_set: str) -> tuple[Slot, ...]:
    """Returns the slots of a set that have a row, the newest first."""
    rows = connection.execute(
        select(slots).where(slots.c.region_set == region_set).order_by(slots.c.slot_at.desc())
    ).mappings()
    return tuple(Slot(**row) for row in rows)


def _insert_slot(
    database: Database, region_set: str, slot_at: datetime, now: datetime, *, status: SlotStatus
) -> bool:
    is_skipped = status == "skipped"
    try:
        with database.write() as connection:
            connection.execute(
                insert(slots).values(
                    region_set=region_set,
                    slot_at=slot_at,
                    status=status,
                    started_at=now,
                    finished_at=now if is_skipped else None,
                    detail=_SKIPPED if is_skipped else "",
                    attempts=0 if is_skipped else 1,
                    retry_at=None,
                )
            )
    except IntegrityError:
        return False
    return True


def _is_slot(region_set: str, slot_at: datetime) -> tuple[ColumnElement[bool], ...]:
    return slots.c.region_set == region_set, slots.c.slot_at == slot_at
