"""The page of the track record: live forecasts and replays apart, nothing measured that is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data.calendar import parse_period, period_end, period_start
from data.panel import build_panel
from service.record.verification import find_verified, store_verified


@pytest.fixture
def record(publish, make_publication, deliver, squares, region_set):
    """Two years of monthly publications, the last year live, all windows of one month closed."""
    deliver([(period_end(parse_period("2021-06", "month"), "month"), 0.5, 0.5, "state_based", 30)])
    for month in range(parse_period("2019-12", "month"), parse_period("2021-12", "month")):
        as_of = period_start(month, "month").replace(day=15)
        is_live = as_of.year == 2021
        publish(
            make_publication(
                as_of,
                published_at=datetime(as_of.year if is_live else 2022, as_of.month, 16, tzinfo=UTC),
            )
        )
    with squares.write() as connection:
        panel = build_panel(connection, region_set, max_day())
        store_verified(connection, panel, find_verified(connection, panel))


def max_day():
    return datetime(2022, 1, 15, tzinfo=UTC).date()


def test_live_forecasts_and_replays_stand_apart(record, get, read, ask):
    page = read(get("/sets/squares/reliability?horizon=1").text)
    text = " ".join(page.source.split())
    assert "Published before the window was over" in text
    assert "it is no promise that was kept" in text
    told = ask("/sets/squares/verification", "/sets/{set}/verification").json()
    live, replays = (told["horizons"]["1"][kind] for kind in ("live", "afterwards"))
    assert live["n_forecasts"] > 0
    assert replays["n_forecasts"] > 0
    assert live["n_positives"] == 1
    assert [row["year"] for row in live["by_year"]] == [2020, 2021]
    for row in live["by_level"]:
        assert f'<td class="num">{row["n_forecasts"]}</td>' in page.source
    assert live["baselines"]["climatology"]["n_forecasts"] == live["n_forecasts"]
    assert live["others"] == []
    assert "Hits and false alarms by level" in text
    assert text.count("<svg") >= 4


def test_nothing_verified_is_said_not_shown_as_zero(publish, make_publication, get, read, ask):
    publish(make_publication())
    page = read(get("/sets/squares/reliability").text)
    assert "no window is closed and known yet" in page.source
    assert "not measured" in page.source or "Each cycle checks" in page.source
    told = ask("/sets/squares/verification", "/sets/{set}/verification").json()
    assert told["as_of"] is None
    assert told["horizons"]["1"]["live"] == {"n_forecasts": 0, "n_positives": 0}


def test_unknown_horizons_and_sets_are_said(publish, make_publication, get, ask):
    publish(make_publication())
    assert get("/sets/squares/reliability?horizon=9").status_code == 404
    assert get("/sets/nowhere/reliability").status_code == 404
    path = "/sets/nowhere/verification"
    assert ask(path, "/sets/{set}/verification").status_code == 404
