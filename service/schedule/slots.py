"""Slots: the moments at which a task is due, what became of them, and who may run one.

A task is the cycle of a region set (table `slots`) or the fetch of a source (table `fetch_slots`).
A slot is a row. Whoever inserts the row runs the task: the database lets only one process do that.
The process holds the row for a lease, which it renews for as long as it lives. A row that says
`running` after its lease belonged to a process that died; a row that failed and has attempts left
says when it is due again. One other process may take such a row over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from data.database import Database
from data.errors import StateError
from service.clock import Clock
from service.schedule.schedules import Schedule, newest_slot, slots_between
from service.tables import fetch_slots, slots

CYCLES: Column[Any] = slots.c.region_set
"""Tasks that are cycles, by their region set."""
FETCHES: Column[Any] = fetch_slots.c.fetch
"""Tasks that are fetches, by their name in the settings."""

SlotStatus = Literal["running", "done", "failed", "skipped"]
"""`skipped`: it was missed, and so many newer ones were due that it was not caught up with."""

LEASE = timedelta(minutes=15)
"""How long after the last sign of life another process may take a slot over."""
RENEW_SECONDS = 60.0
"""How often a process that runs a task gives such a sign."""

_log = logging.getLogger("tocsin.scheduler")
_LISTED_FOR = timedelta(days=366)
"""Slots missed longer ago than this are not even listed."""
_MAX_DETAIL = 500
_SKIPPED = "Missed while nothing ran; newer slots were due, so it was not caught up with."


@dataclass(frozen=True)
class Slot:
    """A slot and what became of it.

    Attributes:
        task: What is due: the region set, or the name of the fetch.
        slot_at: When it was due, UTC.
        status: What became of it.
        started_at: When it was last begun.
        finished_at: When it ended; None while it runs.
        detail: One line: what was done, or why not.
        attempts: How often it was begun.
        retry_at: When it is due again after a failure; None if it is not.
        held_until: Until when the process that runs it holds it; None if it was skipped.
    """

    task: str
    slot_at: datetime
    status: SlotStatus
    started_at: datetime
    finished_at: datetime | None
    detail: str
    attempts: int
    retry_at: datetime | None
    held_until: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Returns True if it may be begun again: its process died, or it is to be retried."""
        if self.status == "running":
            return self.held_until is None or self.held_until <= now
        return self.status == "failed" and self.retry_at is not None and self.retry_at <= now


@dataclass(frozen=True)
class DueSlots:
    """What is due of a task.

    Attributes:
        run: Slots to be run, oldest first.
        skip: Slots that were missed and are only listed.
    """

    run: tuple[datetime, ...]
    skip: tuple[datetime, ...]


def find_due(
    connection: Connection,
    task: str,
    schedule: Schedule,
    now: datetime,
    *,
    at_most: int,
    of: Column[Any] = CYCLES,
) -> DueSlots:
    """Returns which slots of a task are due.

    Every slot since the last one that has a row is due; of a task that has none, only the newest,
    so that a new one does not begin with its past.

    Args:
        connection: A read transaction.
        task: Its name.
        schedule: When it is due.
        now: The present moment.
        at_most: How many missed slots are run, the newest ones; the others are skipped.
        of: `CYCLES` or `FETCHES`; so in all functions of this file.

    Raises:
        SettingsError: The schedule cannot be read.
    """
    rows = {slot.slot_at: slot for slot in list_slots(connection, task, of)}
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


def claim_slot(
    database: Database, task: str, slot_at: datetime, now: datetime, of: Column[Any] = CYCLES
) -> bool:
    """Returns True if the caller may run the slot now, and nobody else.

    Args:
        database: The database.
        task: What is due.
        slot_at: When it was due.
        now: The present moment.
        of: `CYCLES` or `FETCHES`.
    """
    if _insert_slot(database, task, slot_at, now, of, status="running"):
        return True
    rows = of.table
    with database.write() as connection:
        taken = connection.execute(
            update(rows)
            .where(
                *_is_slot(task, slot_at, of),
                or_(
                    (rows.c.status == "running") & (rows.c.held_until <= now),
                    (rows.c.status == "failed") & (rows.c.retry_at <= now),
                ),
            )
            .values(
                status="running",
                started_at=now,
                finished_at=None,
                retry_at=None,
                held_until=now + LEASE,
                attempts=rows.c.attempts + 1,
            )
        )
        return taken.rowcount == 1


