"""A small region set, a database in which it is known, and publications of given scores."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from data.database import Database, open_database
from data.tables import region_sets, regions
from models.score import Contribution
from service.alerts.evaluate import AlertReport, evaluate_publication
from service.alerts.rule_store import apply_rules
from service.alerts.rules import Rule, parse_rule
from service.publications.publication import Attribution, Publication, PublishedScore
from service.publications.store import number_publication, store_publication
from service.settings import Settings
from service.tables import alert_events, outbox

REGIONS = {"ML01": ("Kayes", "MLI"), "ML05": ("Mopti", "MLI"), "NE06": ("Tillabéri", "NER")}
START = datetime(2022, 1, 15, 6, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **parts: float) -> None:
        self.now += timedelta(**parts)


class World:
    """Publishes scores and evaluates them, as a cycle does."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database = database
        self.clock = clock
        self.settings = settings

    def apply(self, *rules: Rule) -> None:
        with self.database.write() as connection:
            apply_rules(connection, rules, actor="awa", now=self.clock())

    def publish(
        self, as_of: date, values: Mapping[str, object], **changes: Any
    ) -> tuple[Publication, AlertReport]:
        publication = replace(make_publication(as_of, values), **changes)
        with self.database.write() as connection:
            numbered = number_publication(connection, publication)
            stored = store_publication(connection, numbered, [])
            report = evaluate_publication(
                connection, stored, settings=self.settings, now=self.clock()
            )
        return stored, report

    def events(self) -> list[dict[str, Any]]:
        """The living history, without what names a publication's row."""
        query = (
            select(alert_events)
            .where(~alert_events.c.is_superseded)
            .order_by(alert_events.c.as_of, alert_events.c.dedup_key, alert_events.c.sequence)
        )
        with self.database.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        for row in rows:
            del row["publication_id"]
        return rows

    def messages(self) -> list[dict[str, Any]]:
        query = select(outbox).order_by(outbox.c.publication_id, outbox.c.message_id)
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def month(number: int) -> date:
    """The as-of number 0, 1, …: the 15th of a month from January 2022 on."""
    return date(2022 + number // 12, number % 12 + 1, 15)


def make_score(region_id: str, value: object, horizon: int = 3) -> PublishedScore:
    """A score: a number, None for a stale region, or (status, number)."""
    by_number = ("stale" if value is None else "ok", value)
    status, risk_score = value if isinstance(value, tuple) else by_number
    name, country = REGIONS.get(region_id, (f"Region {region_id}", "BFA"))
    return PublishedScore(
        region_id=region_id,
        region_name=name,
        country=country,
        outcome="escalation",
        horizon=horizon,
        status=status,
        risk_score=risk_score,
        level=None,
        change=None,
        model_probability=risk_score,
        climatology=0.1,
        threshold=33.2,
        base_log_odds=-2.0,
        contributions=(
            Contribution("deaths_3", "deaths in the last 3 months", 41.0, "deaths", 0.8),
            Contribution("calm", "months since the last event", 0.0, "months", -0.3),
            Contribution("near", "deaths next door", None, "deaths", 0.2),
            Contribution("season", "share of rainy season", 0.5, "", 0.1),
        ),
        reason="" if status == "ok" else "no",
    )


def make_publication(as_of: date, values: Mapping[str, object]) -> Publication:
    """A publication whose scores are given by region."""
    origin = (as_of.year - 1970) * 12 + as_of.month - 2
    return Publication(
        region_set="sahel",
        as_of=as_of,
        revision=1,
        step="month",
        origin=origin,
        data_cutoff=date(as_of.year, as_of.month, 1) - timedelta(days=1),
        published_at=START,
        model_version="m-1",
        outcome_version="escalation-1",
        is_simulated=False,
        is_schematic=False,
        attributions=(Attribution("ged", "CC BY 4.0", "UCDP GED"),),
        previous_as_of=None,
        manifest={},
        scores=tuple(make_score(region_id, value) for region_id, value in values.items()),
    )


def make_rule(**changes: Any) -> Rule:
    """A rule with levels at 0.25 / 0.20 and 0.50 / 0.40, changed as asked."""
    body: dict[str, Any] = {
        "id": "risk",
        "name": "Risk of escalation",
        "why": "Somebody should look.",
        "measure": "risk_score",
        "selector": {"outcome": "escalation", "horizons": [3]},
        "levels": [
            {"name": "high", "enter": 0.25, "exit": 0.2},
            {"name": "very_high", "enter": 0.5, "exit": 0.4},
        ],
    }
    return parse_rule({**body, **changes})


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file with the region set in it."""
    path = tmp_path_factory.mktemp("template") / "t.db"
    _save_regions(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Any) -> str:
    """The name of a migrated database on PostgreSQL with the region set in it."""
    name: str = postgres_server.copy()
    _save_regions(postgres_server.url(name))
    return name


def _save_regions(url: str) -> None:
    database = open_database(url)
    with database.write() as connection:
        connection.execute(
            insert(region_sets).values(
                region_set="sahel",
                kind="admin1",
                step="month",
                source="ged",
                is_schematic=False,
                attribution="",
                imported_at=START,
            )
        )
        for position, (region_id, (name, country)) in enumerate(REGIONS.items()):
            connection.execute(
                insert(regions).values(
                    region_set="sahel",
                    region_id=region_id,
                    position=position,
                    name=name,
                    country=country,
                    geometry=b"",
                )
            )
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings() -> Settings:
    return Settings(public_url="https://tocsin.example")


def _do_not_wait(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def new_world(
    backend: str, tmp_path: Path, settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Callable[..., World]]:
    """Makes worlds, each with a database of its own."""
    opened: list[Database] = []
    copies: list[str] = []

    def open_sqlite() -> Database:
        path = tmp_path / f"world{len(opened)}.db"
        shutil.copy(request.getfixturevalue("template"), path)
        database = open_database(f"sqlite:///{path}")
        # No power is cut here, so nothing need wait for the disk.
        event.listen(database.engine, "connect", _do_not_wait)
        database.engine.dispose()
        return database

    def open_postgres() -> Database:
        server = request.getfixturevalue("postgres_server")
        copies.append(server.copy(request.getfixturevalue("postgres_template")))
        return open_database(server.url(copies[-1]))

    def make(settings: Settings = settings) -> World:
        opened.append(open_sqlite() if backend == "sqlite" else open_postgres())
        return World(opened[-1], Clock(), settings)

    yield make
    for database in opened:
        database.close()
    for name in copies:
        request.getfixturevalue("postgres_server").drop(name)


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    return new_world()


@pytest.fixture
def build() -> Any:
    """The builders of this file, for tests that need no database."""

    class Build:
        rule = staticmethod(make_rule)
        publication = staticmethod(make_publication)
        score = staticmethod(make_score)
        month = staticmethod(month)

    return Build
