"""`tocsin alerts ack|silence|silences|unsilence` and `tocsin audit`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from data.database import open_database
from data.errors import UnknownName, UsageError
from service.cli.main import app

Call = Callable[..., Result]
SILENCE = ("alerts", "silence", "--by", "awa", "--comment", "known", "--days", "30")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path))
    return lambda *words: CliRunner().invoke(app, list(words))


def test_a_silence_lives_and_leaves_its_trail(call: Call, tmp_path: Path) -> None:
    assert "No silences." in call("alerts", "silences").stdout
    assert "No actions." in call("audit", "list").stdout
    made = call(*SILENCE, "--match", "country=MLI", "--match", "rule=risk")
    assert made.stdout.startswith("Silence 1 holds until ")
    (listed,) = json.loads(call("alerts", "silences", "--json").stdout)
    assert listed["matchers"] == {"country": "MLI", "rule": "risk"}
    assert "country=MLI, rule=risk" in call("alerts", "silences").stdout
    assert "has ended" in call("alerts", "unsilence", "1", "--by", "bob").stdout
    trail = json.loads(call("audit", "list", "--json").stdout)
    assert [(item["actor"], item["action"]) for item in trail] == [
        ("bob", "end_silence"),
        ("awa", "silence"),
    ]
    assert "end_silence" in call("audit", "list").stdout
    good = call("audit", "verify", "--head", trail[0]["entry_hash"])
    assert (good.exit_code, "Whole: 2 entries" in good.stdout) == (0, True)
    assert call("audit", "verify", "--head", "0a").exit_code == 1
    database = open_database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    with database.write() as connection:
        connection.execute(text("UPDATE audit_entries SET actor = 'eve' WHERE sequence = 1"))
    database.close()
    broken = call("audit", "verify")
    assert (broken.exit_code, "BROKEN at entry 1 of 2" in broken.stdout) == (1, True)


def test_what_makes_no_sense_is_refused(call: Call) -> None:
    assert isinstance(call(*SILENCE, "--match", "country").exception, UsageError)
    assert call(*SILENCE).exit_code == 2
    assert isinstance(call("alerts", "ack", "3f", "--by", "awa").exception, UnknownName)
    assert call("alerts", "ack", "3f").exit_code == 2
