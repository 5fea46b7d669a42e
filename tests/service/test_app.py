"""The whole application: what stands where, what every answer carries, and a real server."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from datetime import date

import httpx
import pytest

from service.app import make_app
from service.middleware import LARGEST_BODY, SECURITY_HEADERS
from service.pipeline import run_cycle


@pytest.fixture(scope="module")
def published(copy_demo, tmp_path_factory):
    with copy_demo(tmp_path_factory.mktemp("published")) as demo:
        for as_of in (date(2021, 12, 15), date(2022, 1, 15)):
            run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=as_of)
        yield demo


@pytest.fixture(scope="module")
def app(published):
    return make_app(published.database, published.settings, published.clock)


@pytest.fixture(scope="module")
def client(app, browse):
    return browse(app)


HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/feeds/", "application/json"),
        ("/feeds/demo/latest.csv", "text/csv"),
        ("/feeds/demo/latest.geojson", "application/geo+json"),
        ("/api/v1/sets", "application/json"),
        ("/api/v1/openapi.json", "application/json"),
        ("/api/v1/scores?set=demo", "application/json"),
        ("/api/v1/models", "application/json"),
        ("/api/v1/alerts?set=demo", "application/json"),
    ],
)
def test_every_part_stands_where_it_should(client, path, media_type):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_carry_the_security_headers(client):
    for path in ("/", "/nowhere", "/api/v1/sets", "/api/v1/nowhere"):
        headers = client.get(path).headers
        assert set(SECURITY_HEADERS) <= set(headers)
        policy = headers["content-security-policy"]
        directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        # A page may be stricter than the rest, never looser.
        assert directives["default-src"] in ("'self'", "'none'")
        assert directives["frame-ancestors"] in ("'self'", "'none'")
        assert "script-src" not in directives
        assert "http" not in policy


def test_no_page_loads_anything_from_elsewhere(client):
    for path in ("/", "/sets/demo", "/sets/demo/alerts", "/about"):
        text = client.get(path).text
        loaded = re.findall(
            r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)=\"([^\"]+)\"", text
        )
        assert loaded
        assert all(target.startswith(("/", "#", "data:")) for target in loaded), loaded


def test_static_files_are_served_and_nothing_beside_them(client):
    text = client.get("/").text
    (style, *_) = re.findall(r'href="(/static/[^"]+\.css[^"]*)"', text)
    assert client.get(style).headers["content-type"].startswith("text/css")
    assert client.get("/static/../pages.py").status_code == 404
    assert client.get("/static/%2e%2e/pages.py").status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_pages_that_would_load_from_elsewhere_are_off(client, path):
    assert client.get(path).status_code == 404


def test_an_error_is_a_page_for_people_and_a_problem_for_programs(client):
    assert client.get("/nowhere", headers=HTML).headers["content-type"].startswith("text/html")
    for path in ("/nowhere", "/api/v1/nowhere", "/feeds/nowhere/latest.csv"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    answer = client.get("/feeds/nowhere/latest.csv", headers=HTML)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_simulated_world_says_so_everywhere(client):
    assert "simulated" in client.get("/").text.lower()
    for path in ("/api/v1/scores?set=demo", "/api/v1/sets/demo/publications", "/feeds/demo/"):
        assert '"simulated":true' in client.get(path).text
    for name in ("csv", "json", "geojson"):
        answer = client.get(f"/feeds/demo/latest.{name}")
        assert "simulated" in answer.text
        assert "SIMULATED" in answer.headers["content-disposition"]


def test_feeds_never_reach_the_router(published, browse, monkeypatch):
    app = make_app(published.database, published.settings, published.clock)

    async def refuse(*arguments):
        raise AssertionError("the router was asked")

    monkeypatch.setattr(app.router, "app", refuse)
    monkeypatch.setattr(app.router, "middleware_stack", refuse, raising=False)
    assert browse(app).get("/feeds/demo/latest.csv").status_code == 200
    assert browse(app).get("/feeds").status_code == 200
    assert browse(app).get("/feedsx").status_code == 500


def test_each_request_is_one_line_in_the_log(client, caplog):
    with caplog.at_level(logging.INFO, logger="tocsin.access"):
        client.get("/api/v1/health?token=secret")
        client.get("/no%0Asuch line")
    lines = [record.getMessage() for record in caplog.records if record.name == "tocsin.access"]
    assert re.fullmatch(r"GET /api/v1/health 422 \d+\.\d ms", lines[0])
    assert re.fullmatch(r"GET /no\\nsuch line 404 \d+\.\d ms", lines[1])


def test_the_scheduler_lives_as_long_as_the_server(demo, monkeypatch):
    ticks = []
    monkeypatch.setattr("service.scheduler.tick_cycles", lambda *given: ticks.append("cycle"))
    monkeypatch.setattr("service.scheduler.tick_outbox", lambda *given: ticks.append("outbox"))
    before = threading.active_count()
    app = make_app(demo.database, demo.settings, demo.clock, with_scheduler=True)

    async def live():
        async with app.router.lifespan_context(app):
            while not {"cycle", "outbox"} <= set(ticks):
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(live(), 120))
    assert threading.active_count() <= before + 1


def test_a_real_server_serves_it(serve_app, app):
    with serve_app(lambda _: app) as address, httpx.Client(base_url=address, timeout=60) as client:
        first = client.get("/feeds/demo/latest.geojson")
        assert first.headers["content-encoding"] == "br"
        assert len(json.loads(first.content)["features"]) == 30
        again = client.get(
            "/feeds/demo/latest.geojson", headers={"if-none-match": first.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        head = client.head("/feeds/demo/latest.csv")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 0
        assert client.options("/feeds/demo/latest.csv").status_code == 204
        assert client.request("POST", "/feeds/demo/latest.csv", content=b"x").status_code == 405
        assert client.get("/api/v1/health").json()["status"] == "ok"
        assert client.get("/").status_code == 200


def test_a_body_that_never_ends_is_not_read_to_its_end(client):
    n_sent = 0

    async def pour():
        nonlocal n_sent
        while n_sent < 10 * LARGEST_BODY:
            n_sent += 2**20
            yield b" " * 2**20

    answer = client.request("POST", "/api/v1/rules/check", content=pour())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert n_sent <= LARGEST_BODY + 2**21
