"""`tocsin alerts show|assign|note` on a database with one open incident."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from data.errors import UnknownName, UsageError
from service.alerts.evaluate import evaluate_publication
from service.alerts.read import list_incidents
from service.alerts.rule_store import apply_default_rules
from service.cli.main import app
from service.publications.store import store_publication


@pytest.fixture
def incident_id(squares, make_publication, settings, now, monkeypatch) -> str:
    with squares.write() as connection:
        stored = store_publication(connection, make_publication(risk={("AA01", 3): 0.6}), {})
        apply_default_rules(connection, now)
        evaluate_publication(connection, stored, settings=settings, now=now)
    with squares.read() as connection:
        incident = next(
            item for item in list_incidents(connection, is_open=True) if item.region_id == "AA01"
        )
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(settings.state_dir))
    return incident.incident_id


def call(*words: str) -> Any:
    return CliRunner().invoke(app, ["alerts", *words])


def test_the_story_of_an_incident_is_told_in_order(incident_id) -> None:
    short = incident_id[:10]
    assert (
        f"bintou looks after {incident_id}" in call("assign", short, "bintou", "--by", "awa").stdout
    )
    assert incident_id in call("note", short, "Road is closed", "--by", "bintou").stdout
    told = json.loads(call("show", short, "--json").stdout)
    assert (told["incident_id"], told["assignee"]) == (incident_id, "bintou")
    assert [entry["kind"] for entry in told["story"]][-2:] == ["assign", "note"]
    assert told["story"][0]["kind"] == "event"
    shown = call("show", short).stdout
    for words in ("Ségou, nord", "open at", "looked after by bintou", "Road is closed"):
        assert words in shown


def test_what_makes_no_sense_is_refused(incident_id) -> None:
    assert isinstance(call("show", "zz").exception, UnknownName)
    assert isinstance(call("note", incident_id, " ", "--by", "awa").exception, UsageError)
    assert call("assign", incident_id, "bob").exit_code == 2
