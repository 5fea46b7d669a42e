"""OGC API – Features: what a desktop map asks for, and walks over pages."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from data.errors import UsageError
from service.api.handlers import install_problem_handlers
from service.boxes import meets
from service.ogc.query import NAMES, read_query
from service.ogc.routes import make_ogc

ITEMS = "/ogc/collections/squares/items"


@pytest.fixture
def client(squares, settings, clock, browse):
    app = FastAPI(openapi_url=None)
    install_problem_handlers(app)
    app.include_router(make_ogc(squares, settings, clock))
    return browse(app)


def follow(client, address):
    parts = urlsplit(address)
    return client.get(parts.path + (f"?{parts.query}" if parts.query else ""))


def link(content, relation):
    found = [item["href"] for item in content["links"] if item["rel"] == relation]
    return found[0] if found else None


def ids(content):
    return [feature["id"] for feature in content["features"]]


def test_a_client_finds_its_way_from_the_landing_page(client, publish, make_publication):
    publish(make_publication())
    landing = client.get("/ogc/").json()
    assert client.get("/ogc").json() == landing
    classes = follow(client, link(landing, "conformance")).json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson" in classes
    (collection,) = follow(client, link(landing, "data")).json()["collections"]
    assert collection["id"] == "squares"
    assert collection["extent"]["spatial"]["bbox"] == [[-3.123457, 0, 2, 2]]
    assert collection["extent"]["temporal"]["interval"] == [
        ["2022-01-01T00:00:00Z", "2022-03-31T23:59:59Z"]
    ]
    assert follow(client, link(collection, "self")).json() == collection
    answer = follow(client, link(collection, "items"))
    assert answer.headers["content-type"] == "application/geo+json"
    content = answer.json()
    assert content["type"] == "FeatureCollection"
    assert (content["numberMatched"], content["numberReturned"]) == (4, 4)
    assert content["timeStamp"] == "2022-01-16T06:00:00Z"
    one = client.get(f"{ITEMS}/BB01").json()
    assert one.pop("links")
    assert one == content["features"][2]


def test_the_definition_describes_every_address(client):
    answer = client.get("/ogc/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    declared = document["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]
    assert {item["name"] for item in declared} == {"collectionId", *NAMES} - {"f"}
    assert len(document["paths"]) == 6


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_walk_has_every_feature_once(client, publish, make_publication, limit):
    publish(make_publication())
    seen, content = [], client.get(f"{ITEMS}?limit={limit}").json()
    while True:
        seen += ids(content)
        following = link(content, "next")
        if following is None:
            break
        content = follow(client, following).json()
    assert seen == ["AA01", "AA02", "BB01", "BB02"]


def test_a_walk_stays_in_its_publication(client, publish, make_publication):
    publish(make_publication())
    first = client.get(f"{ITEMS}?limit=2").json()
    publish(make_publication(risk={("BB01", 1): 0.99}))
    old = follow(client, link(first, "next")).json()["features"][0]
    new = client.get(f"{ITEMS}?offset=2&limit=1").json()["features"][0]
    assert old["properties"]["escalation_1_risk_score"] != 0.99
    assert new["properties"]["escalation_1_risk_score"] == 0.99


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("bbox=0.1,0.1,0.2,0.2", ["AA01"]),
        ("bbox=-4,1.1,-2.5,1.3", ["BB01"]),
        ("bbox=1,0,1,2", ["AA01", "AA02", "BB01", "BB02"]),
        ("bbox=0.1,0.1,0,0.2,0.2,9", ["AA01"]),
        ("bbox=50,50,60,60", []),
        ("bbox=1.5,0,-170,3", ["AA02", "BB02"]),
        ("country=BBB", ["BB01", "BB02"]),
        ("country=BBB&bbox=1.5,1.5,1.6,1.6", ["BB02"]),
        ("datetime=2022-02-10", ["AA01", "AA02", "BB01", "BB02"]),
        ("datetime=../2021-12-31", []),
        ("datetime=2022-04-01T00:00:00Z/..", []),
        ("datetime=2022-04-01t00:00:00.5-01:00/..", []),
        ("f=json&limit=99999", ["AA01", "AA02", "BB01", "BB02"]),
    ],
)
def test_features_are_selected(client, publish, make_publication, query, found):
    publish(make_publication())
    content = client.get(f"{ITEMS}?{query}").json()
    assert ids(content) == found
    assert content["numberMatched"] == len(found)


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=0,2,1,1",
        "bbox=0,0,nan,1",
        "limit=0",
        "limit=-1",
        "limit=ten",
        "offset=1.5",
        "datetime=yesterday",
        "datetime=2022-01-01x",
        "datetime=2022-01-01T25:00:00Z",
        "datetime=2022-01-01T00:00:00",
        "publication=2147483648",
        "datetime=2022-01-02/2022-01-01",
        "datetime=1/2/3",
        "colour=red",
        "limit=1&limit=2",
        "f=html",
    ],
)
def test_a_wrong_parameter_is_answered_with_400(client, publish, make_publication, query):
    publish(make_publication())
    answer = client.get(f"{ITEMS}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/ogc/?x=1", "/ogc/collections?x=1", "/ogc/conformance?x=1"])
def test_addresses_without_parameters_take_none(client, path):
    assert client.get(path).status_code == 400


def test_what_is_not_there_is_said_to_be_missing(client, publish, make_publication):
    assert client.get(ITEMS).status_code == 503
    assert client.get("/ogc/collections").json()["collections"] == []
    publish(make_publication(date(2022, 1, 15)))
    for path in (
        "/ogc/collections/nowhere",
        "/ogc/collections/nowhere/items",
        f"{ITEMS}/ZZ99",
        f"{ITEMS}?publication=999",
    ):
        assert client.get(path).status_code == 404


def test_a_simulated_world_says_so(client, publish, make_publication):
    publish(make_publication(is_simulated=True))
    assert client.get("/ogc/collections/squares").json()["title"].startswith("SIMULATED")
    content = client.get(ITEMS).json()
    assert "did not happen" in content["notice"][0]
    assert all(feature["properties"]["simulated"] for feature in content["features"])


COORDINATES = st.integers(-20, 20)


@given(
    *(st.tuples(COORDINATES, COORDINATES, COORDINATES, COORDINATES) for _ in range(2)),
)
def test_boxes_meet_where_shapes_do(one, other):
    a, b = (
        (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3])) for c in (one, other)
    )
    assert meets(a, b) == box(*a).intersects(box(*b))


@given(st.dictionaries(st.sampled_from([*NAMES, "x"]), st.text(max_size=20), max_size=3))
def test_no_query_breaks_the_reader(given_parameters):
    try:
        query = read_query(given_parameters)
    except UsageError:
        return
    assert query.limit >= 1
    assert query.offset >= 0
