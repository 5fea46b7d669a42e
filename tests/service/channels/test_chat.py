"""The Apprise channel, against a server on this machine that takes JSON."""

from __future__ import annotations

import json
import logging
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.errors import SettingsError
from service.channels.chat import LONGEST_TEXT, ChatChannel, write_text
from service.channels.contract import Delivered, Message, Retry

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
    channel = ChatChannel(f"json://127.0.0.1:{httpserver.port}/hook-secret")
    outcome = channel.send(make_message())
    assert isinstance(outcome, expected)
    logged = [item.getMessage() for item in caplog.records if item.name.startswith("apprise")]
    assert "hook-secret" not in " ".join([str(outcome), *logged])
    (sent,) = seen
    assert str(sent["title"]).startswith("SIMULATED: ")
    assert "Tillabéri (NER): none → high, new." in str(sent["message"])
    assert LINK in str(sent["message"])


def test_nobody_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(ChatChannel(f"json://127.0.0.1:{port}/x").send(make_message()), Retry)


@pytest.mark.parametrize(
    "address",
    ["", "tgram", "file:///etc/passwd", "syslog://", "mailto://a:b@c.example", "tgram://"],
)
def test_what_may_not_be_used_is_refused(address: str) -> None:
    with pytest.raises(SettingsError):
        ChatChannel(address)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError) as refused:
        ChatChannel("json://127.0.0.1/x")
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
