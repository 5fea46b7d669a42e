"""The API: answers, filters, paging, strictness, problems, and the OpenAPI document."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sqlalchemy.exc import OperationalError

from data.errors import UsageError
from service.api.handlers import install_problem_handlers
from service.api.openapi import build_openapi
from service.api.paging import Cursor, digest_filters, read_cursor, write_cursor
from service.api.router import make_api
from service.problems import OUTCOMES
from service.settings import Settings

GOLDEN = Path(__file__).parent.parent / "golden" / "openapi.json"


@pytest.fixture
def app(squares, settings, clock):
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.include_router(make_api(squares, settings, clock))
    return app


@pytest.fixture
def client(app, browse):
    return browse(app)


@pytest.fixture(scope="module")
def document():
    # The document needs no database: it describes routes.
    return build_openapi(make_api(None, None, None))


@pytest.fixture
def ask(client, document):
    """Asks for an address and holds the answer against the OpenAPI document."""

    def call(path, template=None, **parameters):
        answer = client.get(f"/api/v1{path}", params=parameters)
        declared = document["paths"][f"/api/v1{template or path}"]["get"]["responses"]
        content = declared[str(answer.status_code)]["content"]
        media_type = answer.headers["content-type"].partition(";")[0]
        schema = content[media_type]["schema"] | {"components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())
        return answer

    return call


def test_sets_are_listed_with_their_newest_publication(ask, publish, make_publication):
    assert ask("/sets").json()[0]["latest"] is None
    publish(make_publication())
    (entry,) = ask("/sets").json()
    assert entry["set"] == "squares"
    assert entry["countries"] == ["AAA", "BBB"]
    assert entry["n_regions"] == 4
    assert entry["latest"]["as_of"] == "2022-01-15"
    assert entry["latest"]["published_at"] == "2022-01-16T06:00:00Z"


def test_regions_come_in_the_order_of_the_feeds(ask, region_set):
    regions = ask("/sets/squares/regions", "/sets/{set}/regions").json()
    assert [entry["region_id"] for entry in regions] == list(region_set.region_ids)
    assert regions[0]["neighbours"] == ["AA02", "BB01"]
    assert regions[0]["bbox"] == [0, 0, 1, 1]


def test_a_region_shows_scores_drivers_and_history(ask, publish, make_publication):
    publish(make_publication(date(2021, 12, 15), {("BB02", 1): None}))
    publish(make_publication(is_simulated=True))
    answer = ask("/sets/squares/regions/BB02", "/sets/{set}/regions/{region_id}").json()
    assert answer["region"]["region_name"] == "Tillabéri"
    assert answer["notice"][0].startswith("Simulated")
    assert [score["horizon"] for score in answer["scores"]] == [1, 3]
    assert answer["scores"][0]["drivers"][0]["label"] == "Deaths in 3 months"
    assert [
        (past["as_of"], past["horizon"], past["risk_score"] is None, past["status"])
        for past in answer["history"]
    ] == [
        ("2021-12-15", 1, True, "stale"),
        ("2021-12-15", 3, False, "ok"),
        ("2022-01-15", 1, False, "ok"),
        ("2022-01-15", 3, False, "ok"),
    ]
    assert answer["history"][0]["origin"] == "2021-11"


def test_publications_are_listed_with_their_revisions(ask, publish, make_publication):
    publish(make_publication())
    publish(make_publication(risk={("AA01", 1): 0.9}))
    entries = ask("/sets/squares/publications", "/sets/{set}/publications").json()
    assert [(entry["revision"], entry["newest_revision"]) for entry in entries] == [
        (2, True),
        (1, False),
    ]
    assert entries[1]["files"]["csv"] == "/feeds/squares/2022-01-15-r1.csv"


def test_scores_are_those_of_the_latest_publication(ask, publish, make_publication):
    publish(make_publication(date(2021, 12, 15)))
    publication = publish(make_publication(risk={("AA01", 1): 1 / 3, ("BB01", 3): None}))
    answer = ask("/scores", set="squares").json()
    assert answer["publication"]["as_of"] == "2022-01-15"
    assert answer["next_cursor"] is None
    assert [(score["region_id"], score["horizon"]) for score in answer["scores"]] == [
        (score.region_id, score.horizon) for score in publication.scores
    ]
    assert answer["scores"][0]["risk_score"] == 0.333333
    assert answer["scores"][0]["window_to"] == "2022-01-31"
    assert answer["scores"][6]["risk_score"] is None
    assert answer["notice"] == [
        "Stale, escalation over 3 months: 1 of 4 regions have no score, because their data end "
        "too early."
    ]


@pytest.mark.parametrize(
    ("filters", "regions"),
    [
        ({"country": "BBB", "horizon": "1"}, ["BB01", "BB02"]),
        ({"region_id": "AA02"}, ["AA02", "AA02"]),
        ({"outcome": "escalation", "horizon": "3"}, ["AA01", "AA02", "BB01", "BB02"]),
        ({"level": "high", "horizon": "1"}, ["BB01", "BB02"]),
        ({"level": "very_high", "horizon": "1"}, []),
        ({"as_of": "2021-12-15", "region_id": "BB02", "horizon": "3"}, ["BB02"]),
    ],
)
def test_scores_are_filtered(ask, publish, make_publication, filters, regions):
    publish(make_publication(date(2021, 12, 15)))
    publish(make_publication())
    answer = ask("/scores", set="squares", **filters).json()
    assert [score["region_id"] for score in answer["scores"]] == regions


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"level": "hgih"}, "low, moderate, high, very_high"),
        ({"country": "ZZZ"}, "AAA, BBB"),
        ({"outcome": "peace"}, "escalation"),
        ({"horizon": "12"}, "1, 3"),
        ({"region_id": "AA99"}, "AA01, AA02, BB01, BB02"),
        ({"as_of": "2020-01-01"}, "/feeds/squares/"),
    ],
)
def test_a_filter_that_matches_nothing_is_a_mistake(ask, publish, make_publication, filters, says):
    publish(make_publication())
    answer = ask("/scores", set="squares", **filters)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_name")
    assert says in answer.json()["hint"]


@pytest.mark.parametrize("limit", [1, 3, 8, 1000])
def test_pages_hold_every_score_once(ask, publish, make_publication, limit):
    publication = publish(make_publication())
    found, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = ask("/scores", set="squares", limit=limit, **more).json()
        assert len(answer["scores"]) <= limit
        found += [(score["region_id"], score["horizon"]) for score in answer["scores"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert found == [(score.region_id, score.horizon) for score in publication.scores]


def test_a_walk_stays_in_its_publication(ask, publish, make_publication):
    publish(make_publication())
    first = ask("/scores", set="squares", limit=4).json()
    publish(make_publication(risk={("AA01", 3): 0.9}))
    second = ask("/scores", set="squares", limit=4, cursor=first["next_cursor"]).json()
    assert second["publication"]["revision"] == 1
    assert second["scores"][0]["risk_score"] == 0.08


@pytest.mark.parametrize(
    "changes", [{"horizon": "1"}, {"as_of": "2022-01-15"}, {"cursor": "nonsense"}, {"cursor": "é"}]
)
def test_a_cursor_fits_only_where_it_comes_from(ask, publish, make_publication, changes):
    publish(make_publication())
    cursor = ask("/scores", set="squares", limit=1).json()["next_cursor"]
    answer = ask("/scores", **({"set": "squares", "limit": "1", "cursor": cursor} | changes))
    assert (answer.status_code, answer.json()["code"]) == (422, "usage")


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**31), st.dictionaries(st.text(), st.text()))
def test_a_cursor_comes_back(publication_id, position, filters):
    digest = digest_filters(filters)
    cursor = Cursor(publication_id, position, digest)
    word = write_cursor(cursor)
    assert read_cursor(word, digest) == cursor
    assert word.isascii()
    assert "=" not in word


@given(st.text(max_size=60))
def test_no_word_breaks_the_cursor_reader(text):
    with pytest.raises(UsageError):
        read_cursor(text, "filters")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("set=squares&contry=AAA", "contry"),
        ("set=squares&set=other", "2 times"),
        ("", "set"),
        ("set=squares&limit=0", "limit"),
        ("set=squares&limit=1001", "limit"),
        ("set=squares&horizon=two", "horizon"),
        ("set=squares&country=mli", "country"),
        ("set=squares&as_of=15.1.2022", "as_of"),
        ("set=squares&as_of=2022-02-31", "2022-02-31"),
        ("set=squares&as_of=1642204800", "as_of"),
    ],
)
def test_wrong_parameters_are_refused(client, publish, make_publication, query, says):
    publish(make_publication())
    answer = client.get(f"/api/v1/scores?{query}")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "usage")
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["instance"] == "/api/v1/scores"
    assert says in problem["detail"]


@pytest.mark.parametrize(
    "path", ["/sets", "/health", "/problems", "/openapi.json", "/sets/squares/regions"]
)
def test_addresses_without_parameters_take_none(client, path):
    answer = client.get(f"/api/v1{path}?x=1")
    assert (answer.status_code, answer.json()["code"]) == (422, "usage")
    assert answer.json()["hint"] == "Parameters here: none."


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/sets/nowhere/regions", "/sets/{set}/regions"),
        ("/sets/nowhere/publications", "/sets/{set}/publications"),
        ("/sets/squares/regions/ZZ", "/sets/{set}/regions/{region_id}"),
    ],
)
def test_unknown_names_are_problems_with_a_hint(ask, path, template):
    answer = ask(path, template)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_name")
    assert answer.json()["hint"]


@pytest.mark.parametrize("path", ["/scores", "/alerts", "/models"])
def test_an_unknown_set_is_a_problem_with_a_hint(ask, path):
    answer = ask(path, set="nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_name")
    assert "squares" in answer.json()["hint"]


def test_nothing_published_is_not_ready(ask):
    answer = ask("/scores", set="squares")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")


def test_no_alerts_and_no_models_are_empty_lists(ask):
    assert ask("/alerts", set="squares").json() == {"set": "squares", "incidents": []}
    assert ask("/models", set="squares").json() == []


def test_unknown_addresses_and_methods_are_problems(client):
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = client.request("POST", "/api/v1/sets")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


def test_a_failure_shows_no_internals(app, client, caplog):
    @app.get("/fail")
    def fail() -> None:
        raise RuntimeError("the password is 1234")

    answer = client.get("/fail")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "1234" not in answer.text
    assert "1234" in caplog.text


def test_health_tells_the_age_of_what_is_served(ask, publish, make_publication):
    empty = ask("/health")
    assert empty.status_code == 200
    assert empty.json()["status"] == "stale"
    publish(make_publication())
    fresh = ask("/health").json()
    assert fresh["status"] == "ok"
    assert fresh["sets"] == [
        {
            "set": "squares",
            "latest_as_of": "2022-01-15",
            "published_at": "2022-01-16T06:00:00Z",
            "age_days": 1,
            "is_stale": False,
        }
    ]


@pytest.mark.parametrize(("days", "status"), [(39, "ok"), (40, "stale")])
def test_health_calls_an_old_publication_stale(
    squares, settings, now, browse, publish, make_publication, days, status
):
    publish(make_publication())
    app = FastAPI()
    app.include_router(make_api(squares, settings, lambda: now + timedelta(days)))
    assert browse(app).get("/api/v1/health").json()["status"] == status


def test_health_fails_without_a_database(ask, squares, monkeypatch):
    def refuse():
        raise OperationalError("select", {}, Exception("disk I/O error"))

    monkeypatch.setattr(squares, "read", refuse)
    answer = ask("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")


def test_every_problem_is_listed(ask):
    listed = ask("/problems").json()
    assert {entry["code"]: entry["status"] for entry in listed} == {
        code: outcome.status for code, outcome in OUTCOMES.items()
    }


def test_the_openapi_document_is_the_golden_one(document):
    """`UPDATE_GOLDEN=1 pytest tests/service/test_api.py` writes it anew."""
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_openapi_document_is_served(client, document):
    answer = client.get("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(document))


def test_the_openapi_document_is_whole(document):
    text = json.dumps(document)
    names = document["components"]["schemas"]
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= set(names)
    assert "HTTPValidationError" not in text
    for path in document["paths"].values():
        responses = path["get"]["responses"]
        assert {"200", "422", "500"} <= set(responses)
        assert "application/problem+json" in responses["422"]["content"]
    operations = [path["get"]["operationId"] for path in document["paths"].values()]
    assert len(set(operations)) == len(operations)


def test_levels_of_other_settings_change_no_past_answer(
    squares, clock, browse, settings, publish, make_publication
):
    publish(make_publication())
    other = replace_levels(settings)
    app = FastAPI()
    app.include_router(make_api(squares, other, clock))
    scores = browse(app).get("/api/v1/scores?set=squares&level=high").json()["scores"]
    assert {score["level"] for score in scores} == {"high"}


def replace_levels(settings: Settings) -> Settings:
    return settings.model_copy(update={"levels": {"calm": 0.0, "alarm": 0.9}})
