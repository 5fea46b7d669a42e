"""Answers that are none, or come in pieces: a named error, and what is stored stays."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from werkzeug import Request, Response

from data.errors import SourceUnavailable
from data.sources import hapi_api
from tests.service.misbehaving_sources.rows import NEW
from tests.service.misbehaving_sources.servers import as_json
from tests.service.misbehaving_sources.world import World


def truncated(_request: Request) -> Response:
    answer = Response(iter([b"a,b\n"]), 200, {"Content-Length": "1000", "Content-Type": "text/csv"})
    answer.automatically_set_content_length = False
    return answer


SPOILT: dict[str, tuple[Callable[[Request], Response], str]] = {
    "401": (lambda _: Response("no", 401), "401: it wants a key"),
    "403": (lambda _: Response("no", 403), "403: it does not let"),
    "429 for an hour": (
        lambda _: Response("", 429, {"Retry-After": "3600"}),
        "asks to wait 3600 seconds",
    ),
    "500": (lambda _: Response("", 500), "500, 4 times"),
    "a web page": (
        lambda _: Response("<html>Unauthorized</html>", content_type="text/html"),
        "web page",
    ),
    "a truncated body": (truncated, "the connection fails"),
}


def test_answers_that_are_none(world: World) -> None:
    world.begin()
    before = world.dump()
    for spoil, found in SPOILT.values():
        world.spoil = spoil
        with pytest.raises(SourceUnavailable, match=found) as caught:
            world.fetch(world.spec.second)
        assert "right" not in str(caught.value)
        assert world.dump() == before


def test_a_source_that_stays_silent(world: World) -> None:
    world.begin()
    before = world.dump()
    is_over = threading.Event()

    def be_silent(_request: Request) -> Response:
        is_over.wait(60)
        return Response("")

    world.spoil = be_silent
    world.settings = world.settings.model_copy(update={"fetch_timeout_seconds": 0.05})
    try:
        with pytest.raises(SourceUnavailable, match=r"silent for 0\.05 seconds, 4 times"):
            world.fetch(world.spec.second)
    finally:
        is_over.set()
    assert world.dump() == before


def test_a_source_that_sends_without_end(world: World) -> None:
    world.begin()
    before = world.dump()
    world.settings = world.settings.model_copy(update={"fetch_megabytes_max": 1})
    world.spoil = lambda _request: Response((b"0" * 1000 for _ in range(100_000)), 200)
    with pytest.raises(SourceUnavailable, match="it sends more than 1 MB"):
        world.fetch(world.spec.second)
    assert world.dump() == before
    kept = [path for path in (world.settings.state_dir / "downloads").rglob("*") if path.is_file()]
    assert [path for path in kept if path.suffix == ".part"] == []


def test_a_busy_source_is_waited_for_and_then_taken_in(world: World) -> None:
    world.begin()
    answers = [Response("", 429, {"Retry-After": "7"}), Response("", 500)]
    world.spoil = lambda _request: answers.pop(0) if answers else None
    (report,) = world.fetch(world.spec.second)
    assert report.n_added > 0
    assert world.waits == [7, 14]


@pytest.mark.parametrize("world", ["ged api", "hapi", "ipc", "views"], indirect=True)
def test_a_page_that_repeats(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begin()
    before = world.dump()
    monkeypatch.setattr(hapi_api, "PAGE_ROWS", 3)
    rows = world.spec.make_rows(NEW, False)[:3]
    url = world.server.url_for("/next")
    path = "/api/gedevents/26.0.1" if world.spec.name == "ged" else "/a_2/cm"
    body = {
        "data": rows,
        "Result": rows,
        "TotalCount": 9,
        "row_count": 9,
        "start_date": 553,
        "end_date": 553,
        "next_page": url.replace("/next", f"{path}?page=2"),
        "NextPageUrl": url.replace("/next", f"{path}?page=2"),
    }
    world.spoil = lambda _request: as_json(body)
    with pytest.raises(SourceUnavailable, match="page 2 repeats page 1"):
        world.fetch(world.spec.second)
    assert world.dump() == before


@pytest.mark.parametrize("world", ["ged api", "views"], indirect=True)
def test_a_total_that_is_no_number_of_rows(world: World) -> None:
    body = {
        "data": [{}],
        "Result": [{}],
        "start_date": 553,
        "end_date": 553,
        "next_page": None,
        "NextPageUrl": None,
        "row_count": float("inf"),
        "TotalCount": float("inf"),
    }
    world.spoil = lambda _request: as_json(body)
    with pytest.raises(SourceUnavailable, match=r"row_count|TotalCount"):
        world.fetch(world.spec.first)


@pytest.mark.parametrize("world", ["hapi", "ipc", "views"], indirect=True)
def test_a_fetch_that_broke_off_goes_on_if_its_answer_never_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hapi_api, "PAGE_ROWS", 50)

    def fail_later(_request: Request) -> Response | None:
        return Response("", 500) if len(world.asked) > 1 else None

    world.spoil = fail_later
    with pytest.raises(SourceUnavailable, match="500"):
        world.fetch(world.spec.first)
    first = world.asked[0]
    world.asked.clear()
    world.spoil = lambda _request: None
    assert world.fetch(world.spec.first)[0].n_added > 0
    # A run of VIEWS is published once; the tables of HAPI may be others by now.
    assert (first in world.asked) == (world.spec.name != "views")
