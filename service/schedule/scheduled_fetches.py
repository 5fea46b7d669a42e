"""Fetching on schedule: each source that settings name, once per slot, into the one way in.

A fetch that fails changes nothing that is stored and is tried again with growing waits; what is
given up, and a delivery that is held, opens `fetch_failing`, which the next good fetch ends. Only
the newest missed slot is caught up with: what a source says now holds what it said before.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from structlog.contextvars import bound_contextvars

from data.database import Database
from data.errors import TocsinError
from data.store import DeliveryReport, coverage_known_at
from service.alerts.system import report_condition
from service.clock import Clock
from service.intake.fetching import fetch_acled_changes, fetch_source
from service.schedule.fetch_plans import check_fetch, fetch_schedule, plan_query
from service.schedule.schedules import next_slot
from service.schedule.slots import (
    FETCHES,
    Slot,
    SlotStatus,
    check_attempts,
    claim_slot,
    find_due,
    find_slot,
    finish_slot,
    hold_slot,
    list_slots,
    skip_slot,
)
from service.settings import OwnFetch, Settings

_log = logging.getLogger("tocsin.fetches")

_FINAL = ("refused", "conflict", "settings", "usage", "unknown_name")
"""Codes of problems that trying again does not mend."""


@dataclass(frozen=True)
class FetchState:
    """How a scheduled fetch stands.

    Attributes:
        name: Its name.
        source: The source.
        problem: Why it cannot be carried out as it is planned; empty if it can.
        slot: The newest slot that has a row; None before the first.
        due_at: When it is due next, a retry included; None if it never is.
    """

    name: str
    source: str
    problem: str
    slot: Slot | None
    due_at: datetime | None

    @property
    def is_failing(self) -> bool:
        """True if it cannot be carried out, or failed when it was last begun."""
        return bool(self.problem) or (self.slot is not None and self.slot.status == "failed")


def list_fetch_states(
    database: Database, settings: Settings, now: datetime
) -> tuple[FetchState, ...]:
    """Returns how every fetch stands that settings name, in their order."""
    states = []
    with database.read() as connection:
        for name, plan in settings.fetches.items():
            problem, due_at = "", None
            try:
                check_fetch(settings, name, plan, now.date())
                due_at = next_slot(fetch_schedule(plan), now)
            except TocsinError as error:
                problem = str(error)
            newest = next(iter(list_slots(connection, name, FETCHES)), None)
            if newest is not None and newest.retry_at is not None:
                due_at = newest.retry_at
            states.append(FetchState(name, plan.source, problem, newest, due_at))
    return tuple(states)


def tick_fetches(database: Database, settings: Settings, clock: Clock) -> list[str]:
    """Fetches what is due, unless another process has it; one failure keeps no other from running.

    Returns:
        The name of every fetch that was run, well or not.
    """
    ran = []
    for name, plan in settings.fetches.items():
        with database.read() as connection:
            due = find_due(connection, name, fetch_schedule(plan), clock(), at_most=1, of=FETCHES)
        for slot_at in (*due.skip, *due.run[:-1]):
            skip_slot(database, name, slot_at, clock(), FETCHES)
        for slot_at in due.run[-1:]:
            if claim_slot(database, name, slot_at, clock(), FETCHES):
                with (
                    bound_contextvars(fetch=f"{name}/{slot_at:%Y-%m-%dT%H:%MZ}"),
                    hold_slot(database, name, slot_at, clock, FETCHES),
                ):
                    _run_fetch(database, settings, clock, name, slot_at)
                ran.append(name)
    return ran


def _run_fetch(
    database: Database, settings: Settings, clock: Clock, name: str, slot_at: datetime
) -> None:
    """Runs the fetch of a claimed slot and writes what became of it."""
    status: SlotStatus = "failed"
    is_final = False
    detail = "The fetch failed; the log says why."
    try:
        check_attempts(database, name, slot_at, settings.cycle_attempts, FETCHES)
        reports = _fetch(database, settings, clock, settings.fetches[name])
        status, detail = "done", _describe(reports)
        _log.info("%s: %s", name, detail)
    except TocsinError as problem:
        detail = f"{problem.code}: {problem}"
        is_final = problem.code in _FINAL
        _log.warning("The fetch %s failed: %s", name, problem)
    except Exception:
        _log.exception("The fetch %s failed", name)
    now = clock()
    with database.write() as connection:
        slot = find_slot(connection, name, slot_at, FETCHES)
        attempts = 1 if slot is None else slot.attempts
        retry_at = None
        if status == "failed" and not is_final and attempts < settings.cycle_attempts:
            retry_at = now + timedelta(minutes=settings.cycle_retry_minutes * 2 ** (attempts - 1))
        finish_slot(
            connection,
            name,
            slot_at,
            status=status,
            now=now,
            detail=detail,
            retry_at=retry_at,
            of=FETCHES,
        )
        if retry_at is None:
            report_condition(
                connection,
                "fetch_failing",
                name,
                is_bad=status == "failed",
                detail=detail,
                settings=settings,
                now=now,
            )


def _fetch(
    database: Database, settings: Settings, clock: Clock, plan: OwnFetch
) -> list[DeliveryReport]:
    query = plan_query(plan, clock().date())
    if plan.source == "acled" and plan.place is None:
        with database.read() as connection:
            known = coverage_known_at(connection, plan.source, clock())
        # Days that were delivered are not asked for again: ACLED says what changed in them.
        if set(query.countries) <= {span.country for span in known}:
            return [fetch_acled_changes(database, settings, clock)]
    return fetch_source(database, settings, clock, name=plan.source, query=query, place=plan.place)


def _describe(reports: list[DeliveryReport]) -> str:
    told = [
        f"{report.source} {report.vintage}: {report.n_added} new, {report.n_changed} changed, "
        f"{report.n_deleted} gone, {report.n_quarantined} refused"
        for report in reports
        if not report.already_stored
    ]
    return "; ".join(told) or "nothing new"
