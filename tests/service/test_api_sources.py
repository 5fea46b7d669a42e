"""The API: sources and their events, rules, and scores inside a box."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi import FastAPI

from data.sources.registry import SOURCES
from service.alerts.rule_store import apply_default_rules
from service.api.handlers import install_problem_handlers
from service.api.router import make_api

EVENTS = "/api/v1/sources/simulated/events"


@pytest.fixture
def of_demo(demo, browse):
    app = FastAPI(openapi_url=None)
    install_problem_handlers(app)
    app.include_router(make_api(demo.database, demo.settings, demo.clock))
    return browse(app)


def test_sources_say_their_licence_and_freshness(of_demo):
    found = {item["source"]: item for item in of_demo.get("/api/v1/sources").json()}
    assert set(found) == set(SOURCES)
    assert found["ged"]["newest"] is None
    assert found["ged"]["age_days"] is None
    assert "CC" in found["ged"]["licence"]
    simulated = found["simulated"]
    assert (simulated["n_deliveries"], simulated["simulated"]) == (2, True)
    assert simulated["newest"]["covers_to"] == "2021-12-31"
    assert simulated["age_days"] == 16


def test_events_are_those_that_were_known_then(of_demo):
    now = of_demo.get(f"{EVENTS}?since=2021-12-01&limit=1000").json()
    then = of_demo.get(f"{EVENTS}?since=2021-12-01&as_of=2021-12-15&limit=1000").json()
    assert now["simulated"] is True
    assert now["as_of"] == "2022-01-16"
    assert len(now["events"]) > 0
    assert then["events"] == []
    assert all(event["date_end"] >= "2021-12-01" for event in now["events"])


def test_a_walk_through_events_has_each_once(of_demo):
    everything = of_demo.get(f"{EVENTS}?since=2021-10-01&until=2021-12-31&limit=1000").json()
    country = everything["events"][0]["country"]
    query = f"since=2021-10-01&until=2021-12-31&country={country}"
    whole = of_demo.get(f"{EVENTS}?{query}&limit=1000").json()["events"]
    assert {event["country"] for event in whole} == {country}
    limit = max(len(whole) // 3, 1)
    seen, cursor = [], ""
    while cursor is not None:
        page = of_demo.get(f"{EVENTS}?{query}&limit={limit}{cursor}").json()
        seen += page["events"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == whole


def test_events_whose_licence_forbids_it_do_not_go_out(ask):
    closed = [name for name, source in SOURCES.items() if not source.redistributable]
    assert closed
    for name in closed:
        answer = ask(f"/sources/{name}/events", "/sources/{source}/events")
        assert (answer.status_code, answer.json()["code"]) == (403, "refused")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sources/rumours/events", 404),
        ("/sources/ged/events?as_of=2030-01-01", 422),
        ("/sources/ged/events?since=2022-02-31", 422),
        ("/sources/ged/events?cursor=x", 422),
    ],
)
def test_what_cannot_be_asked_is_a_problem(api, path, status):
    answer = api.get(f"/api/v1{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_rules_are_listed(ask, squares, now):
    assert ask("/rules").json() == []
    with squares.write() as connection:
        applied = apply_default_rules(connection, now)
    listed = ask("/rules").json()
    assert [item["rule_id"] for item in listed] == sorted(rule.id for rule in applied)
    assert all(item["version"] == 1 and item["body"]["levels"] for item in listed)


def test_scores_are_selected_by_a_box(ask, publish, make_publication):
    publish(make_publication(date(2022, 1, 15)))
    found = ask("/scores", set="squares", bbox="1.4,1.4,1.6,1.6", horizon=1).json()["scores"]
    assert [score["region_id"] for score in found] == ["BB02"]
    first = ask("/scores", set="squares", bbox="1.1,0,2,2", limit=3).json()
    rest = ask(
        "/scores", set="squares", bbox="1.1,0,2,2", limit=3, cursor=first["next_cursor"]
    ).json()
    assert [s["region_id"] for s in first["scores"] + rest["scores"]] == ["AA02", "BB02"] * 2
    assert ask("/scores", set="squares", bbox="50,50,60,60").json()["scores"] == []
    assert ask("/scores", set="squares", bbox="1,2,3").status_code == 422
