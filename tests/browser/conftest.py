"""A real server on loopback with made-up scores, and Debian's Chromium without JavaScript."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, sync_playwright
from sqlalchemy import insert

from data.calendar import last_complete_period, period_end
from data.database import open_database
from data.regions import RegionSet, read_region_file, save_region_set
from data.simulate import simulate_world
from models.score import Contribution
from service.alerts.evaluate import evaluate_publication
from service.alerts.rule_store import apply_default_rules
from service.app import make_app
from service.feeds import csv_feed, geojson_feed, json_feed
from service.publications.publication import Attribution, Publication, PublishedScore
from service.publications.store import number_publication, store_publication
from service.settings import Settings
from service.tables import verifications

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOW = datetime(2022, 1, 20, 9, 0, tzinfo=UTC)
SEED = 7
ServeApp = Callable[[Callable[[str], Any]], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for pictures: TOCSIN_TEST_SCREENSHOT_DIR, else one that pytest throws away."""
    given = os.environ.get("TOCSIN_TEST_SCREENSHOT_DIR")
    if given is None:
        return tmp_path_factory.mktemp("screenshots")
    folder = Path(given)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real files."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("TOCSIN_TEST_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"The real files are not there: {folder}")
    return folder


# Playwright keeps an event loop running in this thread while it is open, so it closes with the
# module: other tests run loops of their own.
@pytest.fixture(scope="module")
def open_context(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a browser with a new empty profile, without JavaScript."""
    if not CHROMIUM.exists():
        pytest.skip(f"Chromium is not installed: {CHROMIUM}")
    opened: list[BrowserContext] = []
    with sync_playwright() as playwright:

        def open_one(width: int, scheme: str = "light") -> BrowserContext:
            context = playwright.chromium.launch_persistent_context(
                tmp_path_factory.mktemp("profile"),
                executable_path=CHROMIUM,
                args=FLAGS,
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                java_script_enabled=False,
            )
            # A busy machine may take any time; 30 seconds are Playwright's own.
            context.set_default_timeout(300_000)
            opened.append(context)
            return context

        yield open_one
        for context in opened:
            context.close()


@pytest.fixture(scope="session")
def schematic_site(tmp_path_factory: pytest.TempPathFactory, serve_app: ServeApp) -> Iterator[str]:
    """Address of a server with the simulated map."""
    region_set = simulate_world(date(2021, 1, 31), SEED).region_set
    with (
        publish(region_set, tmp_path_factory.mktemp("schematic")) as app,
        serve_app(lambda _: app) as address,
    ):
        yield address


@pytest.fixture(scope="session")
def real_site(
    tmp_path_factory: pytest.TempPathFactory, shared_data: Path, serve_app: ServeApp
) -> Iterator[str]:
    """Address of a server with the real map of the Sahel, and scores that are made up."""
    region_set = read_region_file(
        shared_data / "sahel_admin1.geojson",
        name="sahel",
        id_property="pcode",
        name_property="name",
        country_property="iso3",
        attribution="© OpenStreetMap contributors, ODbL",
    )
    with (
        publish(region_set, tmp_path_factory.mktemp("real")) as app,
        serve_app(lambda _: app) as address,
    ):
        yield address


@contextmanager
def publish(region_set: RegionSet, state_dir: Path) -> Iterator[Any]:
    """Publishes three months of made-up scores; yields the application that shows them."""
    settings = Settings(state_dir=state_dir)
    database = open_database(settings.resolved_database_url)
    with database.write() as connection:
        save_region_set(connection, region_set, NOW)
        apply_default_rules(connection, NOW)
        for as_of in (date(2021, 11, 15), date(2021, 12, 15), date(2022, 1, 15)):
            publication = number_publication(connection, make_up(region_set, as_of, settings))
            documents = [
                each.render(publication, region_set) for each in (csv_feed, json_feed, geojson_feed)
            ]
            stored = store_publication(connection, publication, documents)
            evaluate_publication(connection, stored, settings=settings, now=NOW)
            if as_of < date(2022, 1, 1):
                connection.execute(insert(verifications), verify(stored))
    yield make_app(database, settings, lambda: NOW)
    database.close()


def verify(publication: Publication) -> list[dict[str, Any]]:
    """Returns rows of the track record: what is made up to have come, one month ahead."""
    rows = []
    for score in publication.scores:
        if score.horizon == 1 and score.risk_score is not None:
            came = random.Random(f"{SEED} {score.region_id}").random() < score.risk_score
            rows.append(
                {
                    "publication_id": publication.publication_id,
                    "region_set": publication.region_set,
                    "region_id": score.region_id,
                    "as_of": date(2022, 1, 15),
                    "outcome": score.outcome,
                    "horizon": 1,
                    "origin": publication.origin,
                    "is_live": True,
                    "is_model": True,
                    "risk_score": score.risk_score,
                    "level": score.level,
                    "climatology": 0.14,
                    "conflictology": 0.25,
                    "threshold": 10.0,
                    "deaths": 12.0 if came else 3.0,
                    "observed": came,
                }
            )
    return rows


def make_up(region_set: RegionSet, as_of: date, settings: Settings) -> Publication:
    """Returns a publication of drawn scores: one region without, 6 months baseline only."""
    origin = last_complete_period(as_of, "month")
    scores = []
    for horizon in settings.horizons:
        for place, region in enumerate(region_set.regions):
            draw = random.Random(f"{SEED} {region.region_id} {horizon} {as_of}")
            log_odds = draw.gauss(-1.7, 1.3)
            risk = 1 / (1 + math.exp(-log_odds))
            status = "stale" if place == 3 else "baseline_only" if horizon == 6 else "ok"
            served = None if status == "stale" else risk
            scores.append(
                PublishedScore(
                    region_id=region.region_id,
                    region_name=region.name,
                    country=region.country,
                    outcome="escalation",
                    horizon=horizon,
                    status=status,
                    risk_score=served,
                    level=None if served is None else settings.level_of(served),
                    change=draw.uniform(-0.2, 0.2) if status == "ok" else None,
                    model_probability=served,
                    climatology=0.14,
                    threshold=10.0 * horizon,
                    base_log_odds=-2.0,
                    contributions=(
                        Contribution(
                            "d3", "Deaths in the last 3 months", 41.0, "deaths", log_odds + 1
                        ),
                        Contribution("s", "Season of the forecast window", 0.7, "1", 1.0),
                    ),
                    reason="The data end in 2021-06." if status == "stale" else "",
                )
            )
    return Publication(
        region_set=region_set.name,
        as_of=as_of,
        revision=1,
        step="month",
        origin=origin,
        data_cutoff=period_end(origin, "month"),
        published_at=datetime.combine(as_of, time(6), UTC),
        model_version=f"{region_set.name}-escalation-20211115-00000000",
        outcome_version="escalation-1",
        is_simulated=region_set.source == "simulated",
        is_schematic=region_set.is_schematic,
        attributions=(Attribution("shapes", "ODbL-1.0", region_set.attribution),),
        previous_as_of=None,
        manifest={"levels": settings.levels},
        scores=tuple(scores),
    )
