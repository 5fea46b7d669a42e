"""`tocsin demo`: the whole way once, on the simulated world."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from data.regions import list_region_sets, save_region_set
from data.simulate import simulate_world
from models.registry import list_models
from service.cli.output import progress_bar, say
from service.cli.serve import HostOption, PortOption, serve_session
from service.cli.session import Session, open_session
from service.cli.train import train_set
from service.ingestion import ingest_new
from service.pipeline import run_cycle
from service.publication_store import list_publications
from service.slots import slots_between

DEMO_SET = "demo"
_YEARS_PUBLISHED = 2


def demo(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    years: Annotated[
        int, typer.Option(min=1, max=10, help="Years of publications to make before today.")
    ] = _YEARS_PUBLISHED,
    serves: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the result when it is ready.")
    ] = True,
) -> None:
    """Simulates a Sahel, trains, publishes month by month up to today, and serves the result.

    Everything in it is simulated, and every page, feed and document says so. What is done already
    is not done again, so that a second run starts in seconds.

    Example: tocsin demo --port 8080
    """
    with open_session() as session:
        slots = publication_days(session, years)
        _make_world(session)
        _ingest(session, slots)
        _train(session, slots[0])
        _publish(session, slots)
        if serves:
            serve_session(session, host, port)
        else:
            say("The demo is ready: `tocsin serve` shows it.")


def publication_days(session: Session, years: int) -> list[date]:
    """Returns the days of the cycle in the last `years`, oldest first."""
    now = session.clock()
    since = now - timedelta(days=round(365.25 * years))
    return [slot.date() for slot in slots_between(session.settings.cycle_cron, since, now)]


def _make_world(session: Session) -> None:
    with session.database.write() as connection:
        if DEMO_SET not in [region_set.name for region_set in list_region_sets(connection)]:
            world = simulate_world(session.today(), session.settings.seed)
            save_region_set(connection, world.region_set, session.clock())
            say(f"Made the simulated region set {DEMO_SET}.")
