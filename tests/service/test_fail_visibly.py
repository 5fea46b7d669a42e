"""A score that may not be served is absent, with its reason, in every format and at every address.

Never zero, never the number of before. The reasons are the statuses that carry no number; a new one
is tested here by itself. A model that is refused publishes nothing: what stands keeps its own day.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from typing import Any, get_args

import openpyxl
import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from data.errors import Refused
from models.score import Status
from models.tables import models
from service.app import make_app
from service.feeds.app import FeedsApp
from service.feeds.bulletin import compose_bulletin
from service.pipeline import run_cycle

WITHOUT_NUMBER = [status for status in get_args(Status) if status not in ("ok", "baseline_only")]
WHY = "Too little is known of this place."
PLACE = "AA01"


@pytest.fixture(params=WITHOUT_NUMBER)
def withheld(request, publish, make_publication):
    """A publication that may not serve one region, whose score of a month before was served."""
    publish(make_publication(as_of=date(2021, 12, 15), risk={(PLACE, 1): 0.77, (PLACE, 3): 0.77}))
    publication = make_publication()
    scores = tuple(
        replace(
            score,
            status=request.param,
            risk_score=None,
            level=None,
            change=None,
            model_probability=None,
            contributions=(),
            reason=WHY,
        )
        if score.region_id == PLACE
        else score
        for score in publication.scores
    )
    return publish(replace(publication, scores=scores))


@pytest.fixture
def fetch(squares, browse):
    feeds = browse(FeedsApp(squares, recheck_seconds=0))
    return lambda name: feeds.get(f"/feeds/squares/latest.{name}").content


def check_rows(rows: list[dict[str, Any]], status: str) -> None:
    there = [row for row in rows if row["region_id"] == PLACE]
    assert len(there) == 2
    for row in there:
        assert row["status"] == status
        for name in ("risk_score", "level", "change", "low", "high"):
            assert row.get(name) in (None, ""), name
    others = [row for row in rows if row["region_id"] != PLACE]
    assert all(row["risk_score"] not in (None, "") for row in others)


def test_tables_have_an_empty_field_and_the_reason_code(withheld, fetch):
    status = withheld.scores[0].status
    check_rows(list(csv.DictReader(io.StringIO(fetch("csv").decode()))), status)
    check_rows(pq.read_table(io.BytesIO(fetch("parquet"))).to_pylist(), status)
    sheet = openpyxl.load_workbook(io.BytesIO(fetch("xlsx"))).worksheets[0]
    lines = list(sheet.iter_rows(values_only=True))
    at = next(number for number, line in enumerate(lines) if "region_id" in line)
    check_rows([dict(zip(lines[at], line, strict=True)) for line in lines[at + 1 :]], status)


def test_json_and_maps_have_null_and_the_reason_in_words(withheld, fetch):
    status = withheld.scores[0].status
    scores = json.loads(fetch("json"))["scores"]
    check_rows(scores, status)
    assert {row["reason"] for row in scores if row["region_id"] == PLACE} == {WHY}
    assert all(row["model_probability"] is None for row in scores if row["region_id"] == PLACE)
    feature = json.loads(fetch("geojson"))["features"][0]["properties"]
    assert feature["region_id"] == PLACE
    for horizon in (1, 3):
        assert feature[f"escalation_{horizon}_risk_score"] is None
        assert feature[f"escalation_{horizon}_status"] == status
        assert feature[f"escalation_{horizon}_reason"] == WHY


def test_bulletins_and_atom_say_that_regions_are_missing(withheld, fetch, region_set):
    status = withheld.scores[0].status
    shown = fetch("html").decode()
    assert "77%" not in shown
    # What is not asked of a region is no gap: its own row says so, no notice warns of it.
    is_gap = status != "not_asked"
    assert ("1 of 4 regions" in shown) is is_gap
    assert ("1 régions sur 4" in fetch("fr.html").decode()) is is_gap
    for language in ("en", "fr"):
        texts = json.dumps(compose_bulletin(withheld, region_set, language), ensure_ascii=False)
        assert "77" not in texts
    assert (b"1 of 4 regions have no score" in fetch("atom")) is is_gap
    assert fetch("pdf").startswith(b"%PDF")


def test_the_api_the_map_service_and_the_pages_say_it_too(
    withheld, squares, settings, clock, browse
):
    client = browse(make_app(squares, settings, clock))
    status = withheld.scores[0].status
    check_rows(client.get("/api/v1/scores?set=squares").json()["scores"], status)
    detail = client.get(f"/api/v1/sets/squares/regions/{PLACE}").json()
    assert {row["reason"] for row in detail["scores"]} == {WHY}
    assert {row["risk_score"] for row in detail["scores"]} == {None}
    item = client.get("/ogc/collections/squares/items?limit=1").json()["features"][0]
    assert item["properties"]["escalation_1_risk_score"] is None
    assert item["properties"]["escalation_1_status"] == status
    word = "not asked" if status == "not_asked" else "no score"
    assert word in client.get(f"/sets/squares/regions/{PLACE}").text.lower()
    is_warned = "No score for some regions" in client.get("/sets/squares").text
    assert is_warned is (status != "not_asked")


def test_a_refused_model_publishes_nothing_and_what_stands_keeps_its_day(demo, browse):
    run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=date(2021, 12, 15))
    feeds = browse(FeedsApp(demo.database, recheck_seconds=0))
    before = feeds.get("/feeds/demo/latest.csv").content
    with demo.database.write() as connection:
        connection.execute(update(models).values(artefact=b"\0"))
    with pytest.raises(Refused):
        run_cycle(
            demo.database, demo.settings, demo.clock, region_set="demo", as_of=date(2022, 1, 15)
        )
    after = feeds.get("/feeds/demo/latest.csv").content
    assert after == before
    rows = list(csv.DictReader(io.StringIO(after.decode())))
    assert {row["as_of"] for row in rows} == {"2021-12-15"}
    assert feeds.get("/feeds/demo/2022-01-15.csv").status_code == 404
