"""Cycles by the schedule and by hand: `run`, `backfill`, `republish`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from typer.testing import CliRunner

from data.errors import UsageError
from service.cli.main import app
from service.publications.store import list_publications, load_document
from service.schedule.slots import claim_slot, finish_slot

SLOT = datetime(2022, 1, 12, 6, tzinfo=UTC)


@pytest.fixture
def run(demo, monkeypatch):
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(demo.settings.state_dir))
    monkeypatch.setattr("service.cli.run.configure_logs", lambda: None)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_backfill_publishes_what_is_missing_and_republish_corrects_it(run, demo):
    words = ("backfill", "--from", "2021-12-20", "--to", "2022-01-31", "--json")
    (report,) = json.loads(run(*words).stdout)
    assert (report["as_of"], report["revision"]) == ("2022-01-12", 1)
    assert json.loads(run(*words).stdout) == []
    again = run("republish", "--as-of", "2022-01-12", "--reason", "A  test.", "--json")
    assert json.loads(again.stdout)["revision"] == 2
    with demo.database.read() as connection:
        heads = list_publications(connection, "demo")
        told = load_document(connection, "demo", date(2022, 1, 12), "json")
        old = load_document(connection, "demo", date(2022, 1, 12), "json", revision=1)
    assert [(head.as_of, head.revision) for head in heads] == [
        (date(2022, 1, 12), 2),
        (date(2022, 1, 12), 1),
    ]
    assert b"corrects what was published: A test." in told.body
    assert b"corrects what was published" not in old.body


@pytest.mark.parametrize(
    "words",
    [
        ("backfill", "--from", "2022-02-01", "--to", "2022-01-01"),
        ("republish", "--as-of", "2022-01-12", "--reason", "Nothing is there."),
        ("republish", "--as-of", "2022-01-12", "--reason", " "),
    ],
)
def test_what_contradicts_itself_is_refused(run, words):
    assert isinstance(run(*words).exception, UsageError)


@pytest.mark.parametrize(("status", "code"), [("done", 0), ("failed", 1)])
def test_run_once_ends_with_what_became_of_the_newest_cycle(run, demo, monkeypatch, status, code):
    done = []

    def tick(database, settings, clock):
        assert claim_slot(database, "demo", SLOT, SLOT)
        with database.write() as connection:
            finish_slot(connection, "demo", SLOT, status=status, now=SLOT, detail="So it was.")

    monkeypatch.setattr("service.cli.run.tick_cycles", tick)
    monkeypatch.setattr("service.cli.run.tick_outbox", lambda *given: done.append("outbox"))
    result = run("run", "--once")
    assert result.exit_code == code
    assert f"demo 2022-01-12 06:00 {status}: So it was." in result.stdout
    assert done == ["outbox"]
