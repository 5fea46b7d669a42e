"""Fetching on schedule, from a server on this machine that behaves and misbehaves."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner
from werkzeug import Request, Response

from data.database import Database, open_database
from data.errors import SettingsError
from data.quality import list_examinations
from data.store import list_deliveries
from service.alerts.system import list_system_alerts
from service.cli.main import app
from service.health.examination import examine
from service.schedule.fetch_plans import candidate_before, check_fetches, plan_query
from service.schedule.scheduled_fetches import list_fetch_states, tick_fetches
from service.schedule.schedules import general_schedule, schedule_of
from service.schedule.slots import FETCHES, LEASE, list_slots
from service.scheduler import Ticker
from service.settings import OwnFetch, Settings

pytestmark = pytest.mark.both_databases

START = datetime(2026, 3, 20, 4, 30, tzinfo=UTC)
PLAN = OwnFetch(source="hapi", cron="0 4 * * *", countries=("MLI",))


@dataclass
class Desk:
    """A desk that fetches HAPI every day at four, and the server that it asks."""

    database: Database
    settings: Settings
    server: HTTPServer
    now: datetime = START
    spoilt: Response | None = None
    n_months: int = 24
    n_asked: int = 0

    def clock(self) -> datetime:
        return self.now

    def tick(self) -> list[str]:
        return tick_fetches(self.database, self.settings, self.clock)

    def slots(self) -> list[tuple[str, int]]:
        with self.database.read() as connection:
            return [
                (slot.status, slot.attempts) for slot in list_slots(connection, "hapi", FETCHES)
            ]

    def alerts(self) -> list[tuple[str, str, bool]]:
        with self.database.read() as connection:
            return [
                (alert.kind, alert.subject, alert.resolved_at is None)
                for alert in list_system_alerts(connection, since=START)
            ]

    def n_deliveries(self) -> int:
        with self.database.read() as connection:
            return len(list_deliveries(connection, "hapi"))

    def answer(self, request: Request) -> Response:
        self.n_asked += 1
        if self.spoilt is not None:
            return self.spoilt
        offset = int(request.args["offset"])
        rows: list[dict[str, Any]] = [
            {
                "location_code": "MLI",
                "admin1_code": area,
                "admin2_code": None,
                "event_type": "political_violence",
                # Two years of violence; whatever comes after them is all zeros.
                "events": 7 if n < 24 else 0,
                "fatalities": 20 if n < 24 else 0,
                "reference_period_start": f"{2024 + n // 12}-{n % 12 + 1:02}-01T00:00:00",
                "reference_period_end": f"{2024 + n // 12}-{n % 12 + 1:02}-28T23:59:59",
            }
            for n in range(self.n_months)
            for area in ("ML01", "ML02", "ML05")
        ]
        body = {"data": rows[offset:]}
        return Response(json.dumps(body), content_type="application/json")


@pytest.fixture
def desk(database: Database, settings: Settings, httpserver: HTTPServer) -> Desk:
    made = Desk(
        database,
        settings.model_copy(
            update={
                "hapi_url": httpserver.url_for("").rstrip("/"),
                "hapi_app_identifier": "app-secret",
                "fetches": {"hapi": PLAN},
                "cycle_attempts": 3,
            }
        ),
        httpserver,
    )
    httpserver.expect_request("/api/v2/coordination-context/conflict-events").respond_with_handler(
        made.answer
    )
    return made


def test_what_is_due_is_fetched_once(desk: Desk) -> None:
    assert desk.tick() == ["hapi"]
    assert desk.tick() == []
    assert (desk.slots(), desk.n_deliveries()) == ([("done", 1)], 1)
    desk.now += timedelta(days=1)
    assert desk.tick() == ["hapi"]
    # Nothing changed, and that was said today: it is known again.
    assert desk.slots() == [("done", 1), ("done", 1)]
    assert desk.alerts() == []


def test_after_a_pause_only_the_newest_slot_is_fetched(desk: Desk) -> None:
    desk.tick()
    desk.now += timedelta(days=4)
    desk.n_asked = 0
    assert desk.tick() == ["hapi"]
    assert [status for status, _ in desk.slots()] == [
        "done",
        "skipped",
        "skipped",
        "skipped",
        "done",
    ]
    assert desk.n_asked == 1


@pytest.mark.parametrize(
    "spoilt",
    [
        Response("no", 403),
        Response("<html>Unauthorized</html>", content_type="text/html"),
        Response(json.dumps({"data": []}), content_type="application/json"),
        Response(json.dumps({"data": [{"x": 1}]}), content_type="application/json"),
    ],
    ids=["403", "a web page", "empty", "other columns"],
)
def test_a_failing_source_is_tried_again_then_alerted_and_later_well(
    desk: Desk, spoilt: Response, caplog: pytest.LogCaptureFixture
) -> None:
    desk.tick()
    desk.now += timedelta(days=1)
    desk.spoilt = spoilt
    tries = 0
    while desk.tick():
        tries += 1
        with desk.database.read() as connection:
            newest = list_slots(connection, "hapi", FETCHES)[0]
        assert newest.status == "failed"
        assert "app-secret" not in newest.detail
        assert desk.alerts() == ([] if newest.retry_at else [("fetch_failing", "hapi", True)])
        if newest.retry_at is not None:
            desk.now = newest.retry_at
    assert tries == 3
    assert desk.n_deliveries() == 1
    (state,) = list_fetch_states(desk.database, desk.settings, desk.now)
    assert state.is_failing
    assert state.due_at == datetime(2026, 3, 22, 4, tzinfo=UTC)
    found = {item.subject: item for item in examine(desk.database, desk.settings, desk.now)}
    assert found["source hapi"].text == "last delivery 2026-03-20, known 1 days ago"
    assert found["fetch hapi"].verdict == "warning"
    assert "app-secret" not in caplog.text
    desk.spoilt, desk.now = None, datetime(2026, 3, 22, 4, 1, tzinfo=UTC)
    assert desk.tick() == ["hapi"]
    assert desk.alerts() == [("fetch_failing", "hapi", False)]


def test_a_delivery_that_is_held_is_told_at_once(desk: Desk) -> None:
    desk.tick()
    desk.now += timedelta(days=1)
    desk.n_months = 25
    assert desk.tick() == ["hapi"]
    assert desk.tick() == []
    with desk.database.read() as connection:
        assert len(list_examinations(connection, "held")) == 1
    assert desk.alerts() == [("fetch_failing", "hapi", True)]
    assert desk.n_deliveries() == 1


def test_one_failing_source_keeps_no_other_from_being_fetched(desk: Desk) -> None:
    broken = PLAN.model_copy(update={"place": desk.server.url_for("/none")})
    desk.settings = desk.settings.model_copy(
        update={"fetches": {"broken": broken, "hapi": PLAN}, "cycle_attempts": 1}
    )
    assert desk.tick() == ["broken", "hapi"]
    assert desk.slots() == [("done", 1)]


def test_a_fetch_that_died_is_taken_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("service.schedule.scheduled_fetches.fetch_source", lambda *_, **__: exit())
        with pytest.raises(SystemExit):
            desk.tick()
    assert desk.slots() == [("running", 1)]
    assert desk.tick() == []
    desk.now += LEASE
    assert desk.tick() == ["hapi"]
    assert desk.slots() == [("done", 2)]


def test_replicas_fetch_a_slot_once(desk: Desk) -> None:
    others = [
        Desk(open_database(desk.settings.resolved_database_url), desk.settings, desk.server)
        for _ in range(3)
    ]
    barrier = threading.Barrier(len(others))
    ran: list[str] = []

    def tick(replica: Desk) -> None:
        barrier.wait()
        ran.extend(replica.tick())

    threads = [threading.Thread(target=tick, args=[replica]) for replica in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for replica in others:
        replica.database.close()
    assert ran == ["hapi"]
    assert (desk.n_asked, desk.n_deliveries()) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"source": "none"}, "no source 'none'"),
        ({"cron": "daily"}, "no cron line"),
        ({"time_zone": "Mali"}, "no time zone"),
        ({"countries": ()}, "must be told countries"),
        ({"source": "acled"}, "ACLED is off"),
        ({"source": "ged"}, "must be told version"),
        ({"source": "ged", "version": "26"}, "no UCDP version"),
        ({"source": "dtm"}, "wants a credential"),
        ({"version": "candidate"}, "Only the source 'ged'"),
        ({"source": "dtm", "part": "admin9"}, "no part 'admin9'"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_stops_the_start(
    desk: Desk, changes: dict[str, Any], found: str
) -> None:
    settings = desk.settings.model_copy(update={"fetches": {"x": PLAN.model_copy(update=changes)}})
    with pytest.raises(SettingsError, match=found) as caught:
        Ticker(desk.database, settings, desk.clock)
    assert "TOCSIN_FETCHES: 'x'" in str(caught.value)
    assert "app-secret" not in str(caught.value)


def test_what_is_asked_on_a_day() -> None:
    day = date(2026, 1, 21)
    assert candidate_before(day) == "25.0.12"
    ged = plan_query(OwnFetch(source="ged", cron="0 4 21 * *", version="candidate"), day)
    assert (ged.version, ged.since, ged.until) == ("25.0.12", None, None)
    dtm = plan_query(PLAN.model_copy(update={"days": 30}), day)
    assert (dtm.since, dtm.until) == (date(2025, 12, 22), date(2026, 1, 20))
    check_fetches(
        Settings(fetches={"ged": OwnFetch(source="ged", cron="0 4 21 * *", version="candidate")}),
        day,
    )


def test_a_set_whose_source_is_fetched_follows_the_general_schedule(
    desk: Desk, region_set: Any
) -> None:
    plan = OwnFetch(source="ged", cron="0 4 21 * *", version="candidate")
    fed = desk.settings.model_copy(update={"fetches": {"ged": plan}})
    assert schedule_of(desk.settings, region_set) is None
    assert schedule_of(fed, region_set) == general_schedule(fed, "month")
    weekly = replace(region_set, step="week")
    assert schedule_of(fed, weekly) == general_schedule(fed, "week")
    assert schedule_of(fed, weekly) != schedule_of(fed, region_set)


def test_the_commands_fetch_and_tell(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(desk.settings.state_dir))
    monkeypatch.setenv("TOCSIN_HAPI_URL", desk.settings.hapi_url)
    monkeypatch.setenv("TOCSIN_HAPI_APP_IDENTIFIER", "app-secret")
    monkeypatch.setenv("TOCSIN_FETCHES", json.dumps({"hapi": PLAN.model_dump(mode="json")}))
    monkeypatch.setattr("service.cli.run.configure_logs", lambda: None)
    run = CliRunner().invoke
    (before,) = json.loads(run(app, ["sources", "schedule", "--json"]).stdout)
    assert before["slot"] is None
    (slot,) = json.loads(run(app, ["run", "--once", "--json"]).stdout)
    assert (slot["task"], slot["status"]) == ("hapi", "done")
    told = run(app, ["sources", "schedule"]).stdout
    assert "done" in told
    assert "app-secret" not in told
