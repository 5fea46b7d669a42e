"""A set whose step is a week, the whole way: train, score, publish, read, verify, alert."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from data.calendar import last_complete_period, period_end, period_start
from data.regions import load_region_set, save_region_set
from models.registry import find_champion
from service.app import make_app
from service.cli.main import app
from service.modelling.training import train_set
from service.pipeline import run_cycle
from service.publications.store import find_publication
from service.record.verification import load_verified

AS_OFS = tuple(date(2021, 12, 15) + timedelta(days=7 * week) for week in range(5))
HORIZON = 4


@pytest.fixture(scope="module")
def weekly(copy_demo: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Five publications of the simulated world in weeks; its source releases once a month."""
    with copy_demo(tmp_path_factory.mktemp("weekly")) as demo:
        settings = demo.settings.model_copy(
            update={"horizons_weekly": (HORIZON,), "stale_after_steps": 6}
        )
        with demo.database.write() as connection:
            months = load_region_set(connection, "demo")
            weeks = replace(months, name="weekly", step="week")
            save_region_set(connection, weeks, datetime(2021, 1, 1, tzinfo=UTC))
        common = {"region_set": "weekly", "as_of": AS_OFS[0]}
        train_set(demo.database, settings, demo.clock, **common)
        for as_of in AS_OFS:
            run_cycle(demo.database, settings, demo.clock, region_set="weekly", as_of=as_of)
        yield replace(demo, settings=settings)


def test_the_window_begins_with_the_week_after_the_last_whole_one(weekly: Any) -> None:
    for as_of in AS_OFS:
        with weekly.database.read() as connection:
            publication = find_publication(connection, "weekly", as_of)
            assert publication is not None
        last = last_complete_period(as_of, "week")
        assert publication.step == "week"
        assert publication.origin <= last
        first_day, last_day = publication.window(HORIZON)
        assert first_day == period_start(publication.origin + 1, "week")
        assert last_day == period_end(publication.origin + HORIZON, "week")
        assert (last_day - first_day).days == 7 * HORIZON - 1
        assert {row.horizon for row in publication.scores} == {HORIZON}
        assert {row.status for row in publication.scores} <= {"ok", "baseline_only", "too_early"}
        assert any(row.risk_score is not None for row in publication.scores)


def test_pages_and_feeds_speak_of_weeks(weekly: Any, browse: Any) -> None:
    client = browse(make_app(weekly.database, weekly.settings, weekly.clock))
    page = client.get("/sets/weekly")
    region = client.get("/sets/weekly/regions/XML-01")
    assert page.status_code == region.status_code == 200
    for text in (page.text, region.text):
        words = re.sub(r"<[^>]*>", " ", text)
        assert "4 weeks" in words
        assert not re.search(r"\b4 months", words)
    feed = client.get("/feeds/weekly/latest.csv")
    rows = list(csv.DictReader(io.StringIO(feed.text)))
    assert {row["horizon"] for row in rows} == {str(HORIZON)}
    document = client.get("/feeds/weekly/latest.json").json()
    starts = {date.fromisoformat(row["window"]["from"]) for row in document["scores"]}
    assert {day.isoweekday() for day in starts} == {1}
    sentences = [row["explanation"] for row in document["scores"] if row.get("explanation")]
    assert all("4 weeks" in one["en"] and "4 semaines" in one["fr"] for one in sentences)
    assert client.get("/feeds/weekly/latest.fr.html").text.count("4 semaines") > 0


def test_windows_close_by_the_week_and_are_verified(weekly: Any) -> None:
    with weekly.database.read() as connection:
        verified = load_verified(connection, "weekly")
    assert verified
    newest = last_complete_period(AS_OFS[-1], "week")
    assert {one.forecast.horizon for one in verified} == {HORIZON}
    assert max(one.forecast.origin for one in verified) + HORIZON <= newest


def test_commands_speak_of_weeks(weekly: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(weekly.settings.state_dir))
    with weekly.database.read() as connection:
        champion = find_champion(connection, "weekly", "escalation")
    assert champion is not None
    model = champion.model_version
    for words in (
        ["models", "show", model],
        ["verify", "--set", "weekly", "--as-of", AS_OFS[-1].isoformat()],
    ):
        said = CliRunner().invoke(app, words)
        assert said.exit_code == 0, said.output
        assert "4 weeks" in said.stdout
