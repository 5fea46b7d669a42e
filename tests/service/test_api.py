"""The API: sets, regions, publications, health, problems."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from service.api.handlers import install_problem_handlers
from service.api.router import make_api
from service.problems import OUTCOMES


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


def test_unknown_addresses_and_methods_are_problems(api):
    answer = api.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = api.request("POST", "/api/v1/sets")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


def test_a_failure_shows_no_internals(browse, caplog):
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/fail")
    def fail() -> None:
        raise RuntimeError("the password is 1234")

    answer = browse(app).get("/fail")
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


def test_health_fails_without_a_database(ask, api_of_any_database, monkeypatch):
    def refuse():
        raise OperationalError("select", {}, Exception("disk I/O error"))

    monkeypatch.setattr(api_of_any_database[0], "read", refuse)
    answer = ask("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")


def test_every_problem_is_listed(ask):
    listed = ask("/problems").json()
    assert {entry["code"]: entry["status"] for entry in listed} == {
        code: outcome.status for code, outcome in OUTCOMES.items()
    }
