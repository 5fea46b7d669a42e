"""A desk that has only monthly counts of HDX HAPI, from fetching to the page."""

from __future__ import annotations

import calendar
import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from shapely.geometry import box
from werkzeug import Request, Response

from data.database import open_database
from data.regions import Region, RegionSet, save_region_set
from data.sources.contract import Query
from service.app import make_app
from service.intake.fetching import fetch_source
from service.modelling.training import train_set
from service.pipeline import run_cycle
from service.settings import Settings

NOW = datetime(2022, 1, 15, 12, tzinfo=UTC)
AREAS = ("ML01", "ML05", "ML07", "NE003", "NE006", "NE007")
PER_EVENT = 104_729
"""Deaths of one event: a prime that nothing else is a multiple of."""


def hapi_rows(country: str) -> list[dict[str, Any]]:
    """Returns ten years of counts; the newest month is not over."""
    rows = []
    for year, month in [(y, m) for y in range(2012, 2022) for m in range(1, 13)] + [(2022, 1)]:
        last = calendar.monthrange(year, month)[1]
        for number, area in enumerate(AREAS):
            if area[:2] != country[:2]:
                continue
            events = 1 + (7 * number + 3 * month + 11 * year) % 9 * (1 + (year + number) % 3)
            rows += [
                {
                    "location_code": country,
                    "admin1_code": area,
                    "admin2_code": None,
                    "event_type": kind,
                    "events": events,
                    "fatalities": events * PER_EVENT,
                    "reference_period_start": f"{year}-{month:02d}-01T00:00:00",
                    "reference_period_end": f"{year}-{month:02d}-{last}T23:59:59",
                }
                for kind in ("political_violence", "civilian_targeting", "demonstration")
            ]
    return rows


def answer(request: Request) -> Response:
    start, limit = (int(request.args[name]) for name in ("offset", "limit"))
    rows = hapi_rows(request.args["location_code"])[start : start + limit]
    return Response(json.dumps({"data": rows}), content_type="application/json")


def make_regions() -> RegionSet:
    return RegionSet(
        name="counted",
        kind="admin1",
        step="month",
        source="hapi",
        is_schematic=True,
        attribution="",
        regions=tuple(
            Region(code, code, {"ML": "MLI", "NE": "NER"}[code[:2]], box(x, 0, x + 1, 1))
            for x, code in enumerate(AREAS)
        ),
        neighbours=tuple(
            tuple(at for at in (x - 1, x + 1) if 0 <= at < len(AREAS)) for x in range(len(AREAS))
        ),
    )


def test_a_desk_runs_whole_on_counts(
    empty_database_file: Path, tmp_path: Path, httpserver: HTTPServer, browse: Callable[..., Any]
) -> None:
    httpserver.expect_request("/api/v2/coordination-context/conflict-events").respond_with_handler(
        answer
    )
    shutil.copy(empty_database_file, tmp_path / "tocsin.db")
    settings = Settings(
        state_dir=tmp_path,
        hapi_url=httpserver.url_for("").rstrip("/"),
        hapi_app_identifier="right",  # type: ignore[arg-type]
        fetch_allow_loopback=True,
        horizons=(1,),
        outcomes=("escalation",),
        backtest_years=1,
        refit_every_months=12,
        bootstrap_draws=100,
        # Long enough for fatalities, if they were made.
        train_from="2009-01",
    )
    database = open_database(settings.resolved_database_url)

    def clock() -> datetime:
        return NOW

    with database.write() as connection:
        save_region_set(connection, make_regions(), NOW)
    fetch_source(database, settings, clock, name="hapi", query=Query(("MLI", "NER")))
    train_set(database, settings, clock, region_set="counted", as_of=NOW.date())
    report = run_cycle(database, settings, clock, region_set="counted", as_of=NOW.date())
    assert report.n_scores == len(AREAS)

    client = browse(make_app(database, settings, clock))
    feed = client.get("/feeds/counted/latest.json").json()
    assert feed["origin"] == "2021-12"
    assert feed["data_cutoff"] == str(date(2021, 12, 31))
    assert any("monthly counts per area" in notice for notice in feed["notice"])
    assert "ACLED" in feed["attributions"][0]["text"]
    answers = client.get("/api/v1/sets/counted/indicators?region_id=ML05").json()["values"]
    told = {item["indicator"]: item["value"] for item in answers}
    assert told["escalation_threshold"] is not None
    assert {name for name in told if "deaths" in name and told[name] is not None} == set()
    assert {name for name in told if "events" in name and told[name] is not None} == set()
    page = client.get("/sets/counted/regions/ML05").text
    assert "Monthly counts only" in page
    assert "are not shown" in page
    assert "do not let the value be passed on" in page
    drivers = page.split('class="drivers-table"', 1)[1].split("</table>", 1)[0]
    assert ">not shown<" in drivers
    assert "not known" not in drivers
    assert ": not known" not in client.get("/sets/counted").text
    assert feed["fatalities"]["status"] == "not_made"
    assert "passed on" in feed["fatalities"]["reason"]
    texts = [page, json.dumps(feed), client.get("/feeds/counted/latest.csv").text]
    count = hapi_rows("MLI")[-6]["fatalities"]
    assert count % PER_EVENT == 0
    for text in texts:
        assert str(count) not in text
        assert f"{count:,}" not in text
    database.close()
