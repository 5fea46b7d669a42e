"""The Apprise channel, against a server on this machine that takes JSON."""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.errors import SettingsError
from service.channels.chat import LONGEST_TEXT, ChatChannel, write_text
from service.channels.contract import Delivered, Message, Retry
from service.channels.guarded_dialling import guard_dialling
from tests.service.channels.test_addresses import NOT_GLOBAL, UNREADABLE_URLS

LINK = "https://tocsin.example/sets/sahel/alerts"


def make_data(texts: list[str], n_omitted: int = 0) -> dict[str, object]:
    return {
        "title": "SIMULATED: Risk of escalation, NER: 1 new (as of 2022-01-15)",
        "alerts": [{"text": text} for text in texts],
        "n_omitted": n_omitted,
        "links": {"all_alerts": LINK},
    }


def make_message() -> Message:
    body = json.dumps({"data": make_data(["Tillabéri (NER): none → high, new."])})
    return Message("msg_1", "chat", body, 1)


@pytest.mark.parametrize(("status", "expected"), [(200, Delivered), (500, Retry), (403, Retry)])
def test_the_service_decides(httpserver: HTTPServer, status: int, expected: type, caplog) -> None:
    seen: list[dict[str, object]] = []

    def take(request: Request) -> Response:
        seen.append(request.get_json())
        return Response("", status)

    httpserver.expect_request("/hook-secret").respond_with_handler(take)
    caplog.set_level(logging.DEBUG)
    channel = ChatChannel(f"json://127.0.0.1:{httpserver.port}/hook-secret", allow_loopback=True)
    outcome = channel.send(make_message())
    assert isinstance(outcome, expected)
    logged = [item.getMessage() for item in caplog.records if item.name.startswith("apprise")]
    assert "hook-secret" not in " ".join([str(outcome), *logged])
    (sent,) = seen
    assert str(sent["title"]).startswith("SIMULATED: ")
    assert "Tillabéri (NER): none → high, new." in str(sent["message"])
    assert LINK in str(sent["message"])


def test_nobody_there_is_tried_again() -> None:
    channel = ChatChannel("json://127.0.0.1:1/x", allow_loopback=True)
    assert isinstance(channel.send(make_message()), Retry)


@pytest.mark.parametrize(
    "address",
    [
        *("", "tgram", "file:///etc/passwd", "syslog://", "mailto://a:b@c.example", "tgram://"),
        *("form://a.example", "forms://a.example", "xml://a.example", "apprise://a.example/x"),
        *("exec://a.example", "dbus://", "gopher://a.example", "http://a.example"),
        "jsons://a.example/x, jsons://b.example/y",
        *("jsons://a.example/x?verify=no", "jsons://a.example/x?redirect=yes"),
        *("jsons://a.example/x?Retry=9&wait=900", "jsons://a.example?template=file:///etc/passwd"),
        *("json://a.example/x", "signal://a.example/+12025550123/+12025550124"),
    ],
)
def test_what_may_not_be_used_is_refused(address: str) -> None:
    with pytest.raises(SettingsError):
        ChatChannel(address, allow_loopback=False)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listens on every address of this machine; `n_accepted` says how many came."""
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as opened:
        opened.setblocking(False)
        yield opened


def n_accepted(listener: socket.socket) -> int:
    found = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return found
        found += 1


def hostile_hosts() -> list[str]:
    """Every host of the forms that the guarded client is tried with, as it would be written."""
    written = [f"[{host}]" if ":" in host else host for host in NOT_GLOBAL]
    for url in UNREADABLE_URLS:
        authority = url.partition("//")[2].partition("/")[0]
        written += [authority] if authority and "example.org" not in authority else []
    return list(dict.fromkeys([*written, "localhost", "localhost.localdomain", "ip6-localhost"]))


def test_no_hostile_form_reaches_this_machine(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = listener.getsockname()[1]
    dialled: list[Any] = []
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, *arguments: Any, **options: Any) -> Any:
        # Names beyond this machine are not looked up: tests call nobody.
        found = (
            resolve(host, *arguments, **{**options, "flags": socket.AI_NUMERICHOST})
            if ("localhost" not in str(host))
            else resolve("127.0.0.1", *arguments, **options)
        )
        dialled.extend(found)
        return found

    monkeypatch.setattr(socket, "getaddrinfo", resolve_here)
    n_tried = 0
    for host in hostile_hosts():
        for service in ("jsons", "signals"):
            rest = {"signals": "/+12025550123/+12025550124"}.get(service)
            written = re.sub(r"^([^:\[\]]+):[^:]*$", r"\1", host)
            address = f"{service}://{written}:{port}{rest or '/abcdefghijklmnopqrstuvwxyz'}"
            try:
                channel = ChatChannel(address, allow_loopback=False)
            except SettingsError:
                continue
            n_tried += 1
            assert isinstance(channel.send(make_message()), Retry), address
    assert len(hostile_hosts()) >= 60
    assert n_tried >= 60
    assert dialled, "no form was looked up, so nothing was tried"
    assert n_accepted(listener) == 0


def test_a_name_that_turns_inside_is_not_followed(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = listener.getsockname()[1]
    turns = [["127.0.0.1"], ["::1", "127.0.0.1"], ["169.254.169.254", "127.0.0.1"]]

    def resolve(host: str, number: int, *_: object, **__: object) -> list[Any]:
        kind = socket.SOCK_STREAM
        return [
            (socket.AF_INET6 if ":" in item else socket.AF_INET, kind, 6, "", (item, number))
            for item in turns.pop(0)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    channel = ChatChannel(f"jsons://hooks.example.org:{port}/x", allow_loopback=False)
    while turns:
        outcome = channel.send(make_message())
        assert isinstance(outcome, Retry)
        assert "not on the public internet" in outcome.detail
    assert n_accepted(listener) == 0


def test_a_redirect_is_not_followed(httpserver: HTTPServer, listener: socket.socket) -> None:
    inside = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    httpserver.expect_request("/x").respond_with_response(Response("", 307, {"Location": inside}))
    channel = ChatChannel(f"json://127.0.0.1:{httpserver.port}/x", allow_loopback=True)
    assert isinstance(channel.send(make_message()), Retry)
    assert n_accepted(listener) == 0


def test_only_what_is_guarded_is_refused(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with guard_dialling(is_tls=True, allow_loopback=False) as dialling:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    assert dialling.refusal is not None
    assert n_accepted(listener) == 0
    socket.create_connection(("127.0.0.1", port)).close()
    assert n_accepted(listener) == 1


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError) as refused:
        ChatChannel("json://127.0.0.1/x", allow_loopback=True)
    assert "tocsin[channels]" in str(refused.value.hint)


@given(
    st.lists(st.text(st.characters(categories=["L"]), max_size=400), max_size=20), st.integers(0, 9)
)
def test_a_text_is_short_and_counts_what_it_leaves_out(texts: list[str], n_omitted: int) -> None:
    told = write_text(make_data(texts, n_omitted))
    assert len(told) <= LONGEST_TEXT
    assert told.endswith(LINK)
    lines = told.splitlines()[:-1]
    left = int(lines.pop().removeprefix("… +")) if lines and lines[-1].startswith("… +") else 0
    shown = len(texts) + n_omitted - left
    assert [line for line in lines if line] == [text for text in texts[:shown] if text]
