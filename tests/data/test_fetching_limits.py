"""A source that sends without end, or in drips, is broken off, and nothing of it is kept."""

from __future__ import annotations

import gzip
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.errors import SourceUnavailable
from data.sources.fetching import Fetcher, Patience
from data.sources.paging import Page, collect_pages


class Endless:
    """Sends zeros until nobody listens, and counts what it sent."""

    def __init__(self, length: int | None = None) -> None:
        self.n_sent, self.length = 0, length

    def __call__(self, _request: Request) -> Response:
        headers = {} if self.length is None else {"Content-Length": str(self.length)}
        answer = Response(self._send(), 200, headers, content_type="text/csv")
        answer.automatically_set_content_length = False
        return answer

    def _send(self) -> Iterator[bytes]:
        # An end far beyond the limit, for a fetcher that has none.
        while self.n_sent < 400 * LIMIT:
            self.n_sent += LIMIT
            yield b"0" * LIMIT


LIMIT = 100_000


@pytest.fixture
def short_fetcher(waits: list[float]) -> Iterator[Fetcher]:
    with Fetcher("The source", waits.append, Patience(n_tries=3, most_bytes=LIMIT)) as made:
        yield made


@pytest.mark.parametrize("length", [None, 300 * LIMIT])
def test_a_file_without_end_is_broken_off_and_nothing_of_it_kept(
    httpserver: HTTPServer,
    short_fetcher: Fetcher,
    waits: list[float],
    tmp_path: Path,
    length: int | None,
) -> None:
    server = Endless(length)
    httpserver.expect_request("/f.csv").respond_with_handler(server)
    with pytest.raises(SourceUnavailable, match=r"/f\.csv: it sends more than 0\.1 MB") as caught:
        short_fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert "TOCSIN_FETCH_MEGABYTES_MAX" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    assert waits == []


def test_a_file_of_the_largest_size_is_taken(
    httpserver: HTTPServer, short_fetcher: Fetcher, tmp_path: Path
) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(b"0" * LIMIT, content_type="text/csv")
    short_fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert (tmp_path / "f.csv").stat().st_size == LIMIT


def test_what_was_kept_of_a_file_counts(
    httpserver: HTTPServer, short_fetcher: Fetcher, tmp_path: Path
) -> None:
    """Two answers, each within the limit, and together beyond it."""
    first = Response(iter([b"0" * 70_000]), 200, {"ETag": '"1"', "Content-Length": "90000"})
    first.automatically_set_content_length = False
    second = Response(
        b"0" * 70_000, 206, {"ETag": '"1"', "Content-Range": "bytes 70000-139999/140000"}
    )
    for answer in (first, second):
        httpserver.expect_ordered_request("/f.csv").respond_with_response(answer)
    with pytest.raises(SourceUnavailable, match="sends more than"):
        short_fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert list(tmp_path.iterdir()) == []


def drip(_request: Request) -> Response:
    """Sends a byte at a time, fewer than any limit, with pauses that no timeout ends."""

    def send() -> Iterator[bytes]:
        for _ in range(300):
            yield b"0"
            time.sleep(0.002)

    return Response(send(), 200, {"ETag": '"1"'}, content_type="text/csv")


def test_a_source_that_drips_is_given_up(
    httpserver: HTTPServer, waits: list[float], tmp_path: Path
) -> None:
    httpserver.expect_request("/f.csv").respond_with_handler(drip)
    ticks = itertools.count(step=3600)
    patience = Patience(n_tries=3, longest_seconds=4 * 3600)
    with Fetcher("The source", waits.append, patience, timer=lambda: next(ticks)) as fetcher:
        with pytest.raises(SourceUnavailable, match="it is not done after 4 hours"):
            fetcher.get_json(httpserver.url_for("/f.csv"))
        with pytest.raises(SourceUnavailable, match="it is not done after 4 hours"):
            fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert waits == []
    assert not (tmp_path / "f.csv").exists()
    assert (tmp_path / "f.csv.part").exists(), "a later call goes on from there"


def test_json_without_end_is_broken_off(httpserver: HTTPServer, short_fetcher: Fetcher) -> None:
    server = Endless()
    httpserver.expect_request("/x").respond_with_handler(server)
    with pytest.raises(SourceUnavailable, match=r"it sends more than 0\.1 MB"):
        short_fetcher.get_json(httpserver.url_for("/x"))


def test_json_counts_as_it_is_unpacked(httpserver: HTTPServer, short_fetcher: Fetcher) -> None:
    packed = gzip.compress(b"[" + b" " * LIMIT + b"]")
    assert len(packed) < LIMIT
    httpserver.expect_request("/x").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceUnavailable, match=r"it sends more than 0\.1 MB"):
        short_fetcher.get_json(httpserver.url_for("/x"))


@pytest.mark.parametrize("is_fixed", [True, False])
def test_pages_without_end_are_broken_off_and_none_kept(
    short_fetcher: Fetcher, tmp_path: Path, is_fixed: bool
) -> None:
    def read_page(url: str) -> Page:
        number = int(url.removeprefix("/"))
        assert number < 100, "nobody stops it"
        return Page([{"page": number, "text": "0" * 10_000}], f"/{number + 1}", None)

    with pytest.raises(SourceUnavailable, match=r"it sends more than 0\.1 MB"):
        collect_pages(short_fetcher, tmp_path, "/1", read_page, is_fixed=is_fixed)
    assert list(tmp_path.iterdir()) == []
