"""What was published is read back and held against what came."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from data.panel import build_panel
from data.regions import dissolve_countries, load_region_set, save_region_set
from service.cli.main import app
from service.pipeline import run_cycle
from service.publications.store import latest_publication
from service.record.track_record import verify_set
from service.record.verification import find_verified, load_verified, store_verified
from service.tables import verifications

pytestmark = pytest.mark.both_databases

FIRST, SECOND = date(2021, 12, 15), date(2022, 1, 15)


def _record(demo, as_of):
    (record,) = verify_set(
        demo.database, demo.settings, region_set="demo", as_of=as_of, outcome="escalation"
    )
    assert record["outcome"] == "escalation"
    return record


def _counts(record):
    return {
        horizon: {kind: one["n_forecasts"] for kind, one in kinds.items()}
        for horizon, kinds in record["horizons"].items()
    }


def test_an_open_window_is_not_scored(demo):
    assert _record(demo, FIRST)["horizons"] == {}
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=FIRST)
    record = _record(demo, FIRST)
    assert record["n_published"] > 0
    none = {"live": 0, "afterwards": 0}
    assert _counts(record) == {"1": none, "3": none}


@pytest.mark.parametrize(
    ("published_at", "kind"),
    [
        (datetime(2021, 12, 15, 6, tzinfo=UTC), "live"),
        (datetime(2022, 1, 16, 6, tzinfo=UTC), "afterwards"),
    ],
)
def test_a_closed_window_is_scored_and_what_was_made_up_later_stands_apart(
    demo, published_at, kind
):
    run_cycle(demo.database, demo.settings, lambda: published_at, region_set="demo", as_of=FIRST)
    record = _record(demo, SECOND)
    counts = _counts(record)
    other = "afterwards" if kind == "live" else "live"
    assert counts["1"][kind] > 0
    assert counts["1"][other] == 0
    assert counts["3"] == {"live": 0, "afterwards": 0}
    with demo.database.read() as connection:
        published = latest_publication(connection, "demo")
    served = [
        one.risk_score
        for one in published.scores
        if one.horizon == 1 and one.risk_score is not None and one.threshold is not None
    ]
    found = record["horizons"]["1"][kind]
    assert found["n_forecasts"] == len(served)
    assert found["mean_forecast"] == pytest.approx(sum(served) / len(served))


def test_a_forecast_is_verified_within_the_borders_that_it_was_made_for(demo):
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=FIRST)
    expected = _record(demo, SECOND)["horizons"]
    with demo.database.write() as connection:
        areas = load_region_set(connection, "demo")
        whole = dissolve_countries(
            "demo", areas, step="month", source=areas.source, attribution="", name_of=str
        )
        assert save_region_set(connection, whole, datetime(2022, 1, 1, tzinfo=UTC), replace=True)
    assert _record(demo, SECOND)["horizons"] == expected
    assert sum(kinds["afterwards"]["n_forecasts"] for kinds in expected.values()) > 0


def test_the_command_prints_the_record(demo, monkeypatch):
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=FIRST)
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(demo.settings.state_dir))
    words = ["verify", "--set", "demo", "--as-of"]
    none = CliRunner().invoke(app, [*words, FIRST.isoformat()])
    assert "no window is closed" in none.stdout
    done = CliRunner().invoke(app, [*words, SECOND.isoformat()])
    assert done.exit_code == 0, done.output
    assert "made up afterwards" in done.stdout
    assert "simulated" in done.stdout


def test_a_cycle_stores_what_closed_and_what_changed_since(demo):
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=FIRST)
    with demo.database.read() as connection:
        assert load_verified(connection, "demo") == ()
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=SECOND)
    with demo.database.read() as connection:
        stored = load_verified(connection, "demo")
        panel = build_panel(connection, load_region_set(connection, "demo"), SECOND)
        assert find_verified(connection, panel) == ()
    assert {one.forecast.horizon for one in stored} == {1}
    record = _record(demo, SECOND)["horizons"]["1"]["afterwards"]
    assert record["n_forecasts"] == len(stored) > 0
    assert record["n_positives"] == sum(one.observed for one in stored)

    # A later panel knows of more deaths: a row is added, the newest counts, the old one is kept.
    region = panel.region_ids.index(stored[0].forecast.region_id)
    deaths = panel.values["deaths"].copy()
    deaths[stored[0].forecast.origin + 1 - int(panel.periods[0]), region] += 500
    later = replace(panel, as_of=date(2022, 1, 16), values={**panel.values, "deaths": deaths})
    with demo.database.write() as connection:
        changed = find_verified(connection, later)
        assert [one.forecast for one in changed] == [stored[0].forecast]
        for _ in range(2):
            store_verified(connection, later, changed)
        newest = {one.forecast.key: one for one in load_verified(connection, "demo")}
        assert newest[stored[0].forecast.key].deaths == stored[0].deaths + 500
        assert newest[stored[0].forecast.key].observed == 1.0
        assert load_verified(connection, "demo", as_of=SECOND) == stored
        n_rows = connection.scalar(select(func.count()).select_from(verifications))
        assert n_rows == len(stored) + 1
