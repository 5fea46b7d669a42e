"""The ticker: looks now and then whether a cycle or a message is due, and does it.

What is due lies in the database (`service.slots`, the outbox), never in the ticker: it holds no
state, so a restart loses nothing and two processes do nothing twice. After a pause only the newest
slot that was missed is run.

Only sets whose source can be fetched are scored here. A set that is fed by hand (a GED file, say)
is scored by `tocsin score`; until then its pages say how old its publication is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

from data.database import Database
from data.errors import TocsinError
from data.regions import list_region_sets
from service.alerts.outbox import deliver_due
from service.clock import Clock, system_clock
from service.fetching import ingest_new, is_fetchable
from service.pipeline import run_cycle
from service.settings import Settings
from service.slots import SlotStatus, claim_slot, finish_slot, has_row, newest_slot

CYCLE_TICK_SECONDS = 20

_log = logging.getLogger("tocsin.scheduler")


class Ticker:
    """Runs due cycles and deliveries in the background, each at most once at a time.

    Args:
        database: The open database.
        settings: The settings in force.
        clock: The clock; it decides what is due. The ticking itself is by the machine's time.

    Raises:
        SettingsError: The cron line cannot be read.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        newest_slot(settings.cycle_cron, clock())
        self._scheduler = BackgroundScheduler(timezone="UTC")
        jobs: tuple[tuple[Callable[..., object], int], ...] = (
            (tick_cycles, CYCLE_TICK_SECONDS),
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
    """Runs the newest due slot of every fetched set, if nobody has; returns the sets that ran.

    A cycle that fails marks its slot failed and leaves the last publication served. One set's
    failure does not keep another from running.
    """
    slot_at = newest_slot(settings.cycle_cron, clock())
    if slot_at is None:
        return []
    with database.read() as connection:
        due = [
            region_set.name
            for region_set in list_region_sets(connection)
            if is_fetchable(region_set)
            and not has_row(connection, region_set.name, slot_at, clock())
        ]
    ran = []
    for name in due:
        if not claim_slot(database, name, slot_at, clock()):
            continue
        status: SlotStatus = "failed"
        detail = "The cycle failed; the log says why."
        try:
            ingest_new(database, settings, clock, region_set=name)
            report = run_cycle(database, settings, clock, region_set=name, as_of=slot_at.date())
            status, detail = "done", report.summary
        except TocsinError as error:
            detail = f"{error.code}: {error}"
            _log.warning("The cycle of %s at %s failed: %s", name, slot_at, error)
        except Exception:
            _log.exception("The cycle of %s at %s failed", name, slot_at)
        with database.write() as connection:
            finish_slot(connection, name, slot_at, status=status, now=clock(), detail=detail)
        ran.append(name)
    return ran


def tick_outbox(database: Database, settings: Settings, clock: Clock) -> None:
    """Sends the messages that are due."""
    deliver_due(database, settings, clock)


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
