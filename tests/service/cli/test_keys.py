"""`tocsin keys`."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.errors import UsageError
from service.cli.main import app


def test_a_key_is_shown_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path))

    def call(*words: str) -> str:
        result = CliRunner().invoke(app, list(words))
        if result.exception is not None:
            raise result.exception
        return result.stdout

    assert "No keys." in call("keys", "list")
    shown = call(
        "keys", "create", "desk", "--scope", "alerts:act", "--scope", "rules:write",
        "--expires", "2999-01-01", "--by", "awa",
    )  # fmt: skip
    secret = shown.splitlines()[0]
    assert secret.startswith("tocsin_")
    listed = call("keys", "list")
    assert secret not in listed
    assert "alerts:act, rules:write" in listed
    assert "2999-01-01" in listed
    (key,) = json.loads(call("keys", "list", "--json"))
    assert set(key) == {
        "name", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "last_used"
    }  # fmt: skip
    assert "does not hold" in call("keys", "revoke", "desk")
    assert "revoked" in call("keys", "list")
    trail = json.loads(call("audit", "list", "--json"))
    assert [item["action"] for item in trail] == ["revoke_key", "create_key"]
    assert trail[1]["actor"] == "awa"
    assert json.loads(call("keys", "create", "b", "--scope", "events:write", "--json"))["key"]
    for wrong in (("--scope", "root"), ("--scope", "alerts:act", "--expires", "1999-01-01")):
        with pytest.raises(UsageError):
            call("keys", "create", "c", *wrong)


def test_a_database_that_another_process_holds_is_one_line(run, state, monkeypatch):
    assert run("keys", "list").returncode == 0
    monkeypatch.setattr("data.database.BUSY_TIMEOUT_SECONDS", 0.05)
    other = sqlite3.connect(state / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        done = run("keys", "create", "somebody", "--scope", "operations:read")
    finally:
        other.close()
    assert done.returncode == 8
    assert done.stderr.startswith("tocsin: The database does not answer: database is locked.")
    assert done.stderr.count("\n") == 1
