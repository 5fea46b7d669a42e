"""Serving feeds: stored bytes, entity tags, compression, problems."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UnknownName
from service.feeds.addresses import FeedAddress, parse_address, write_address
from service.feeds.app import FeedsApp
from service.feeds.files import FileCache
from service.feeds.negotiation import accepts_gzip, has_tag, is_unmodified, write_http_date
from service.publication_store import load_document

PLAIN = {"accept-encoding": "identity"}


@pytest.fixture
def client(squares, browse):
    return browse(FeedsApp(squares))


@pytest.mark.parametrize("name", ["csv", "json", "geojson"])
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


def test_compressed_bytes_have_their_own_tag(client, publish, make_publication):
    publish(make_publication())
    plain = client.get("/feeds/squares/latest.csv", headers=PLAIN)
    zipped = client.get("/feeds/squares/latest.csv", headers={"accept-encoding": "br, gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content  # The client unpacks.
    assert int(zipped.headers["content-length"]) < len(plain.content)
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert zipped.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    for tag in (plain.headers["etag"], zipped.headers["etag"], "W/" + plain.headers["etag"], "*"):
        answer = client.get(
            "/feeds/squares/latest.csv", headers={"accept-encoding": "gzip", "if-none-match": tag}
        )
        assert answer.status_code == 304
        assert answer.headers["etag"] == zipped.headers["etag"]


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
    assert len(paths) == 9
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
        ("/feeds/squares/latest.pdf", "unknown_name", "csv, geojson, json"),
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
        assert gzip.decompress(found.zipped) == found.body
    assert json.loads(cache.find(FeedAddress("squares", "json")).body)["set"] == "squares"


def test_a_file_is_read_and_compressed_once(squares, publish, make_publication):
    publish(make_publication())
    cache = FileCache(squares)
    first = cache.find(FeedAddress("squares", "csv"))
    assert cache.find(FeedAddress("squares", "csv", date(2022, 1, 15))) is first


@given(
    st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1).filter(
        lambda text: text.strip("/")
    ),
    st.sampled_from(["csv", "geojson", "alerts.cap.xml"]),
    st.none() | st.dates(date(1990, 1, 1)),
    st.none() | st.integers(1, 999),
)
def test_an_address_leads_back_to_what_it_was_written_for(name, feed_format, as_of, revision):
    from urllib.parse import unquote

    path = write_address(name, feed_format, as_of, revision)
    assert path.isascii()
    expected = FeedAddress(name, feed_format, as_of, revision if as_of else None)
    assert parse_address(unquote(path)) == expected


@given(st.text(max_size=40))
def test_no_path_breaks_the_reader(text):
    path = f"/feeds/{text}"
    try:
        region_set = parse_address(path).region_set
    except UnknownName:
        region_set = None
    assert region_set is None or region_set in text


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("GZIP;q=0.5, br", True),
        ("gzip;q=0", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0.2, identity;q=0.8", False),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=nonsense", False),
        ("br", False),
    ],
)
def test_gzip_is_sent_only_where_it_is_wanted(header, accepted):
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"x", "b"', True),
        ("*", True),
        ('"x"', False),
        ("a", False),
        ("", False),
    ],
)
def test_tags_are_compared_weakly(header, known):
    assert has_tag(header, ('"a"', '"b"')) is known


@pytest.mark.parametrize("header", ["", "yesterday", "Sun, 99 Jan 2022 06:00:00 GMT", "2022-01-16"])
def test_a_date_that_is_none_proves_nothing(header):
    assert not is_unmodified(header, datetime(1970, 1, 1, tzinfo=UTC))
