"""Indicators through the API: the catalogue, and values as a publication knew them."""

from __future__ import annotations

from datetime import date

import pytest

from data.regions import load_region_set
from features.catalogue import CATALOGUE
from service.app import make_app
from service.feeds.facts import round_number
from service.indicator_values import read_indicators
from service.pipeline import run_cycle

AS_OF = date(2022, 1, 15)


@pytest.fixture(scope="module")
def published(copy_demo, tmp_path_factory):
    with copy_demo(tmp_path_factory.mktemp("indicators")) as demo:
        run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=AS_OF)
        yield demo


@pytest.fixture(scope="module")
def get(published, browse):
    client = browse(make_app(published.database, published.settings, published.clock))
    return lambda path: client.get(f"/api/v1{path}")


def test_the_catalogue_says_what_each_indicator_means(get):
    listed = get("/indicators").json()
    assert [item["name"] for item in listed] == list(CATALOGUE)
    assert all(item["label"] and item["formula"] and item["why"] for item in listed)


def test_values_are_those_of_the_publication(get, published):
    with published.database.read() as connection:
        region_set = load_region_set(connection, "demo")
        expected = read_indicators(connection, region_set, AS_OF, published.settings)
    place = region_set.region_ids[3]
    answer = get(f"/sets/demo/indicators?region_id={place}").json()
    assert (answer["as_of"], answer["period"]) == (AS_OF.isoformat(), expected.period)
    told = {item["indicator"]: item["value"] for item in answer["values"]}
    assert told == {name: round_number(value) for name, value in expected.of_region(place).items()}
    assert None in told.values()
    assert any(value for value in told.values())
    across = get("/sets/demo/indicators?indicator=deaths_3m&as_of=2022-01-15").json()["values"]
    assert [item["region_id"] for item in across] == list(region_set.region_ids)
    assert (
        next(item for item in across if item["region_id"] == place)["value"] == (told["deaths_3m"])
    )


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "usage"),
        ("region_id=a&indicator=deaths_3m", "usage"),
        ("region_id=nowhere", "unknown_name"),
        ("indicator=happiness", "unknown_name"),
        ("indicator=deaths_3m&as_of=2020-01-01", "unknown_name"),
        ("region=a", "usage"),
    ],
)
def test_what_is_not_there_is_a_problem(get, query, code):
    assert get(f"/sets/demo/indicators?{query}").json()["code"] == code
