"""`tocsin demo`: the whole way once, on the simulated world."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from data.regions import list_set_names, save_region_set
from data.simulate import simulate_world
from models.registry import list_models
from service.cli.output import progress_bar, say
from service.cli.serve import HostOption, PortOption, address_of, serve_session
from service.cli.session import Session, open_session
from service.intake.fetching import ingest_new
from service.modelling.training import train_outcomes
from service.pipeline import run_cycle
from service.publications.store import list_publications
from service.schedule.schedules import general_schedule, slots_between

DEMO_SET = "demo"
_LEARNING_DAYS = 600
"""Releases from so long before the first publication are taken in too: they teach how fast a month
fills up, which takes some months that a year has settled."""


def demo(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    months: Annotated[
        int, typer.Option(min=1, max=60, help="Months of publications up to today.")
    ] = 18,
    serves: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the result when it is ready.")
    ] = True,
) -> None:
    """Simulates a Sahel, trains, publishes month by month up to today, and serves the result.

    Everything in it is simulated, and every page, feed and document says so. What is done already
    is not done again, so that a second run starts in seconds.

    Example: tocsin demo --port 8080
    """
    with open_session(address_of(host, port)) as session:
        days = _publication_days(session, months)
        _make_world(session)
        _ingest(session, days[0])
        _train(session, days[0])
        _publish(session, days)
        if serves:
            serve_session(session, host, port)
        else:
            say("The demo is ready: `tocsin serve` shows it.")


def _publication_days(session: Session, months: int) -> list[date]:
    """Returns the days on which the demo's cycle was due in the last months; today if none was."""
    now = session.clock()
    since = now - timedelta(days=round(30.4375 * months))
    schedule = general_schedule(session.settings, "month")
    due = [slot.date() for slot in slots_between(schedule, since, now)]
    return sorted(set(due)) or [now.date()]


def _make_world(session: Session) -> None:
    with session.database.read() as connection:
        if DEMO_SET in list_set_names(connection):
            return
    world = simulate_world(session.today(), session.settings.seed, name=DEMO_SET)
    with session.database.write() as connection:
        save_region_set(connection, world.region_set, session.clock())


def _ingest(session: Session, first_day: date) -> None:
    with progress_bar("Ingesting the simulated releases") as on_progress:
        ingest_new(
            session.database,
            session.settings,
            session.clock,
            region_set=DEMO_SET,
            since=first_day - timedelta(days=_LEARNING_DAYS),
            on_progress=on_progress,
        )


def _train(session: Session, as_of: date) -> None:
    with session.database.read() as connection:
        if list_models(connection, DEMO_SET):
            return
    with progress_bar("Training") as on_progress:
        run = train_outcomes(
            session.database,
            session.settings,
            session.clock,
            region_set=DEMO_SET,
            as_of=as_of,
            on_progress=on_progress,
        )
    for report in run.reports:
        say(f"Trained {report.model_version} on what was known on {as_of}.")


def _publish(session: Session, days: list[date]) -> None:
    with session.database.read() as connection:
        published = {head.as_of for head in list_publications(connection, DEMO_SET)}
    newest = max(published, default=date.min)
    missing = [day for day in days if day > newest]
    if not missing:
        return
    with progress_bar("Publishing") as on_progress:
        for number, day in enumerate(missing):
            on_progress(number, len(missing), f"as of {day}")
            run_cycle(
                session.database, session.settings, session.clock, region_set=DEMO_SET, as_of=day
            )
        on_progress(len(missing), len(missing), "")
