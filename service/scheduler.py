"""The ticker: looks now and then whether a fetch, a cycle or a message is due, and does it.

What is due lies in the database (`service.schedule.slots`, the outbox), never in the ticker: it
holds no state, so a restart loses nothing and two processes do nothing twice. After a pause the
slots that were missed are caught up with in order, at most so many as settings say. A cycle that
fails is tried again later, and until then the last publication stays served with its age.

A set is scored here if settings give it a schedule or its source is fetched on one. Any other is
scored by `tocsin score`; until then its pages say how old its publication is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from structlog.contextvars import bound_contextvars

from data.database import Database
from data.errors import TocsinError
from data.regions import RegionSetHead, list_set_heads
from service.alerts.delivery import deliver_due
from service.clock import Clock, system_clock
from service.health.heartbeat import send_heartbeat
from service.health.watch import judge_cycle, report_conditions, watch_lateness
from service.intake.fetching import ingest_new, is_fetchable
from service.pipeline import run_cycle
from service.schedule.fetch_plans import check_fetches
from service.schedule.scheduled_fetches import tick_fetches
from service.schedule.schedules import check_schedules, schedule_of
from service.schedule.slots import (
    SlotStatus,
    check_attempts,
    claim_slot,
    find_due,
    find_slot,
    finish_slot,
    hold_slot,
    skip_slot,
)
from service.settings import Settings

CYCLE_TICK_SECONDS = 20

_log = logging.getLogger("tocsin.scheduler")


class Ticker:
    """Runs due fetches, cycles and deliveries, and watches, each at most once at a time.

    Args:
        database: The open database.
        settings: The settings in force.
        clock: The clock; it decides what is due. The ticking itself is by the machine's time.

    Raises:
        SettingsError: A cron line or time zone cannot be read, or a fetch lacks what it needs.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        check_schedules(settings, clock())
        check_fetches(settings, clock().date())
        self._scheduler = BackgroundScheduler(timezone="UTC")
        jobs: tuple[tuple[Callable[..., object], int], ...] = (
            (tick_fetches, CYCLE_TICK_SECONDS),
            (tick_cycles, CYCLE_TICK_SECONDS),
            (watch_lateness, CYCLE_TICK_SECONDS),
            (tick_outbox, settings.deliver_every_seconds),
        )
        for job, seconds in jobs:
            self._scheduler.add_job(
                _guard,
                "interval",
                args=(job, database, settings, clock),
                seconds=seconds,
                name=job.__name__,
                coalesce=True,
                max_instances=1,
                next_run_time=system_clock(),
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Starts ticking, the first time at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stops ticking; what runs is finished."""
        self._scheduler.shutdown(wait=True)


def tick_cycles(database: Database, settings: Settings, clock: Clock) -> list[str]:
    """Runs the due slots of every scheduled set, oldest first, unless another process has them.

    One set's failure does not keep another from running.

    Returns:
        The name of the set for every slot that was run, well or not.
    """
    with database.read() as connection:
        region_sets = list_set_heads(connection)
    ran = []
    for region_set in region_sets:
        name, schedule = region_set.name, schedule_of(settings, region_set)
        if schedule is None:
            continue
        with database.read() as connection:
            due = find_due(connection, name, schedule, clock(), at_most=settings.catch_up_slots)
        for slot_at in due.skip:
            _log.warning("The slot %s of %s was missed and is skipped", slot_at, name)
            skip_slot(database, name, slot_at, clock())
        for slot_at in due.run:
            if claim_slot(database, name, slot_at, clock()):
                with (
                    bound_contextvars(slot=f"{name}/{slot_at:%Y-%m-%dT%H:%MZ}"),
                    hold_slot(database, name, slot_at, clock),
                ):
                    _run_slot(database, settings, clock, region_set, slot_at)
                ran.append(name)
    return ran


def tick_outbox(database: Database, settings: Settings, clock: Clock) -> None:
    """Sends the messages that are due."""
    deliver_due(database, settings, clock)


def _run_slot(
    database: Database,
    settings: Settings,
    clock: Clock,
    region_set: RegionSetHead,
    slot_at: datetime,
) -> None:
    """Runs the cycle of a claimed slot and writes what became of it."""
    name = region_set.name
    status: SlotStatus = "failed"
    problem: TocsinError | None = None
    detail = "The cycle failed; the log says why."
    try:
        check_attempts(database, name, slot_at, settings.cycle_attempts)
        if is_fetchable(region_set):
            ingest_new(database, settings, clock, region_set=name)
        report = run_cycle(database, settings, clock, region_set=name, as_of=slot_at.date())
        status, detail = "done", report.summary
        send_heartbeat(database, settings, clock, region_set=name, as_of=report.as_of)
    except TocsinError as error:
        problem = error
        detail = f"{error.code}: {error}"
        _log.warning("The cycle of %s at %s failed: %s", name, slot_at, error)
    except Exception:
        _log.exception("The cycle of %s at %s failed", name, slot_at)
    now = clock()
    with database.write() as connection:
        slot = find_slot(connection, name, slot_at)
        attempts = 1 if slot is None else slot.attempts
        retry_at = None
        if status == "failed" and attempts < settings.cycle_attempts:
            retry_at = now + timedelta(minutes=settings.cycle_retry_minutes * 2 ** (attempts - 1))
        finish_slot(
            connection, name, slot_at, status=status, now=now, detail=detail, retry_at=retry_at
        )
        is_given_up = status == "failed" and retry_at is None
        if status == "done" or problem is not None or is_given_up:
            found = judge_cycle(name, problem, detail, is_given_up=is_given_up)
            report_conditions(connection, found, settings, now)
    if is_given_up:
        _log.error("The cycle of %s at %s is given up after %d tries", name, slot_at, attempts)


def _guard(
    job: Callable[[Database, Settings, Clock], object],
    database: Database,
    settings: Settings,
    clock: Clock,
) -> None:
    # A tick that fails, because the database is away for a moment, must not end the ticking.
    try:
        job(database, settings, clock)
    except Exception:
        _log.exception("%s failed; it is tried again", job.__name__)
