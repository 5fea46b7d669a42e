"""The real file by week, the whole way: from events to pages, and what came of it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from data.calendar import end_of_day, parse_period, to_epoch_day
from data.database import Database, open_database
from data.panel import build_panel
from data.regions import load_region_set, save_region_set
from data.regions.geojson import read_region_file
from data.sources.ged import GED, read_ged
from data.store import append_delivery
from service.app import make_app
from service.feeds.formats import FORMATS
from service.modelling.training import train_set
from service.pipeline import run_cycle
from service.publications.store import find_publication, load_document
from service.record.verification import load_verified
from service.settings import Settings

FIRST, LATER = date(2021, 12, 15), date(2022, 1, 15)
NOW = datetime(2022, 1, 16, 6, 0, tzinfo=UTC)

SHARED = Path(
    os.environ.get("TOCSIN_TEST_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")
)


def _ingest(database: Database) -> None:
    events = SHARED / "ged_sahel_1989_2021.csv"
    if not events.exists():
        pytest.skip(f"No real data in {SHARED}; set TOCSIN_TEST_SHARED_DATA to their folder.")
    sahel = read_region_file(
        SHARED / "sahel_admin1.geojson",
        name="weekly",
        id_property="pcode",
        name_property="name",
        country_property="iso3",
    )
    with database.write() as connection:
        save_region_set(connection, replace(sahel, step="week"), NOW)
        # As a Candidate release would: the file is known in two parts, cut at the first as-of.
        for until in (FIRST, LATER):
            batch = read_ged(events, known_at=LATER)
            last = min(batch.covers_to, until - timedelta(days=14))
            told = batch.events[batch.events["date"] <= to_epoch_day(last)]
            append_delivery(
                connection,
                replace(batch, events=told, n_rows=len(told), covers_to=last, refusals=()),
                source=GED,
                vintage=str(until),
                known_at=end_of_day(until),
                received_at=NOW,
                file_name=events.name,
                sha256=f"{until:%Y%m%d}" * 8,
            )


@pytest.fixture(scope="module")
def weekly(empty_database_file, tmp_path_factory):
    """A database and settings of the Sahel by week, published twice."""
    folder = tmp_path_factory.mktemp("weekly")
    shutil.copy(empty_database_file, folder / "tocsin.db")
    settings = Settings(
        state_dir=folder,
        horizons=(1, 3),
        backtest_years=1,
        refit_every_months=12,
        bootstrap_draws=100,
        train_from="2014-01",
    )
    database = open_database(settings.resolved_database_url)
    _ingest(database)
    train_set(database, settings, lambda: NOW, region_set="weekly", as_of=FIRST)
    for as_of in (FIRST, LATER):
        run_cycle(database, settings, lambda: NOW, region_set="weekly", as_of=as_of)
    yield database, settings
    database.close()


def test_what_is_published_counts_in_weeks(weekly):
    database, _ = weekly
    with database.read() as connection:
        published = find_publication(connection, "weekly", FIRST)
        files = {name: load_document(connection, "weekly", FIRST, name) for name in FORMATS}
    # The last whole week of what is told ends on the 28th of November.
    assert (published.step, published.origin_label) == ("week", "2021-W47")
    assert date(2021, 11, 28) <= published.data_cutoff <= date(2021, 12, 1)
    assert {score.horizon for score in published.scores} == {1, 3}
    assert any(score.status in ("ok", "baseline_only") for score in published.scores)
    feed = json.loads(files["json"].body)
    assert (feed["step"], feed["origin"]) == ("week", "2021-W47")
    told = [score["explanation"] for score in feed["scores"] if score["horizon"] == 3]
    assert any("3 weeks" in one["en"] and "3 semaines" in one["fr"] for one in told)
    text = files["atom"].body.decode()
    assert "3 weeks" in text
    for wrong in ("over 3 months", "over 1 month", "sur 3 mois"):
        assert wrong not in text + files["json"].body.decode()


def test_windows_that_close_are_verified_by_week(weekly):
    database, _ = weekly
    with database.read() as connection:
        verified = load_verified(connection, "weekly")
        panel = build_panel(connection, load_region_set(connection, "weekly"), LATER)
    origin = parse_period("2021-W47", "week")
    assert {one.forecast.horizon for one in verified} == {1, 3}
    assert {one.forecast.origin for one in verified} == {origin}
    place = dict(zip(panel.region_ids, panel.values["deaths"].T, strict=True))
    for one in verified:
        first = origin + 1 - int(panel.periods[0])
        counted = place[one.forecast.region_id][first : first + one.forecast.horizon]
        assert one.deaths == pytest.approx(float(counted.sum()), abs=1e-5)


@pytest.mark.parametrize("path", ["", "?horizon=3", "/reliability", "/regions", "about"])
def test_pages_say_weeks(weekly, browse, path):
    database, settings = weekly
    with database.read() as connection:
        some = load_region_set(connection, "weekly").regions[0].region_id
    address = {"about": "/about", "/regions": f"/sets/weekly/regions/{some}"}
    page = browse(make_app(database, settings, lambda: NOW)).get(
        address.get(path, f"/sets/weekly{path}")
    )
    assert page.status_code == 200
    assert "3 weeks" in page.text
    for wrong in ("1 month<", "over 3 months", "3 months ahead", "or 3 months", "next 3 months"):
        assert wrong not in page.text, wrong


@pytest.mark.parametrize(("days", "is_stale"), [(17, False), (18, True)])
def test_a_weekly_page_is_stale_sooner(weekly, browse, days, is_stale):
    database, settings = weekly
    today = datetime(2022, 1, 15, 6, tzinfo=UTC) + timedelta(days=days)
    page = browse(make_app(database, settings, lambda: today)).get("/sets/weekly")
    assert ("one is expected within 17" in page.text) == is_stale
