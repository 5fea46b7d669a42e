"""Published deaths against what came: by a slow count, over kills, borders and corrections."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from data.calendar import period_end
from data.database import open_database
from data.panel import build_panel
from data.regions import dissolve_countries, load_region_set, save_region_set
from models.fatalities.names import QUANTILES
from service.app import make_app
from service.cli.main import app
from service.pipeline import run_cycle
from service.publications.fatality import PublishedFatalities
from service.publications.store import latest_publication, store_publication
from service.record.fatality_verification import (
    find_verified_deaths,
    load_verified_deaths,
    store_verified_deaths,
)
from service.record.track_record import verify_set
from service.tables import fatality_verifications

FIRST, SECOND = date(2021, 12, 15), date(2022, 1, 15)
LIVE, NOW = datetime(2021, 12, 15, 18, tzinfo=UTC), datetime(2022, 1, 16, 6, tzinfo=UTC)
N_BACK = 8

DRIVER = """
import os, signal, sys
from datetime import UTC, date, datetime

import service.pipeline
from data.database import open_database
from service.settings import Settings

settings = Settings.model_validate_json(sys.argv[1])
real = service.pipeline.store_verified_deaths


def die_after(connection, panel, verified):
    real(connection, panel, verified)
    assert verified
    os.kill(os.getpid(), signal.SIGKILL)


service.pipeline.store_verified_deaths = die_after
service.pipeline.run_cycle(
    open_database(sys.argv[3]),
    settings,
    lambda: datetime(2022, 1, 16, 6, tzinfo=UTC),
    region_set="demo",
    as_of=date.fromisoformat(sys.argv[2]),
)
"""


def cycle(demo, as_of, published_at=NOW):
    return run_cycle(
        demo.database, demo.settings, lambda: published_at, region_set="demo", as_of=as_of
    )


def read_panel(demo, as_of):
    with demo.database.read() as connection:
        return build_panel(connection, load_region_set(connection, "demo"), as_of)


def publish_deaths(demo):
    """Publishes quantiles made by chance for eight origins, half of them live."""
    cycle(demo, FIRST, LIVE)
    generator = np.random.default_rng(8)
    made = []
    with demo.database.write() as connection:
        newest = latest_publication(connection, "demo")
        regions = dict.fromkeys((score.region_id, score.country) for score in newest.scores)
        for back in range(N_BACK, 0, -1):
            origin = newest.origin - back
            as_of = period_end(origin, "month") + timedelta(days=15)
            rows = tuple(
                PublishedFatalities(
                    region_id=region_id,
                    region_name=region_id,
                    country=country,
                    horizon=horizon,
                    status=("ok", "baseline_only", "stale")[int(generator.integers(3))],
                    quantiles=tuple(np.sort(generator.integers(0, 30, 19)).astype(float)),
                )
                for horizon in range(1, 13)
                for region_id, country in regions
            )
            rows = tuple(
                replace(one, quantiles=()) if one.status == "stale" else one for one in rows
            )
            moment = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
            publication = replace(
                newest,
                publication_id=None,
                as_of=as_of,
                origin=origin,
                published_at=moment if back % 2 else LIVE,
                fatalities=rows,
            )
            made.append(store_publication(connection, publication, ()))
    return made


def count_slowly(made, panel):
    """Every forecast one by one, from the panel's own table."""
    found = {}
    for publication in made:
        for one in publication.fatalities:
            row = publication.origin + one.horizon - int(panel.periods[0])
            if not one.quantiles or row >= len(panel.periods):
                continue
            region = panel.region_ids.index(one.region_id)
            before = panel.values["deaths"][row - one.horizon - 11 : row - one.horizon + 1, region]
            rival = [float(np.round(np.quantile(before.repeat(20), q), 2)) for q in QUANTILES]
            came = round(float(panel.values["deaths"][row, region]), 2)
            figures = []
            for values in (one.quantiles, rival):
                loss = sum(
                    max(q * (came - at), (q - 1) * (came - at))
                    for q, at in zip(QUANTILES, values, strict=True)
                )
                figures += [2 * loss / 19, values[0] <= came <= values[-1]]
            closes = period_end(publication.origin + one.horizon, "month")
            found[one.region_id, one.horizon, publication.origin] = (
                publication.published_at.date() <= closes,
                one.status == "ok",
                came,
                *figures,
            )
    return found


@pytest.mark.both_databases
def test_what_is_stored_is_what_a_slow_count_finds(demo):
    made = publish_deaths(demo)
    cycle(demo, SECOND)
    expected = count_slowly(made, read_panel(demo, SECOND))
    with demo.database.read() as connection:
        stored = load_verified_deaths(connection, "demo")
        panel = build_panel(connection, load_region_set(connection, "demo"), SECOND)
        assert find_verified_deaths(connection, panel) == ()
    told = {
        key: (
            *(one.is_live, one.is_model, one.deaths),
            *(one.crps, one.in_90, one.conflictology_crps, one.conflictology_in_90),
        )
        for key, one in stored.items()
        if one.publication_id in {publication.publication_id for publication in made}
    }
    assert told.keys() == expected.keys()
    assert len(expected) > 500
    for key, values in expected.items():
        assert told[key] == pytest.approx(values)
    assert {values[0] for values in told.values()} == {True, False}


