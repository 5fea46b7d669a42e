"""A small world for tests of the service: four square regions, publications made by hand."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from shapely.geometry import MultiPolygon, Polygon, box

from data.calendar import last_complete_period, period_end
from data.database import Database, open_database
from data.regions import Region, RegionSet, save_region_set
from data.simulate import simulate_world
from models.score import Contribution
from service.api.handlers import install_problem_handlers
from service.api.openapi import build_openapi
from service.api.router import make_api
from service.feeds.formats import render_documents
from service.intake.fetching import ingest_new
from service.modelling.training import train_set
from service.publications.publication import Attribution, Publication, PublishedScore
from service.publications.store import number_publication, store_publication
from service.settings import Settings

NOW = datetime(2022, 1, 16, 6, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The present moment of the tests."""
    return NOW


@pytest.fixture
def clock(now: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: now


@pytest.fixture
def settings(
    tmp_path: Path, backend: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings with their state in a folder of the test; commands find the same database."""
    url = request.getfixturevalue("postgres_url") if backend == "postgres" else None
    if url is not None:
        monkeypatch.setenv("TOCSIN_DATABASE_URL", url)
    return Settings(state_dir=tmp_path / "state", database_url=url)


@pytest.fixture(scope="session")
def empty_database_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once and copied."""
    path = tmp_path_factory.mktemp("template") / "tocsin.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database(empty_database_file: Path, settings: Settings) -> Iterator[Database]:
    """An empty database in the state folder."""
    settings.state_dir.mkdir()
    if settings.database_url is None:
        shutil.copy(empty_database_file, settings.state_dir / "tocsin.db")
    opened = open_database(settings.resolved_database_url)
    yield opened
    opened.close()


@pytest.fixture
def region_set() -> RegionSet:
    """Four regions of two countries: clockwise rings, a hole, an island, awkward names."""
    clockwise = Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])
    with_hole = Polygon(
        [(1, 0), (2, 0), (2, 1), (1, 1)], [[(1.2, 0.2), (1.4, 0.2), (1.4, 0.4), (1.2, 0.4)]]
    )
    islands = MultiPolygon([box(0, 1, 1, 2), box(-3.123456789, 1.1, -2.987654321, 1.2)])
    return RegionSet(
        name="squares",
        kind="custom",
        step="month",
        source="ged",
        is_schematic=False,
        attribution="Shapes: made for tests",
        regions=(
            Region("AA01", "Ségou, nord", "AAA", clockwise),
            Region("AA02", '=SUM("A1")', "AAA", with_hole),
            Region("BB01", "@home", "BBB", islands),
            Region("BB02", "Tillabéri", "BBB", box(1, 1, 2, 2)),
        ),
        neighbours=((1, 2), (0, 3), (0, 3), (1, 2)),
    )


@pytest.fixture
def squares(database: Database, region_set: RegionSet, now: datetime) -> Database:
    """A database that holds the region set."""
    with database.write() as connection:
        save_region_set(connection, region_set, now)
    return database