@contextmanager
def hold_slot(
    database: Database, task: str, slot_at: datetime, clock: Clock, of: Column[Any] = CYCLES
) -> Iterator[None]:
    """Keeps a claimed slot from being taken over for as long as its task takes.

    Args:
        database: The database.
        task: What runs.
        slot_at: When it was due.
        clock: Says until when the slot is held.
        of: `CYCLES` or `FETCHES`.
    """
    done = threading.Event()

    def renew() -> None:
        rows = of.table
        while not done.wait(RENEW_SECONDS):
            try:
                with database.write() as connection:
                    connection.execute(
                        update(rows)
                        .where(*_is_slot(task, slot_at, of), rows.c.status == "running")
                        .values(held_until=clock() + LEASE)
                    )
            except Exception:
                # The lease outlasts many of these, as when the database is away for a moment.
                _log.exception("The slot %s of %s could not be held on to", slot_at, task)

    renewer = threading.Thread(target=renew, name=f"hold {task}", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()


def check_attempts(
    database: Database, task: str, slot_at: datetime, at_most: int, of: Column[Any] = CYCLES
) -> None:
    """Refuses a claimed slot whose process died as often as it may be begun.

    Raises:
        StateError: It was begun more often.
    """
    with database.read() as connection:
        slot = find_slot(connection, task, slot_at, of)
    if slot is not None and slot.attempts > at_most:
        raise StateError(
            f"The process that ran it ended in the midst of it, the last of {at_most} times.",
            "Look whether the machine ran out of memory, then run it by hand.",
        )


def skip_slot(
    database: Database, task: str, slot_at: datetime, now: datetime, of: Column[Any] = CYCLES
) -> None:
    """Lists a missed slot as skipped, unless it has a row."""
    _insert_slot(database, task, slot_at, now, of, status="skipped")


def finish_slot(
    connection: Connection,
    task: str,
    slot_at: datetime,
    *,
    status: SlotStatus,
    now: datetime,
    detail: str,
    retry_at: datetime | None = None,
    of: Column[Any] = CYCLES,
) -> None:
    """Writes what became of a claimed slot, and when it is due again if it failed."""
    connection.execute(
        update(of.table)
        .where(*_is_slot(task, slot_at, of))
        .values(status=status, finished_at=now, detail=detail[:_MAX_DETAIL], retry_at=retry_at)
    )


def find_slot(
    connection: Connection, task: str, slot_at: datetime, of: Column[Any] = CYCLES
) -> Slot | None:
    """Returns the slot, or None if nobody has claimed it."""
    query = select(of.table).where(*_is_slot(task, slot_at, of))
    row = connection.execute(query).one_or_none()
    return None if row is None else Slot(*row)


def list_slots(connection: Connection, task: str, of: Column[Any] = CYCLES) -> tuple[Slot, ...]:
    """Returns the slots of a task that have a row, the newest first."""
    query = select(of.table).where(of == task).order_by(of.table.c.slot_at.desc())
    return tuple(Slot(*row) for row in connection.execute(query))


def _insert_slot(
    database: Database,
    task: str,
    slot_at: datetime,
    now: datetime,
    of: Column[Any],
    *,
    status: SlotStatus,
) -> bool:
    is_skipped = status == "skipped"
    try:
        with database.write() as connection:
            connection.execute(
                insert(of.table).values(
                    {
                        of: task,
                        "slot_at": slot_at,
                        "status": status,
                        "started_at": now,
                        "finished_at": now if is_skipped else None,
                        "detail": _SKIPPED if is_skipped else "",
                        "attempts": 0 if is_skipped else 1,
                        "held_until": None if is_skipped else now + LEASE,
                    }
                )
            )
    except IntegrityError:
        return False
    return True


def _is_slot(task: str, slot_at: datetime, of: Column[Any]) -> tuple[ColumnElement[bool], ...]:
    return of == task, of.table.c.slot_at == slot_at