def test_a_cycle_killed_in_between_stores_nothing_and_the_next_all(demo):
    publish_deaths(demo)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run(
        [
            *(sys.executable, "-c", DRIVER, demo.settings.model_dump_json(), str(SECOND)),
            # The settings write no secret, and an address may hold one.
            demo.settings.resolved_database_url,
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    demo.database.close()
    again = replace(demo, database=open_database(demo.settings.resolved_database_url))
    with again.database.read() as connection:
        assert load_verified_deaths(connection, "demo") == {}
        panel = build_panel(connection, load_region_set(connection, "demo"), SECOND)
        expected = {one.key: one for one in find_verified_deaths(connection, panel)}
    assert expected
    cycle(again, SECOND)
    assert cycle(again, SECOND).is_unchanged
    with again.database.read() as connection:
        assert load_verified_deaths(connection, "demo") == expected
    again.database.close()


def test_a_correction_adds_a_row_and_the_newest_counts(demo):
    publish_deaths(demo)
    cycle(demo, SECOND)
    panel = read_panel(demo, SECOND)
    with demo.database.read() as connection:
        stored = load_verified_deaths(connection, "demo")
    one = max(stored.values(), key=lambda each: (each.origin, each.region_id))
    deaths = panel.values["deaths"].copy()
    place = (
        one.origin + one.horizon - int(panel.periods[0]),
        panel.region_ids.index(one.region_id),
    )
    deaths[place] += 500
    later = replace(panel, as_of=date(2022, 1, 16), values={**panel.values, "deaths": deaths})
    with demo.database.write() as connection:
        changed = find_verified_deaths(connection, later)
        of_the_month = {
            key
            for key in stored
            if (key[0], key[1] + key[2]) == (one.region_id, one.horizon + one.origin)
        }
        assert {each.key for each in changed} == of_the_month
        for _ in range(2):
            store_verified_deaths(connection, later, changed)
        newest = load_verified_deaths(connection, "demo")
        assert newest[one.key].deaths == pytest.approx(one.deaths + 500)
        assert newest[one.key].crps > one.crps
        assert load_verified_deaths(connection, "demo", as_of=SECOND) == stored
        n_rows = connection.scalar(select(func.count()).select_from(fatality_verifications))
        assert n_rows == len(stored) + len(changed)


def test_deaths_are_verified_within_the_borders_that_they_were_forecast_for(demo):
    publish_deaths(demo)
    panel = read_panel(demo, SECOND)
    with demo.database.read() as connection:
        expected = set(find_verified_deaths(connection, panel))
    with demo.database.write() as connection:
        areas = load_region_set(connection, "demo")
        whole = dissolve_countries(
            "demo", areas, step="month", source=areas.source, attribution="", name_of=str
        )
        assert save_region_set(connection, whole, datetime(2022, 1, 1, tzinfo=UTC), replace=True)
    with demo.database.read() as connection:
        assert set(find_verified_deaths(connection, read_panel(demo, SECOND))) == expected


def test_the_command_the_api_and_the_page_tell_the_record(demo, browse, monkeypatch):
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(demo.settings.state_dir))
    words = ["verify", "--set", "demo", "--outcome", "fatalities", "--as-of"]

    def run(*more):
        done = CliRunner().invoke(app, [*words, *more])
        assert done.exit_code == 0, done.output
        return done.stdout

    cycle(demo, FIRST, LIVE)
    client = browse(make_app(demo.database, demo.settings, demo.clock))
    assert "no track record yet" in run(FIRST.isoformat())
    before = client.get("/sets/demo/reliability").text
    assert "There is no track record yet" in before
    assert "Il n’y a pas encore de bilan" in before
    publish_deaths(demo)
    cycle(demo, SECOND)
    (record,) = json.loads(run(SECOND.isoformat(), "--json"))
    (same,) = verify_set(
        demo.database, demo.settings, region_set="demo", as_of=SECOND, outcome="fatalities"
    )
    # The command draws the bootstrap as often as the settings say by default.
    for one in (record, same):
        for kinds in (*one["horizons"].values(), one["all_horizons"]):
            for each in kinds.values():
                each.pop("gain", None)
    assert json.loads(json.dumps(same)) == record
    live = record["all_horizons"]["live"]
    assert live["n_forecasts"] == sum(
        kinds["live"]["n_forecasts"] for kinds in record["horizons"].values()
    )
    table = run(SECOND.isoformat())
    assert "conflictology" in table
    assert f"{live['coverage']['served']['90%']:.1%}" in table
    told = client.get("/api/v1/sets/demo/verification?outcome=fatalities").json()
    assert told["all_horizons"]["live"]["n_forecasts"] == live["n_forecasts"]
    assert told["horizons"]["3"]["live"]["crps"] == pytest.approx(
        record["horizons"]["3"]["live"]["crps"], abs=1e-5
    )
    assert client.get("/api/v1/sets/demo/verification").json()["all_horizons"] is None
    page = client.get("/sets/demo/reliability").text
    assert f"Of {live['n_forecasts']:,} live forecasts of the deaths of one month" in page
    assert f"Sur {live['n_forecasts']} prévisions des morts d’un mois" in page
    assert page.count("Nine in ten: held") == 2
