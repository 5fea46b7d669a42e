"""What ACLED edited and deleted, laid over what was known, equals a whole fetch."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.database import Database, open_database
from data.errors import NothingKnown, SourceUnavailable
from data.sources import acled_api
from data.sources.contract import Query
from data.store import events_as_known
from service.intake.fetching import fetch_acled_changes, fetch_source
from service.settings import Settings

COLUMNS: dict[str, Any] = {
    "time_precision": 1,
    "event_type": "Battles",
    "sub_event_type": "Armed clash",
    "actor1": "JNIM",
    "inter1": "Rebel group",
    "actor2": "Forces",
    "inter2": "State forces",
    "country": "Mali",
    "admin1": "Mopti",
    "admin2": "",
    "latitude": 14.5,
    "longitude": -4.2,
    "geo_precision": 1,
    "source": "RFI",
    "fatalities": 4,
}


class Acled:
    """A table that is edited, behind the API."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, int] = {}
        self.asked: list[str] = []

    def put(self, key: str, day: str, touched: datetime, **values: Any) -> None:
        stamp = int(touched.timestamp())
        head = {"event_id_cnty": key, "event_date": day, "timestamp": stamp}
        self.rows[key] = {**head, **COLUMNS, **values}

    def drop(self, key: str, touched: datetime) -> None:
        del self.rows[key]
        self.deleted[key] = int(touched.timestamp())

    def __call__(self, request: Request) -> Response:
        if request.path == "/oauth/token":
            return self._answer({"access_token": "t"})
        self.asked.append(request.path)
        found: list[dict[str, Any]] = list(self.rows.values())
        if request.path.endswith("deleted/read"):
            found = [
                {"event_id_cnty": key, "deleted_timestamp": at} for key, at in self.deleted.items()
            ]
        for name in ("event_date", "timestamp", "deleted_timestamp"):
            if name in request.args:
                low, _, high = request.args[name].partition("|")
                found = [row for row in found if low <= str(row[name]) <= (high or "9")]
        limit = int(request.args["limit"])
        return self._answer({"status": 200, "success": True, "data": found[:limit]})

    @staticmethod
    def _answer(body: Any) -> Response:
        return Response(json.dumps(body), content_type="application/json")


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2024, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def acled(httpserver: HTTPServer) -> Acled:
    made = Acled()
    for path in ("/oauth/token", "/api/acled/read", "/api/deleted/read"):
        httpserver.expect_request(path).respond_with_handler(made)
    for number in range(20):
        made.put(f"MLI{number}", f"2024-02-{number + 1:02d}", at(1, number))
    return made


@pytest.fixture
def settings(httpserver: HTTPServer, tmp_path: Path) -> Settings:
    return Settings(
        state_dir=tmp_path / "var",
        acled_enabled=True,
        acled_username="u",
        acled_password="p",  # type: ignore[arg-type]
        acled_url=httpserver.url_for("").rstrip("/"),
    )


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """One database that is kept up with changes, one that fetches all each time."""
    pair = tuple(open_database(f"sqlite:///{tmp_path / name}.db") for name in ("a", "b"))
    yield pair[0], pair[1]
    for database in pair:
        database.close()


def fetch_all(database: Database, settings: Settings, day: int) -> None:
    query = Query(("MLI",), date(2024, 2, 1), date(2024, 3, day - 1))
    fetch_source(database, settings, lambda: at(day), name="acled", query=query)


def test_changes_give_what_a_whole_fetch_gives(
    acled: Acled,
    settings: Settings,
    stores: tuple[Database, Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Small answers: what changed is asked for in halves of time.
    monkeypatch.setattr(acled_api, "ROWS_LIMIT", 15)
    kept, whole = stores
    fetch_all(kept, settings, 2)
    fetch_all(whole, settings, 2)
    chance = random.Random(4)
    for day in (5, 9, 20):
        for n in range(4):
            new = f"MLI{day}0{n}"
            acled.put(new, f"2024-03-{day - 1:02d}", at(day, n + 1), latitude=14 + n / 4)
        for key in chance.sample(sorted(acled.rows), 3):
            row = acled.rows[key]
            edited = {"latitude": row["latitude"], "fatalities": chance.randrange(9)}
            acled.put(key, row["event_date"], at(day, 5), **edited)
        acled.drop(chance.choice(sorted(acled.rows)), at(day, 6))
        protest = chance.choice(sorted(acled.rows))
        day_of = acled.rows[protest]["event_date"]
        acled.put(protest, day_of, at(day, 7), event_type="Protests")
        acled.asked.clear()
        report = fetch_acled_changes(kept, settings, lambda day=day: at(day))  # type: ignore[misc]
        assert "/api/deleted/read" in acled.asked
        assert (report.n_added > 0, report.n_deleted > 0) == (True, True)
        fetch_all(whole, settings, day)
    for day in (2, 5, 9, 20):
        with kept.read() as one, whole.read() as other:
            left = events_as_known(one, "acled", date(2024, 3, day))
            right = events_as_known(other, "acled", date(2024, 3, day))
        assert left.equals(right)
        assert len(left)


def test_nothing_to_go_on_from(
    acled: Acled, settings: Settings, stores: tuple[Database, Database]
) -> None:
    with pytest.raises(NothingKnown, match="go on from"):
        fetch_acled_changes(stores[0], settings, lambda: at(2))


def test_a_source_that_ignores_the_question_is_given_up(
    acled: Acled,
    settings: Settings,
    stores: tuple[Database, Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetch_all(stores[0], settings, 2)
    monkeypatch.setattr(acled_api, "ROWS_LIMIT", 2)
    rows = [{**COLUMNS, "event_id_cnty": f"x{n}", "timestamp": 1} for n in range(2)]
    monkeypatch.setattr(acled, "_answer", lambda body: Response(json.dumps({**body, "data": rows})))
    acled.asked.clear()
    with pytest.raises(SourceUnavailable):
        fetch_acled_changes(stores[0], settings, lambda: at(5))
    assert len(acled.asked) < 60
