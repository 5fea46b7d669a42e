"""Serving feeds: stored bytes, entity tags, compression, problems."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import date, timedelta

import pytest

from service.feeds.addresses import FeedAddress
from service.feeds.app import LATEST_SECONDS, RECHECK_SECONDS, FeedsApp
from service.feeds.files import FileCache
from service.feeds.formats import FORMATS
from service.feeds.negotiation import write_http_date
from service.publications.store import load_document

PLAIN = {"accept-encoding": "identity"}


@pytest.fixture
def client(squares, browse):
    return browse(FeedsApp(squares, recheck_seconds=0))


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_feed_is_the_stored_bytes(client, squares, publish, make_publication, name):
    publish(make_publication())
    with squares.read() as connection:
        stored = load_document(connection, "squares", None, name)
    for path in (f"/feeds/squares/latest.{name}", f"/feeds/squares/2022-01-15.{name}"):
        answer = client.get(path, headers=PLAIN)
        assert answer.status_code == 200
        assert answer.content == stored.body
        assert answer.headers["etag"] == stored.etag
        assert answer.headers["content-type"] == stored.media_type
        assert answer.headers["content-length"] == str(len(stored.body))
        assert "must-revalidate" in answer.headers["cache-control"]
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_feed_that_the_client_has_is_not_sent_again(client, publish, make_publication):
    publish(make_publication())
    first = client.get("/feeds/squares/latest.json", headers=PLAIN)
    again = client.get(
        "/feeds/squares/latest.json", headers=PLAIN | {"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]
    publish(make_publication(risk={("AA01", 1): 0.9}))
    changed = client.get(
        "/feeds/squares/latest.json", headers=PLAIN | {"if-none-match": first.headers["etag"]}
    )
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_what_an_address_means_is_kept_for_a_moment_only(squares, publish, make_publication):
    """The old file goes out while the database is asked, then the new one."""
    moments = {"now": 100.0}
    app = FeedsApp(squares, timer=lambda: moments["now"])
    publish(make_publication())

    async def ask() -> bytes:
        sent: list = []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/feeds/squares/latest.csv",
            "query_string": b"",
            "headers": [],
        }
        await app(scope, None, send)
        return sent[1]["body"]

    async def follow() -> list[bytes]:
        first = await ask()
        publish(make_publication(risk={("AA01", 1): 0.9}))
        moments["now"] += RECHECK_SECONDS / 2
        kept = await ask()
        moments["now"] += RECHECK_SECONDS
        old = await ask()
        await asyncio.gather(*app._checks)
        new = await ask()
        publish(make_publication(risk={("AA01", 1): 0.1}))
        moments["now"] += LATEST_SECONDS
        return [first, kept, old, new, await ask()]

    first, kept, old, new, newest = asyncio.run(follow())
    assert first == kept == old
    assert len({first, new, newest}) == 3


def test_files_that_are_not_asked_for_are_not_kept(squares, browse, publish, make_publication):
    publish(make_publication())
    moments = {"now": 0.0}
    app = FeedsApp(squares, timer=lambda: moments["now"])
    client = browse(app)
    client.get("/feeds/squares/latest.csv")
    client.get("/feeds/squares/latest.json")
    assert len(app._ready) == 2
    moments["now"] = LATEST_SECONDS
    client.get("/feeds/squares/latest.html")
    assert len(app._ready) == 1
    small = FeedsApp(squares, max_bytes=1)
    for name in ("csv", "json", "csv"):
        assert browse(small).get(f"/feeds/squares/latest.{name}").status_code == 200
        assert len(small._ready) == 1


def test_last_modified_is_the_moment_of_publication(client, publish, make_publication, now):
    publish(make_publication())
    answer = client.get("/feeds/squares/latest.csv")
    assert answer.headers["last-modified"] == "Sun, 16 Jan 2022 06:00:00 GMT"
    for moment, status in ((now, 304), (now - timedelta(seconds=1), 200)):
        headers = {"if-modified-since": write_http_date(moment)}
        assert client.get("/feeds/squares/latest.csv", headers=headers).status_code == status
    headers |= {"if-none-match": '"other"', "if-modified-since": write_http_date(now)}
    assert client.get("/feeds/squares/latest.csv", headers=headers).status_code == 200


def test_head_tells_the_same_without_the_bytes(client, publish, make_publication):
    publish(make_publication())
    for path in ("/feeds/squares/latest.csv", "/feeds/squares/", "/feeds/nowhere/latest.csv"):
        get, head = client.get(path), client.head(path)
        assert head.content == b""
        assert head.status_code == get.status_code
        assert dict(head.headers) == dict(get.headers)


def test_a_revision_replaces_the_dated_feed_and_stays_reachable(client, publish, make_publication):
    publish(make_publication())
    old = client.get("/feeds/squares/2022-01-15.csv").content
    publish(make_publication(risk={("AA01", 1): 0.9}))
    assert client.get("/feeds/squares/2022-01-15.csv").content != old
    kept = client.get("/feeds/squares/2022-01-15-r1.csv")
    assert kept.content == old
    assert "immutable" in kept.headers["cache-control"]


def test_the_saved_file_says_what_it_is(client, publish, make_publication):
    publish(make_publication())
    assert client.get("/feeds/squares/latest.csv").headers["content-disposition"] == (
        'attachment; filename="tocsin-squares-2022-01-15-r1.csv"'
    )
    publish(make_publication(is_simulated=True))
    assert client.get("/feeds/squares/latest.json").headers["content-disposition"] == (
        'inline; filename="tocsin-SIMULATED-squares-2022-01-15-r2.json"'
    )


def test_the_indexes_lead_to_every_file(client, publish, make_publication):
    publish(make_publication(date(2021, 12, 15)))
    publish(make_publication())
    publish(make_publication(risk={("AA01", 1): 0.9}))
    sets = client.get("/feeds/").json()["sets"]
    assert [(entry["set"], entry["latest_as_of"]) for entry in sets] == [("squares", "2022-01-15")]
    assert client.get("/feeds").json()["sets"] == sets
    index = client.get(sets[0]["index"]).json()
    assert [
        (entry["as_of"], entry["revision"], entry["newest_revision"])
        for entry in index["publications"]
    ] == [("2022-01-15", 2, True), ("2022-01-15", 1, False), ("2021-12-15", 1, True)]
    paths = [path for entry in index["publications"] for path in entry["files"].values()]
    assert len(paths) == 3 * len(FORMATS)
    for path in (*paths, *index["latest"].values()):
        assert client.get(path).status_code == 200


def test_an_unchanged_index_is_not_sent_again(client, publish, make_publication):
    publish(make_publication())
    etag = client.get("/feeds/squares/").headers["etag"]
    again = client.get("/feeds/squares/", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "code", "says"),
    [
        ("/feeds/nowhere/latest.csv", "unknown_name", "squares"),
        ("/feeds/nowhere/", "unknown_name", "squares"),
        ("/feeds/squares/latest.docx", "unknown_name", "csv, fr.html, fr.pdf"),
        ("/feeds/squares/2020-01-15.csv", "unknown_name", "/feeds/squares/"),
        ("/feeds/squares/2022-01-15-r9.csv", "unknown_name", "/feeds/squares/"),
        ("/feeds/squares/2022-02-31.csv", "unknown_name", "2022-02-31"),
        ("/feeds/squares/20220115.csv", "unknown_name", "as 2022-01-15"),
        ("/feeds/squares/latest", "unknown_name", "latest.{format}"),
        ("/feeds/squares/a/b.csv", "unknown_name", "latest.{format}"),
        ("/feeds/squares/../../etc/passwd", "unknown_name", ""),
    ],
)
def test_what_is_not_there_is_a_problem_with_a_hint(
    client, publish, make_publication, path, code, says
):
    publish(make_publication())
    answer = client.get(path)
    problem = answer.json()
    assert answer.status_code == problem["status"] == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert problem["code"] == code
    assert problem["hint"]
    assert says in f"{problem['detail']} {problem['hint']}"


@pytest.mark.parametrize("path", ["/feeds/squares/latest.csv", "/feeds/squares/"])
def test_a_set_without_publications_is_not_ready(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert "tocsin score --set squares" in answer.json()["hint"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_feed_is_only_read(client, method):
    answer = client.request(method, "/feeds/squares/latest.csv")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_any_web_page_may_ask(client):
    answer = client.options(
        "/feeds/squares/latest.csv",
        headers={"origin": "https://elsewhere.example", "access-control-request-method": "GET"},
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "GET" in answer.headers["access-control-allow-methods"]


def test_a_failure_shows_no_internals(client, monkeypatch, caplog):
    def fail(self, address):
        raise RuntimeError("secret path /root/x")

    monkeypatch.setattr(FileCache, "find", fail)
    answer = client.get("/feeds/squares/latest.csv")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "secret path" in caplog.text


def test_a_small_cache_still_serves_every_file(squares, publish, make_publication):
    publish(make_publication())
    cache = FileCache(squares, max_bytes=1)
    for name in ("csv", "json", "geojson", "csv"):
        found = cache.find(FeedAddress("squares", name))
        assert gzip.decompress(found.bodies["gzip"]) == found.bodies["identity"]
    assert (
        json.loads(cache.find(FeedAddress("squares", "json")).bodies["identity"])["set"]
        == "squares"
    )
