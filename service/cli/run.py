"""`tocsin run`, `tocsin backfill`, `tocsin republish`: cycles by the schedule, and by hand."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, time
from typing import Annotated

import typer

from data.calendar import parse_day
from data.errors import UsageError
from data.regions import list_set_names, load_region_set
from service.cli.output import JsonOption, SetOption, print_json, progress_bar, say
from service.cli.session import Session, open_session
from service.logs import configure_logs
from service.pipeline import CycleReport, run_cycle
from service.publications.store import find_head, list_publications
from service.schedule.fetch_plans import check_fetches
from service.schedule.scheduled_fetches import tick_fetches
from service.schedule.schedules import general_schedule, schedule_of, slots_between
from service.schedule.slots import FETCHES, list_slots
from service.scheduler import Ticker, tick_cycles, tick_outbox


def run(
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due now, then end; for cron and systemd.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetches, runs cycles and sends messages that are due, without serving.

    Any number may run at once. With --once the exit code is 1 if a fetch or cycle failed.

    Example: tocsin run --once
    """
    with open_session() as session:
        configure_logs()
        if not once:
            _run_until_told(session)
            return
        check_fetches(session.settings, session.clock().date())
        tick_fetches(session.database, session.settings, session.clock)
        tick_cycles(session.database, session.settings, session.clock)
        tick_outbox(session.database, session.settings, session.clock)
        with session.database.read() as connection:
            found = [
                *(list_slots(connection, fetch, FETCHES) for fetch in session.settings.fetches),
                *(list_slots(connection, name) for name in list_set_names(connection)),
            ]
        newest = [slots[0] for slots in found if slots]
    if as_json:
        print_json(newest)
    else:
        for slot in newest:
            say(f"{slot.task} {slot.slot_at:%Y-%m-%d %H:%M} {slot.status}: {slot.detail}")
        if not newest:
            say("Nothing has a schedule: see TOCSIN_FETCHES and TOCSIN_SCHEDULES.")
    if any(slot.status == "failed" for slot in newest):
        raise typer.Exit(1)


def backfill(
    first: Annotated[str, typer.Option("--from", help="First day, e.g. 2021-01-01.")],
    last: Annotated[str, typer.Option("--to", help="Last day.")],
    name: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publishes what the schedule would have published between two days, oldest first.

    Each as-of uses only what was known then; a day that is published already is left alone. Only
    the newest as-of of a set sends messages.

    Example: tocsin backfill --set sahel --from 2021-01-01 --to 2021-12-31
    """
    with open_session() as session:
        region_set = session.set_name(name)
        begin, end = parse_day(first), parse_day(last)
        if begin > end:
            raise UsageError(f"--from {begin} lies after --to {end}.")
        now = session.clock()
        with session.database.read() as connection:
            stored = load_region_set(connection, region_set)
            published = {head.as_of for head in list_publications(connection, region_set)}
        general = general_schedule(session.settings, stored.step)
        schedule = schedule_of(session.settings, stored) or general
        since = datetime.combine(begin, time.min, UTC)
        until = datetime.combine(end, time.max, UTC)
        due = sorted({at.date() for at in slots_between(schedule, since, min(until, now))})
        missing = [day for day in due if day not in published]
        reports: list[CycleReport] = []
        with progress_bar(f"Publishing {region_set}") as on_progress:
            for number, day in enumerate(missing):
                on_progress(number, len(missing), f"as of {day}")
                reports.append(
                    run_cycle(
                        session.database,
                        session.settings,
                        session.clock,
                        region_set=region_set,
                        as_of=day,
                    )
                )
    if as_json:
        print_json(reports)
        return
    for report in reports:
        say(report.summary)
    say(f"{len(reports)} published, {len(due) - len(missing)} were there already.")


def republish(
    as_of: Annotated[str, typer.Option("--as-of", help="As-of of what is published again.")],
    reason: Annotated[str, typer.Option(help="Why, in one sentence: readers are told.")],
    name: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Scores an as-of again and publishes it as a new revision, which says why.

    The revision before stays reachable under its own address, and the Atom feed announces the new
    one.

    Example: tocsin republish --set sahel --as-of 2022-01-15 --reason "UCDP corrected November."
    """
    with open_session() as session:
        region_set, day = session.set_name(name), session.as_of(as_of)
        if not reason.strip():
            raise UsageError("--reason is empty.", "Readers want to know why.")
        with session.database.read() as connection:
            if find_head(connection, region_set, day) is None:
                raise UsageError(
                    f"'{region_set}' has no publication for {day}.", "Publish it: `tocsin score`."
                )
        with progress_bar(f"Scoring {region_set}") as on_progress:
            report = run_cycle(
                session.database,
                session.settings,
                session.clock,
                region_set=region_set,
                as_of=day,
                note=" ".join(reason.split()),
                on_progress=on_progress,
            )
    if as_json:
        print_json(report)
    else:
        say(report.summary)


def _run_until_told(session: Session) -> None:
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    ticker = Ticker(session.database, session.settings, session.clock)
    ticker.start()
    try:
        is_over.wait()
    finally:
        ticker.stop()
