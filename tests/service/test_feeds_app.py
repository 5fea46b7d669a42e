"""Serving feeds: stored bytes, entity tags, compression, problems."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
from datetime import UTC, date, datetime, timedelta

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from data.errors import UnknownName
from service.feeds.addresses import FeedAddress, parse_address, write_address
from service.feeds.app import LATEST_SECONDS, RECHECK_SECONDS, FeedsApp
from service.feeds.files import FileCache
from service.feeds.formats import FORMATS
from service.feeds.negotiation import choose_encoding, has_tag, is_unmodified, write_http_date
from service.publication_store import load_document
from service.tables import documents

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


def test_compressed_bytes_have_their_own_tag(client, publish, make_publication):
    publish(make_publication())
    plain = client.get("/feeds/squares/latest.csv", headers=PLAIN)
    zipped = client.get("/feeds/squares/latest.csv", headers={"accept-encoding": "gzip"})
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


def test_brotli_is_sent_before_gzip_where_both_are_wanted(client, publish, make_publication):
    publish(make_publication())
    plain = client.get("/feeds/squares/latest.json", headers=PLAIN)
    packed = client.get("/feeds/squares/latest.json", headers={"accept-encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "br"
    assert packed.content == plain.content  # The client unpacks.
    assert packed.headers["etag"] not in ("", plain.headers["etag"])


def test_files_are_compressed_when_they_are_stored(squares, publish, make_publication):
    publish(make_publication())
    with squares.read() as connection:
        stored = load_document(connection, "squares", None, "json")
    assert gzip.decompress(stored.gzip_body) == stored.body
    assert brotli.decompress(stored.brotli_body) == stored.body
    assert len(stored.brotli_body) < len(stored.body)


def test_a_file_of_before_there_was_compression_is_served(
    squares, client, publish, make_publication
):
    publish(make_publication())
    with squares.write() as connection:
        connection.execute(update(documents).values(gzip_body=None, brotli_body=None))
    answer = client.get("/feeds/squares/latest.csv", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content.startswith(b"set,region_id")


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
        ("latest.csv?country=XXX", "unknown_name"),
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
    ("header", "chosen"),
    [
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5, br;q=0.4", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=0", "identity"),
        ("x-gzip", "gzip"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("gzip;q=0.2, identity;q=0.8", "identity"),
        ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
        ("gzip;q=nonsense", "identity"),
        ("br", "br"),
    ],
)
def test_the_encoding_that_the_client_prefers_is_sent(header, chosen):
    assert choose_encoding(header, ("br", "gzip", "identity")) == chosen


@pytest.mark.parametrize("header", ["br, gzip", "*", ""])
def test_what_is_not_worth_compressing_goes_out_plain(header):
    assert choose_encoding(header, ("identity",)) == "identity"


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
