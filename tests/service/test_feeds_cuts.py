"""Feeds cut by country and outcome, and the row of hashtags."""

from __future__ import annotations

import csv
import io

import pytest

from service.feeds.app import FeedsApp

PLAIN = {"accept-encoding": "identity"}


@pytest.fixture
def client(squares, browse):
    return browse(FeedsApp(squares, recheck_seconds=0))


def test_a_feed_can_be_cut_to_a_country(client, publish, make_publication):
    publish(make_publication())
    rows = list(
        csv.DictReader(io.StringIO(client.get("/feeds/squares/latest.csv?country=BBB").text))
    )
    assert {row["region_id"] for row in rows} == {"BB01", "BB02"}
    assert len(rows) == 4
    shapes = client.get("/feeds/squares/2022-01-15.geojson?country=BBB&outcome=escalation").json()
    assert [feature["id"] for feature in shapes["features"]] == ["BB01", "BB02"]
    assert client.get("/feeds/squares/latest.pdf?country=AAA").content.startswith(b"%PDF")


def test_hashtags_come_under_the_header_on_request(client, publish, make_publication):
    publish(make_publication())
    plain = client.get("/feeds/squares/latest.csv?hxl=0").text.split("\r\n")
    tagged = client.get("/feeds/squares/latest.csv?hxl=1").text.split("\r\n")
    assert tagged[0] == plain[0]
    assert all(tag.startswith("#") for tag in tagged[1].split(","))
    assert len(tagged[1].split(",")) == len(plain[0].split(","))
    assert tagged[2:] == plain[1:]


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("latest.csv?country=ZZZ", "unknown_name"),
        ("latest.csv?outcome=rain", "unknown_name"),
        ("latest.csv?contry=AAA", "usage"),
        ("latest.csv?country=", "usage"),
        ("latest.csv?country=AAA&country=BBB", "usage"),
        ("latest.csv?hxl=yes", "usage"),
        ("latest.json?hxl=1", "usage"),
        ("latest.csv?nonsense", "usage"),
        ("?country=AAA", "usage"),
        ("latest.docx?country=AAA", "unknown_name"),
    ],
)
def test_a_cut_that_cannot_be_made_is_a_problem(client, publish, make_publication, place, code):
    publish(make_publication())
    assert client.get(f"/feeds/squares/{place}").json()["code"] == code
