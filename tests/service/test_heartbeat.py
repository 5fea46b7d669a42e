"""The heartbeat: called after a good publication, recorded, and never in the way."""

from collections.abc import Callable
from datetime import date, datetime

from pytest_httpserver import HTTPServer

from data.database import Database
from service.health.heartbeat import Heartbeat, last_heartbeat, send_heartbeat
from service.settings import Settings

Clock = Callable[[], datetime]


def send(
    database: Database, clock: Clock, url: str | None, loopback: bool = True
) -> Heartbeat | None:
    settings = Settings(heartbeat_url=url, webhook_allow_loopback=loopback)
    return send_heartbeat(database, settings, clock, region_set="sahel", as_of=date(2022, 1, 15))


def test_a_call_says_what_was_published_and_is_recorded(
    database: Database, clock: Clock, now: datetime, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/ping").respond_with_data("ok")
    found = send(database, clock, httpserver.url_for("/ping"))
    assert found == Heartbeat(now, "sahel", True, "HTTP 200")
    with database.read() as connection:
        assert last_heartbeat(connection) == found
    ((request, _),) = httpserver.log
    assert request.get_json() == {"region_set": "sahel", "as_of": "2022-01-15"}


def test_three_tries_then_a_record_of_failure(
    database: Database, clock: Clock, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/ping").respond_with_data("no", status=500)
    found = send(database, clock, httpserver.url_for("/ping"))
    assert found is not None
    assert (found.is_answered, found.detail) == (False, "HTTP 500")
    assert len(httpserver.log) == 3


def test_without_an_address_nothing_is_called(database: Database, clock: Clock) -> None:
    assert send(database, clock, None) is None
    with database.read() as connection:
        assert last_heartbeat(connection) is None


def test_the_guard_holds_for_it_too(database: Database, clock: Clock) -> None:
    for url in ("https://127.0.0.1/token", "http://10.0.0.1/token"):
        found = send(database, clock, url, loopback=False)
        assert found is not None
        assert not found.is_answered
        assert "token" not in found.detail
