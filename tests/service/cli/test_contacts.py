"""`tocsin contacts`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner, Result

from data.errors import BadInput, SourceUnavailable, UnknownName
from service.cli.main import app

Call = Callable[..., Result]
SECRET = "whsec_" + "a" * 43 + "="


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TOCSIN_WEBHOOK_ALLOW_LOOPBACK", "true")
    return lambda *words: CliRunner().invoke(app, list(words))


def test_a_book_is_checked_applied_listed_and_shown(call: Call, tmp_path: Path) -> None:
    assert "book of the settings" in call("contacts", "list").stdout
    path = tmp_path / "contacts.toml"
    path.write_text(call("contacts", "example").stdout)
    assert "Good: " in call("contacts", "check", str(path)).stdout
    applied = call("contacts", "apply", str(path)).stdout
    assert "Version 1 is stored." in applied
    assert "relay cannot be used from here" in applied
    assert "Unchanged." in call("contacts", "apply", str(path)).stdout
    listed = call("contacts", "list").stdout
    assert "type=system" in listed
    assert "Version 1" in listed
    book = json.loads(call("contacts", "list", "--json").stdout)
    assert (book["version"], next(iter(book["problems"]))) == (1, "relay")
    shown = call("contacts", "show", "relay").stdout
    assert "hears of type=system" in shown
    assert "version 1, stored" in shown
    assert json.loads(call("contacts", "show", "log", "--json").stdout)["is_on_default_route"]
    assert isinstance(call("contacts", "show", "fax").exception, UnknownName)


def test_a_refused_file_names_line_and_reason(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "contacts.toml"
    path.write_text('[[contacts]]\nname = "a"\nchannel = "pigeon"\n')
    done = call("contacts", "check", str(path))
    assert "contacts.toml:3: 'a' is refused: channel" in done.stdout.replace("\n", "")
    assert isinstance(done.exception, BadInput)
    assert isinstance(call("contacts", "apply", str(path)).exception, BadInput)


def test_a_test_message_arrives(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer
) -> None:
    httpserver.expect_oneshot_request("/hook").respond_with_data("")
    monkeypatch.setenv("HOOK_URL", httpserver.url_for("/hook"))
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    path = tmp_path / "contacts.toml"
    path.write_text(
        '[[contacts]]\nname = "hook"\nchannel = "webhook"\nlanguage = "fr"\n'
        'address = "env:HOOK_URL"\nsecret = "env:HOOK_SECRET"\n'
    )
    call("contacts", "apply", str(path))
    assert "accepted a test message: HTTP 200" in call("contacts", "test", "hook").stdout
    body = httpserver.log[0][0].get_json()
    assert body["data"]["title"] == "Message d’essai : hook"
    failed = call("contacts", "test", "hook")
    assert isinstance(failed.exception, SourceUnavailable)
    monkeypatch.delenv("HOOK_SECRET")
    missing = call("contacts", "test", "hook")
    assert "env:HOOK_SECRET" in str(missing.exception)
