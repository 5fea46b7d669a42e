"""From a publication to a receiver over HTTP: retries, waits, an end, a stall."""

import base64
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from standardwebhooks import Webhook
from werkzeug import Request, Response

from service.alerts.delivery import DeliveryReport, deliver_due
from service.channels.chat import ChatChannel
from service.channels.guarded_client import GuardedClient
from service.channels.log import LogChannel
from service.channels.webhook import WebhookChannel
from service.clock import system_clock
from service.settings import Settings
from service.tables import delivery_attempts

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def world(new_world: Callable[..., Any], build: Any, httpserver: HTTPServer) -> Any:
    """A world with a webhook at the test server and one alert queued for it."""
    made = new_world(
        Settings(
            webhook_url=httpserver.url_for("/hook"),
            webhook_secret=SECRET,
            webhook_allow_loopback=True,
        )
    )
    made.apply(build.rule())
    made.publish(build.month(0), {"NE06": 0.3})
    return made


def deliver(world: Any) -> DeliveryReport:
    return deliver_due(world.database, world.settings, world.clock)


def webhook_row(world: Any) -> dict[str, Any]:
    (row,) = [row for row in world.messages() if row["contact_point"] == "webhook"]
    return dict(row)


def test_the_receiver_gets_the_stored_body_signed(world: Any, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook", method="POST").respond_with_data("", 204)
    world.clock.now = system_clock()  # The verifier compares the timestamp with the real clock.
    assert deliver(world) == DeliveryReport(n_delivered=2)
    ((request, _),) = httpserver.log
    body = Webhook(SECRET).verify(request.data, dict(request.headers))
    assert body["data"]["alerts"][0]["region_name"] == "Tillabéri"
    assert request.data.decode() == webhook_row(world)["body"]
    assert request.headers["webhook-id"] == webhook_row(world)["message_id"]


def test_failures_follow_the_schedule_under_one_id(world: Any, httpserver: HTTPServer) -> None:
    statuses = [500, 503, 404, 204]

    def respond(_: Request) -> Response:
        return Response("", statuses.pop(0))

    httpserver.expect_request("/hook").respond_with_handler(respond)
    waits = []
    for _ in range(4):
        before = world.clock()
        deliver(world)
        row = webhook_row(world)
        waits.append((row["due_at"] - before).total_seconds())
        world.clock.now = max(row["due_at"], before)
    assert row["status"] == "delivered"
    assert 4 <= waits[0] <= 7
    assert 240 <= waits[1] <= 361
    assert 1_440 <= waits[2] <= 2_161
    requests = [request for request, _ in httpserver.log]
    assert {request.headers["webhook-id"] for request in requests} == {row["message_id"]}
    assert len({request.data for request in requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in requests}) == 4
    with world.database.read() as connection:
        query = select(delivery_attempts.c.detail).where(
            delivery_attempts.c.message_id == row["message_id"]
        )
        assert connection.scalars(query).all() == ["HTTP 500", "HTTP 503", "HTTP 404", "HTTP 204"]


def test_a_chat_that_always_refuses_ends_as_a_dead_letter(
    world: Any, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/chat").respond_with_data("", 403)
    chat = ChatChannel(f"json://127.0.0.1:{httpserver.port}/chat", allow_loopback=True)
    channels = {"log": LogChannel(), "webhook": chat}
    for n_tries in range(1, 11):
        deliver_due(world.database, world.settings, world.clock, channels)
        row = webhook_row(world)
        assert len(httpserver.log) == n_tries
        world.clock.now = max(row["due_at"], world.clock())
    assert row["status"] == "dead"


def test_too_many_requests_waits_as_asked(world: Any, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_response(
        Response("", 429, {"Retry-After": "600"})
    )
    assert deliver(world) == DeliveryReport(n_delivered=1, n_failed=1)
    assert webhook_row(world)["due_at"] == world.clock() + timedelta(seconds=600)


def test_gone_ends_it(world: Any, build: Any, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("", 410)
    # The second one that the log gets says that the webhook cannot be reached.
    assert deliver(world) == DeliveryReport(n_delivered=2, n_dead=1)
    world.publish(build.month(1), {"NE06": 0.6})
    assert deliver(world) == DeliveryReport(n_delivered=1, n_dead=1)
    assert len(httpserver.log) == 1


def test_a_receiver_that_stalls_is_given_up_and_does_not_stop_the_log(
    world: Any, httpserver: HTTPServer
) -> None:
    is_over = threading.Event()

    def stall(_: Request) -> Response:
        is_over.wait(5)
        return Response("", 204)

    httpserver.expect_request("/hook").respond_with_handler(stall)
    webhook = WebhookChannel(
        httpserver.url_for("/hook"),
        SECRET,
        client=GuardedClient(allow_loopback=True, timeout_seconds=0.2, deadline_seconds=0.2),
        clock=world.clock,
        allow_loopback=True,
    )
    channels = {"log": LogChannel(), "webhook": webhook}
    report = deliver_due(world.database, world.settings, world.clock, channels)
    is_over.set()
    assert report == DeliveryReport(n_delivered=1, n_failed=1)
    assert webhook_row(world)["status"] == "pending"
