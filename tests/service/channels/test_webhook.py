"""The webhook channel: signatures that receivers can check, and what each answer means."""

import base64
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug import Request, Response

from data.errors import SettingsError
from service.alerts.contact_store import book_of_settings
from service.channels.configured import OpenedChannels, open_channels
from service.channels.contract import Dead, Delivered, Message, Outcome, Retry
from service.channels.guarded_client import GuardedClient
from service.channels.webhook import WebhookChannel, read_secrets
from service.clock import system_clock
from service.settings import Settings


def make_secret(n_bytes: int = 32) -> str:
    return "whsec_" + base64.b64encode(bytes(range(n_bytes))).decode()


SECRET = make_secret()
MESSAGE = Message("msg_1", "webhook", json.dumps({"text": "Tillabéri … été"}), 1)


def open_channel(url: str, secret: str = SECRET) -> WebhookChannel:
    return WebhookChannel(
        url,
        secret,
        client=GuardedClient(allow_loopback=True, timeout_seconds=60, deadline_seconds=60),
        clock=system_clock,
        allow_loopback=True,
    )


def answer(httpserver: HTTPServer, status: int, headers: dict[str, str] | None = None) -> Outcome:
    httpserver.expect_request("/hook").respond_with_response(Response("no", status, headers))
    return open_channel(httpserver.url_for("/hook")).send(MESSAGE)


def test_the_receiver_can_verify_what_it_got(httpserver: HTTPServer) -> None:
    assert answer(httpserver, 202) == Delivered("HTTP 202")
    ((request, _),) = httpserver.log
    body = Webhook(SECRET).verify(request.data, dict(request.headers))
    assert body == {"text": "Tillabéri … été"}
    assert request.headers["webhook-id"] == "msg_1"
    assert request.headers["Content-Type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.data + b" ", dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(make_secret(33)).verify(request.data, dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.data, {**dict(request.headers), "Webhook-Id": "msg_2"})


def test_both_secrets_verify_while_one_is_replaced(httpserver: HTTPServer) -> None:
    new = make_secret(24)

    def check(request: Request) -> Response:
        for secret in (new, SECRET):
            Webhook(secret).verify(request.data, dict(request.headers))
        return Response("", 204)

    httpserver.expect_request("/hook").respond_with_handler(check)
    outcome = open_channel(httpserver.url_for("/hook"), f"{new} {SECRET}").send(MESSAGE)
    assert outcome == Delivered("HTTP 204")


@pytest.mark.parametrize("status", [200, 201, 299])
def test_every_success_counts(httpserver: HTTPServer, status: int) -> None:
    assert answer(httpserver, status) == Delivered(f"HTTP {status}")


@pytest.mark.parametrize("status", [300, 399])
def test_the_first_and_the_last_redirect(httpserver: HTTPServer, status: int) -> None:
    assert answer(httpserver, status) == Retry(None, f"HTTP {status} (redirects are not followed)")


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 502, 503])
def test_a_failure_is_tried_again(httpserver: HTTPServer, status: int) -> None:
    assert answer(httpserver, status) == Retry(None, f"HTTP {status}")


def test_a_redirect_is_a_failure(httpserver: HTTPServer) -> None:
    outcome = answer(httpserver, 307, {"Location": httpserver.url_for("/other")})
    assert outcome == Retry(None, "HTTP 307 (redirects are not followed)")
    assert len(httpserver.log) == 1


def test_gone_is_final(httpserver: HTTPServer) -> None:
    outcome = answer(httpserver, 410)
    assert isinstance(outcome, Dead)
    assert outcome.is_gone


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("0", 0), (" 7 ", 7), ("999999", 999_999), ("1000001", 1e6), ("9" * 40, 1e6),
     ("soon", None), ("-5", None),
     ("1.5", None), ("", None), ("Tue, 15 Nov 1994 08:12:31 GMT", 0)],
)  # fmt: skip
def test_retry_after(httpserver: HTTPServer, text: str, seconds: float | None) -> None:
    httpserver.expect_request("/hook").respond_with_response(
        Response("", 429, {"Retry-After": text})
    )
    outcome = open_channel(httpserver.url_for("/hook")).send(MESSAGE)
    assert outcome == Retry(seconds, "HTTP 429")


def test_retry_after_a_date(httpserver: HTTPServer) -> None:
    moment = datetime.now(UTC) + timedelta(hours=1)
    outcome = answer(httpserver, 503, {"Retry-After": format_datetime(moment, usegmt=True)})
    assert isinstance(outcome, Retry)
    assert outcome.after_seconds == pytest.approx(3_600, abs=30)


def test_a_refused_connection_is_tried_again() -> None:
    outcome = open_channel("http://127.0.0.1:1/token").send(MESSAGE)
    assert outcome == Retry(None, "The call failed: Connection refused.")


def test_a_guard_that_says_no_is_tried_again() -> None:
    """The name may be mended; meanwhile nothing is dialled."""
    channel = WebhookChannel(
        "https://hooks.example.org/token",
        SECRET,
        client=GuardedClient(resolve=lambda host, port: ["10.0.0.1"]),
        clock=system_clock,
    )
    outcome = channel.send(MESSAGE)
    assert isinstance(outcome, Retry)
    assert "not on the public internet" in outcome.detail


@pytest.mark.parametrize(
    "secret",
    [None, "", " ", "whsec_", "whsec_!!!", SECRET.removeprefix("whsec_"), "password",
     make_secret(23), make_secret(65), f"{SECRET} short", SECRET + "é"],
)  # fmt: skip
def test_a_secret_that_protects_nothing_is_refused(secret: str | None) -> None:
    with pytest.raises(SettingsError, match=r"webhook('s| has no) secret") as caught:
        read_secrets(secret)
    assert "token_bytes(32)" in caught.value.hint
    assert SECRET[6:] not in str(caught.value)


def test_the_hint_makes_a_secret_that_is_accepted() -> None:
    with pytest.raises(SettingsError) as caught:
        read_secrets(None)
    code = caught.value.hint.split('"')[1]
    printed: list[str] = []
    exec(code, {"print": printed.append})
    assert len(read_secrets(printed[0])) == 1


@pytest.mark.parametrize(
    "url", ["http://hooks.example.org/", "https://u:p@hooks.example.org/", "x"]
)
def test_an_address_that_cannot_be_used_is_refused_at_once(url: str) -> None:
    settings = Settings(webhook_url=url, webhook_secret=SECRET)
    problem = opened(settings).problems["webhook"]
    assert "The webhook's address" in problem.message
    assert "u:p" not in str(problem)


def test_the_settings_open_their_channels() -> None:
    assert set(opened(Settings()).channels) == {"log"}
    settings = Settings(webhook_url="https://hooks.example.org/a", webhook_secret=SECRET)
    channels = opened(settings).channels
    assert {name: channel.name for name, channel in channels.items()} == {
        "log": "log",
        "webhook": "webhook",
    }
    other = Settings(webhook_url="https://hooks.example.org/b", webhook_secret=SECRET)
    endpoints = {channels["webhook"].endpoint, opened(other).channels["webhook"].endpoint}
    assert len(endpoints) == 2
    assert "example" not in "".join(endpoints)


def opened(settings: Settings) -> OpenedChannels:
    return open_channels(book_of_settings(settings).contacts, settings, system_clock)
