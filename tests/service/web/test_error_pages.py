"""Errors that people see are pages; errors that programs see stay JSON."""

from __future__ import annotations

import pytest

from service.app import make_app
from service.web import list_pages


@pytest.fixture(autouse=True)
def published(publish, make_publication):
    return publish(make_publication())


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/sets/nope", 404, "nope"),
        ("/sets/nope/alerts", 404, "nope"),
        ("/sets/nope/publications", 404, "nope"),
        ("/sets/squares/regions/ZZ99", 404, "has no region 'ZZ99'"),
        ("/sets/squares?horizon=6", 404, "Choose 1 month or 3 months."),
        ("/sets/squares?sort=sideways", 404, "Use risk, region, country or change."),
        ("/sets/squares?as_of=1999-01-01", 404, "1999-01-01"),
        ("/sets/squares?as_of=yesterday", 422, "as_of"),
        ("/sets/squares?horizon=<script>", 422, "horizon"),
        ("/sets/squares/publications?page=0", 422, "page"),
        ("/no/such/page", 404, "/no/such/page"),
        ("/static/none.css", 404, "Error 404"),
    ],
)
def test_error_is_a_page_that_says_what_to_do(path, status, words, get, read):
    answer = get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    page = read(answer.text)
    assert f"Error {status}" in page.text
    assert words in page.text or path.startswith("/static")
    assert "/" in page.hrefs()
    assert not [tag for tag, _ in page.tags if tag == "script"]


@pytest.mark.parametrize("path", ["/no/such/page", "/api/v1/sets/nope", "/feeds/nope/latest.csv"])
def test_programs_get_a_problem(path, get):
    answer = get(path, accept="application/json")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/v1/sets/nope", "/feeds/nope/latest.csv"])
def test_addresses_of_programs_stay_json_for_browsers(path, get):
    assert get(path).headers["content-type"] == "application/problem+json"


def test_failure_is_a_page_without_internals(get, read, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(list_pages, "view_incidents", fail)
    answer = get("/sets/squares/alerts")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Try again later." in read(answer.text).text
    assert "hunter2" in caplog.text


def test_wrong_method_is_told(get, browse, squares, settings, clock):
    answer = browse(make_app(squares, settings, clock)).request(
        "POST", "/about", headers={"accept": "text/html"}
    )
    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")
    assert "GET" in answer.headers["allow"]


def test_head_is_answered_like_get(browse, squares, settings, clock):
    client = browse(make_app(squares, settings, clock))
    assert client.head("/").status_code == 200
    assert client.head("/sets/squares/regions/AA01").status_code == 200
    assert client.head("/sets/nope").status_code == 404