class Browser:
    """Asks an ASGI application without a server, one request at a time."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://test", trust_env=False
            ) as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> httpx.Response:
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Any) -> httpx.Response:
        return self.request("OPTIONS", path, **options)


@pytest.fixture(scope="session")
def browse() -> type[Browser]:
    """Makes a client of an ASGI application."""
    return Browser


MakePublication = Callable[..., Publication]


@pytest.fixture
def make_publication(region_set: RegionSet, settings: Settings, now: datetime) -> MakePublication:
    """Makes a publication; `risk` maps (region_id, horizon) to a risk score or None for stale."""

    def make(
        as_of: date = date(2022, 1, 15),
        risk: dict[tuple[str, int], float | None] | None = None,
        **changes: Any,
    ) -> Publication:
        given = risk or {}
        origin = last_complete_period(as_of, "month")
        scores = []
        for horizon in (1, 3):
            for position, region in enumerate(region_set.regions):
                value = given.get((region.region_id, horizon), 0.05 + position / 7 + horizon / 100)
                scores.append(
                    PublishedScore(
                        region_id=region.region_id,
                        region_name=region.name,
                        country=region.country,
                        outcome="escalation",
                        horizon=horizon,
                        status="stale" if value is None else "ok",
                        risk_score=value,
                        level=None if value is None else settings.level_of(value),
                        change=None if value is None or position else -0.0123456789,
                        model_probability=value,
                        climatology=0.1,
                        threshold=12.5,
                        base_log_odds=-2.0,
                        contributions=(
                            Contribution("deaths_3", "Deaths in 3 months", 12.0, "deaths", 0.75),
                            Contribution("since_event", "Months since", None, "months", -1 / 3),
                        ),
                        reason="The data end in 2021-08." if value is None else "",
                    )
                )
        content: dict[str, Any] = {
            "region_set": region_set.name,
            "as_of": as_of,
            "revision": 1,
            "step": "month",
            "origin": origin,
            "data_cutoff": period_end(origin, "month"),
            "published_at": now,
            "model_version": "squares-2022-01-15-abc",
            "outcome_version": "escalation-1",
            "is_simulated": False,
            "is_schematic": False,
            "attributions": (Attribution("ged", "CC-BY-4.0", "UCDP GED, Uppsala University"),),
            "previous_as_of": None,
            "manifest": {"model": {"skill": {"1": 0.1}}, "levels": settings.levels},
            "scores": tuple(scores),
        }
        return Publication(**(content | changes))

    return make


@pytest.fixture
def publish(squares: Database, region_set: RegionSet) -> Callable[[Publication], Publication]:
    """Stores a publication with its documents under its next revision."""

    def store(publication: Publication) -> Publication:
        with squares.write() as connection:
            numbered = number_publication(connection, publication)
            documents = render_documents(numbered, region_set)
            return store_publication(connection, numbered, documents)

    return store


@pytest.fixture(scope="session")
def openapi_document() -> dict[str, Any]:
    """The OpenAPI document; it describes routes and needs no database."""
    nothing: Any = None
    return build_openapi(make_api(nothing, Settings(), lambda: NOW))


@pytest.fixture(scope="session")
def api_of_any_database() -> tuple[Database, FastAPI]:
    """The API, made once, and the database object that it asks: tests put their engine in."""
    engine: Any = None
    database = Database(engine)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.include_router(make_api(database, Settings(), lambda: NOW))
    return database, app


@pytest.fixture
def api(squares: Database, api_of_any_database: tuple[Database, FastAPI]) -> Browser:
    """A client of the API on the database `squares`."""
    database, app = api_of_any_database
    database.engine = squares.engine
    return Browser(app)


@pytest.fixture
def ask(api: Browser, openapi_document: dict[str, Any]) -> Callable[..., httpx.Response]:
    """Asks the API and holds each answer against the OpenAPI document."""

    def call(path: str, template: str | None = None, **parameters: Any) -> httpx.Response:
        answer = api.get(f"/api/v1{path}", params=parameters)
        operation = openapi_document["paths"][f"/api/v1{template or path}"]["get"]
        content = operation["responses"][str(answer.status_code)]["content"]
        media_type = answer.headers["content-type"].partition(";")[0]
        components = {"components": openapi_document["components"]}
        Draft202012Validator(content[media_type]["schema"] | components).validate(answer.json())
        return answer

    return call


@dataclass(frozen=True)
class Demo:
    """A simulated world with two deliveries, a trained model, and nothing published."""

    database: Database
    settings: Settings
    clock: Callable[[], datetime]


def _demo_settings(state_dir: Path, database_url: str | None = None) -> Settings:
    return Settings(
        state_dir=state_dir,
        database_url=database_url,
        horizons=(1, 3),
        backtest_years=1,
        refit_every_months=12,
        bootstrap_draws=100,
        train_from="2014-01",
    )


def _fill_demo(settings: Settings) -> None:
    database = open_database(settings.resolved_database_url)
    with database.write() as connection:
        save_region_set(
            connection, simulate_world(date(2021, 12, 31), settings.seed).region_set, NOW
        )
    ingest_new(database, settings, lambda: NOW, region_set="demo", since=date(2021, 12, 15))
    train_set(database, settings, lambda: NOW, region_set="demo", as_of=date(2021, 12, 15))
    database.close()


@pytest.fixture(scope="session")
def demo_template(empty_database_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of the demo, made once and copied."""
    folder = tmp_path_factory.mktemp("demo-template")
    shutil.copy(empty_database_file, folder / "tocsin.db")
    _fill_demo(_demo_settings(folder))
    return folder


@pytest.fixture(scope="session")
def postgres_demo_template(
    postgres_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The state folder of the demo and the name of its database, made once and copied."""
    folder = tmp_path_factory.mktemp("demo-template")
    name = postgres_server.copy()
    _fill_demo(_demo_settings(folder, postgres_server.url(name)))
    return folder, name


@pytest.fixture(scope="session")
def copy_demo(demo_template: Path) -> Callable[[Path], AbstractContextManager[Demo]]:
    """Makes a copy of the demo in a folder and opens it."""

    @contextmanager
    def copy(folder: Path) -> Iterator[Demo]:
        shutil.copytree(demo_template, folder, dirs_exist_ok=True)
        settings = _demo_settings(folder)
        database = open_database(settings.resolved_database_url)
        yield Demo(database, settings, lambda: NOW)
        database.close()

    return copy


@contextmanager
def _copy_demo_on_postgres(server: Any, template: tuple[Path, str], folder: Path) -> Iterator[Demo]:
    shutil.copytree(template[0], folder)
    name = server.copy(template[1])
    settings = _demo_settings(folder, server.url(name))
    database = open_database(settings.resolved_database_url)
    yield Demo(database, settings, lambda: NOW)
    database.close()
    server.drop(name)


@pytest.fixture
def demo(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Demo]:
    """A copy of the demo of one's own; commands find the same database."""
    if backend == "sqlite":
        copied = request.getfixturevalue("copy_demo")(tmp_path / "demo")
    else:
        server, template = map(
            request.getfixturevalue, ("postgres_server", "postgres_demo_template")
        )
        copied = _copy_demo_on_postgres(server, template, tmp_path / "demo")
    with copied as opened:
        if backend == "postgres":
            monkeypatch.setenv("TOCSIN_DATABASE_URL", opened.settings.resolved_database_url)
        yield opened
