"""What the feed files say, and that each is what its standard wants."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from shapely.geometry import LinearRing, Polygon, box, shape

from data.errors import StateError
from models.score import Contribution
from service.feeds import csv_feed, geojson_feed, json_feed
from service.feeds.facts import count_statuses, write_notices
from service.feeds.formats import FORMATS, render_documents
from service.feeds.shapes import write_shape


def read_csv(publication, region_set):
    text = csv_feed.render(publication, region_set).body.decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def read_json(render, publication, region_set):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(render(publication, region_set).body, parse_constant=refuse)


def test_the_columns_are_fixed(make_publication, region_set):
    first_line = csv_feed.render(make_publication(), region_set).body.split(b"\r\n")[0]
    assert first_line == (
        b"set,region_id,region_name,country,as_of,origin,outcome,horizon,step,lead_time_days,"
        b"risk_score,low,high,level,change,status,completeness,model_version,outcome_version"
    )


def test_csv_rows_say_what_the_publication_says(make_publication, region_set):
    publication = make_publication(risk={("AA01", 1): 1 / 3, ("BB02", 3): None})
    rows = read_csv(publication, region_set)
    assert len(rows) == len(publication.scores)
    assert rows[0] == {
        "set": "squares",
        "region_id": "AA01",
        "region_name": "Ségou, nord",
        "country": "AAA",
        "as_of": "2022-01-15",
        "origin": "2021-12",
        "outcome": "escalation",
        "horizon": "1",
        "step": "month",
        "lead_time_days": "-15",
        "risk_score": "0.333333",
        "low": "",
        "high": "",
        "level": "high",
        "change": "-0.012346",
        "status": "ok",
        "completeness": "",
        "model_version": "squares-2022-01-15-abc",
        "outcome_version": "escalation-1",
    }
    assert (rows[-1]["risk_score"], rows[-1]["level"], rows[-1]["change"]) == ("", "", "")
    assert rows[-1]["status"] == "stale"


def test_csv_lines_end_as_rfc_4180_says(make_publication, region_set):
    body = csv_feed.render(make_publication(), region_set).body
    assert body.endswith(b"\r\n")
    assert body.count(b"\n") == body.count(b"\r\n") == 9


@given(st.text(max_size=30))
def test_no_text_runs_as_a_formula_and_none_is_lost(text):
    disarmed = csv_feed.disarm(text)
    assert not disarmed.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert disarmed in (text, "'" + text)


def test_awkward_names_are_disarmed_in_the_file(make_publication, region_set):
    names = [row["region_name"] for row in read_csv(make_publication(), region_set)[:4]]
    assert names == ["Ségou, nord", '\'=SUM("A1")', "'@home", "Tillabéri"]


@given(st.floats(-1, 1))
def test_decimals_are_plain_and_near(value):
    text = csv_feed.write_decimal(value)
    assert "e" not in text
    assert text not in ("", "-0")
    assert abs(float(text) - value) <= 0.5e-6
    assert len(text.partition(".")[2]) <= 6


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.0, "0"),
        (-1e-9, "0"),
        (0.5, "0.5"),
        (1.0, "1"),
        (1e-6, "0.000001"),
        (10, "10"),
    ],
)
def test_decimals_at_the_edges(value, text):
    assert csv_feed.write_decimal(value) == text


def test_json_tells_everything(make_publication, region_set):
    publication = make_publication(
        risk={("AA02", 3): None},
        revision=3,
        manifest={
            "model": {"skill": {"1": {"n": 7, "points": [1 / 3, None], "is_flat": False}}},
            "levels": {"low": 0.0, "high": 0.25},
        },
    )
    content = read_json(json_feed.render, publication, region_set)
    assert content["as_of"] == "2022-01-15"
    assert content["origin"] == "2021-12"
    assert content["data_cutoff"] == "2021-12-31"
    assert content["published_at"] == "2022-01-16T06:00:00Z"
    assert content["revision"] == 3
    assert content["model_version"] == "squares-2022-01-15-abc"
    assert content["outcome_version"] == "escalation-1"
    assert content["simulated"] is False
    assert content["skill"] == {"1": {"n": 7, "points": [0.333333, None], "is_flat": False}}
    assert content["attributions"][0]["licence"] == "CC-BY-4.0"
    assert content["levels"]["high"] == 0.25
    assert content["horizons"][1] == {
        "outcome": "escalation",
        "horizon": 3,
        "window_from": "2022-01-01",
        "window_to": "2022-03-31",
        "lead_time_days": -15,
        "n_by_status": {"ok": 3, "stale": 1},
        "model_version": "squares-2022-01-15-abc",
        "outcome_version": "escalation-1",
    }
    assert content["other_skill"] == {}
    first, stale = content["scores"][0], content["scores"][5]
    assert first["window"] == {"from": "2022-01-01", "to": "2022-01-31"}
    assert first["threshold"] == 12.5
    assert first["drivers"][1] == {
        "feature": "since_event",
        "family": "other",
        "label": "Months since",
        "value": None,
        "unit": "months",
        "log_odds": -0.333333,
    }
    assert stale["risk_score"] is None
    assert stale["reason"] == "The data end in 2021-08."


def test_drivers_and_the_rest_sum_to_all_contributions(make_publication, region_set):
    publication = make_publication()
    many = tuple(Contribution(f"f{n}", f"F{n}", float(n), "u", 1 / (n + 1)) for n in range(25))
    row = replace(publication.scores[0], contributions=many)
    content = read_json(json_feed.render, replace(publication, scores=(row,)), region_set)[
        "scores"
    ][0]
    total = sum(item["log_odds"] for item in content["drivers"]) + content["other_log_odds"]
    assert len(content["drivers"]) == json_feed.N_DRIVERS
    assert total == pytest.approx(sum(item.log_odds for item in many), abs=1e-5)


def test_geojson_has_one_feature_per_region(make_publication, region_set):
    content = read_json(geojson_feed.render, make_publication(), region_set)
    assert content["type"] == "FeatureCollection"
    assert "crs" not in content
    assert content["bbox"] == [-3.123457, 0, 2, 2]
    assert [feature["id"] for feature in content["features"]] == list(region_set.region_ids)
    properties = content["features"][0]["properties"]
    assert properties["escalation_1_risk_score"] == 0.06
    assert properties["escalation_3_risk_score"] == 0.08
    assert properties["escalation_3_window_to"] == "2022-03-31"
    assert properties["simulated"] is False
    assert all(not isinstance(value, (dict, list)) for value in properties.values())


def test_geojson_shapes_follow_the_right_hand_rule(make_publication, region_set):
    content = read_json(geojson_feed.render, make_publication(), region_set)
    for feature, region in zip(content["features"], region_set.regions, strict=True):
        geometry = feature["geometry"]
        polygons = (
            [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        )
        for rings in polygons:
            assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in rings)
            assert [LinearRing(ring).is_ccw for ring in rings] == [True] + [False] * (
                len(rings) - 1
            )
        assert shape(geometry).symmetric_difference(region.geometry).area < 1e-5
        assert list(shape(geometry).bounds) == feature["bbox"]


def degrees(limit):
    return st.integers(-limit * 10**9, limit * 10**9).map(lambda number: number / 10**9)


CORNERS = st.tuples(degrees(179), degrees(89))


@given(st.lists(CORNERS, min_size=3, max_size=12))
def test_any_shape_comes_out_closed_oriented_and_short(corners):
    polygon = shapely.convex_hull(shapely.multipoints(corners))
    assume(isinstance(polygon, Polygon))
    geometry, bounds = write_shape(polygon)
    written = shape(geometry)
    assert list(written.bounds) == bounds
    for ring in shapely.get_rings(written):
        assert ring.is_closed
    for x, y in shapely.get_coordinates(written):
        assert x == round(x, 6)
        assert y == round(y, 6)
    if not polygon.buffer(-1e-5).is_empty:  # Wider than the last decimal.
        assert written.is_valid
        assert all(ring.is_ccw for ring in shapely.get_rings(written))
        assert written.symmetric_difference(polygon).area <= 1e-6 * polygon.length


def test_a_tiny_shape_keeps_its_place():
    geometry, bounds = write_shape(box(1, 1, 1 + 1e-8, 1 + 1e-8))
    assert geometry["type"] == "Polygon"
    assert bounds == [1, 1, 1, 1]


def test_a_line_is_no_region():
    with pytest.raises(StateError):
        write_shape(shapely.LineString([(0, 0), (1, 1)]))


def test_the_three_formats_agree_on_the_numbers(make_publication, region_set):
    publication = make_publication(risk={("AA01", 1): 2 / 3, ("BB01", 1): None})
    from_csv = {
        (row["region_id"], int(row["horizon"])): row["risk_score"]
        for row in read_csv(publication, region_set)
    }
    scores = read_json(json_feed.render, publication, region_set)["scores"]
    features = read_json(geojson_feed.render, publication, region_set)["features"]
    by_id = {feature["id"]: feature["properties"] for feature in features}
    for score in scores:
        key = (score["region_id"], score["horizon"])
        assert by_id[key[0]][f"escalation_{key[1]}_risk_score"] == score["risk_score"]
        written = from_csv[key]
        assert score["risk_score"] == (float(written) if written else None)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("csv", b"simulated-squares"),
        ("json", b"these events did not happen"),
        ("geojson", b"these events did not happen"),
        ("parquet", b"these events did not happen"),
        ("atom", b"SIMULATED"),
        ("html", b"SIMULATED"),
        ("fr.html", "SIMULÉ".encode()),
    ],
)
def test_every_text_of_a_simulated_world_says_so(make_publication, region_set, name, says):
    real = {item.name: item for item in render_documents(make_publication(), region_set)}
    pretended = make_publication(is_simulated=True)
    simulated = {item.name: item for item in render_documents(pretended, region_set)}
    assert says not in real[name].body
    assert says in simulated[name].body


@pytest.mark.parametrize("name", ["json", "geojson"])
def test_programs_read_that_a_world_is_simulated(make_publication, region_set, name):
    content = json.loads(FORMATS[name](make_publication(is_simulated=True), region_set).body)
    assert content["simulated"] is True
    assert content["notice"][0].startswith("Simulated: these events did not happen.")


def test_rows_of_a_simulated_world_keep_their_status(make_publication, region_set):
    rows = read_csv(make_publication(is_simulated=True), region_set)
    assert {row["set"] for row in rows} == {"simulated-squares"}
    assert all(row["model_version"].startswith("simulated-") for row in rows)
    assert {row["status"] for row in rows} == {"ok"}


def test_a_name_that_says_simulated_is_left_alone(make_publication, region_set):
    publication = make_publication(is_simulated=True, region_set="simulated")
    assert read_csv(publication, region_set)[0]["set"] == "simulated"


def test_notices_say_what_must_be_known(make_publication):
    publication = make_publication(
        risk={("AA01", 1): None},
        is_schematic=True,
        published_at=datetime(2022, 2, 10, tzinfo=UTC),
        manifest={"previous_model_version": "older"},
    )
    weak = replace(publication.scores[1], status="baseline_only")
    publication = replace(
        publication, scores=(publication.scores[0], weak, *publication.scores[2:])
    )
    text = "\n".join(write_notices(publication, count_statuses(publication)))
    assert "computed, not surveyed" in text
    assert "Baseline only, escalation over 1 month: 1 of 4" in text
    assert "Stale, escalation over 1 month: 1 of 4" in text
    assert "A replay: the window of 1 month had ended" in text
    assert "The model changed" in text


def test_an_ordinary_publication_needs_no_notice(make_publication):
    publication = make_publication(date(2022, 1, 15))
    assert write_notices(publication, count_statuses(publication)) == []


def test_rendering_twice_gives_the_same_bytes(make_publication, region_set):
    once = render_documents(make_publication(), region_set)
    assert render_documents(make_publication(), region_set) == once


@pytest.mark.parametrize("is_simulated", [False, True])
def test_the_json_feed_keeps_its_schema(make_publication, region_set, is_simulated):
    schema = json.loads(json_feed.FEED_SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    publication = make_publication(risk={("AA01", 1): None}, is_simulated=is_simulated)
    content = read_json(json_feed.render, publication, region_set)
    validator.validate(content)
    # Every member is described, and a wrong one is found.
    assert set(content) == set(schema["properties"])
    assert set(content["scores"][0]) == set(schema["$defs"]["score"]["properties"])
    assert set(content["horizons"][0]) == set(
        schema["properties"]["horizons"]["items"]["properties"]
    )
    for wrong in ({"risk_score": 1.5}, {"status": "fine"}, {"status": "stale"}):
        broken = {**content, "scores": [{**content["scores"][1], **wrong}]}
        assert not validator.is_valid(broken)


def test_the_schema_is_served(api):
    answer = api.get("/api/v1/feed-schema.json")
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json() == json.loads(json_feed.FEED_SCHEMA.read_text())
