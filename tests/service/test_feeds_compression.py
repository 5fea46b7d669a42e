"""Feeds go out compressed, each encoding with its own tag."""

from __future__ import annotations

import gzip
from datetime import date

import brotli
import pytest
from sqlalchemy import update

from service.feeds.addresses import FeedAddress
from service.feeds.app import FeedsApp
from service.feeds.files import FileCache
from service.publications.store import load_document
from service.tables import documents

PLAIN = {"accept-encoding": "identity"}


@pytest.fixture
def client(squares, browse):
    return browse(FeedsApp(squares, recheck_seconds=0))


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


def test_a_file_is_read_and_compressed_once(squares, publish, make_publication):
    publish(make_publication())
    cache = FileCache(squares)
    first = cache.find(FeedAddress("squares", "csv"))
    assert cache.find(FeedAddress("squares", "csv", date(2022, 1, 15))) is first
