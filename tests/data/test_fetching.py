"""Fetching from a server that misbehaves: a named error each time, and never half a file."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.errors import SourceUnavailable
from data.sources.fetching import Fetcher, Patience
from data.sources.paging import Page, collect_pages

BODY = bytes(range(256)) * 400


@pytest.fixture
def fetcher(waits: list[float]) -> Iterator[Fetcher]:
    patience = Patience(timeout_seconds=60, n_tries=3, first_wait_seconds=2)
    with Fetcher("The source", waits.append, patience) as made:
        yield made


class Breaking:
    """Serves `BODY` with an ETag and ranges, and breaks off after some bytes of each answer."""

    def __init__(self, *sizes: int, versions: tuple[str, ...] = ('"1"',)) -> None:
        self.sizes, self.versions = list(sizes), list(versions)
        self.ranges: list[str | None] = []

    def __call__(self, request: Request) -> Response:
        self.ranges.append(request.headers.get("Range"))
        version = self.versions[0] if len(self.versions) == 1 else self.versions.pop(0)
        start, status = 0, 200
        if (held := request.headers.get("Range")) and request.headers.get("If-Range") == version:
            start, status = int(held.removeprefix("bytes=").rstrip("-")), 206
        size = self.sizes.pop(0) if self.sizes else len(BODY)
        headers = {"ETag": version, "Content-Length": str(len(BODY) - start)}
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        answer = Response(iter([BODY[start : start + size]]), status, headers)
        answer.automatically_set_content_length = False
        return answer


def test_a_file_appears_whole(httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(BODY, content_type="text/csv")
    told: list[tuple[int, int]] = []
    fetcher.download(
        httpserver.url_for("/f.csv"), tmp_path / "f.csv", on_progress=lambda *n: told.append(n)
    )
    assert (tmp_path / "f.csv").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]
    assert told[-1] == (len(BODY), len(BODY))


def test_a_truncated_body_is_gone_on_with(
    httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server = Breaking(1000, 500)
    httpserver.expect_request("/f.csv").respond_with_handler(server)
    fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_bytes() == BODY
    assert server.ranges == [None, "bytes=1000-", "bytes=1500-"]


def test_a_later_call_goes_on_where_an_earlier_one_broke_off(
    httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server = Breaking(100, 100, 100)
    httpserver.expect_request("/f.csv").respond_with_handler(server)
    with pytest.raises(SourceUnavailable, match=r"The source, http.*/f\.csv: the connection fails"):
        fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert not (tmp_path / "f.csv").exists()
    fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert server.ranges[-1] == "bytes=300-"
    assert (tmp_path / "f.csv").read_bytes() == BODY


def test_another_version_of_the_file_is_begun_anew(
    httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server = Breaking(100, versions=('"1"', '"2"'))
    httpserver.expect_request("/f.csv").respond_with_handler(server)
    fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_bytes() == BODY


@pytest.mark.parametrize(
    ("status", "words"), [(401, "wants a key"), (403, "not let"), (404, "nothing there")]
)
def test_a_refusal_is_said_at_once(
    httpserver: HTTPServer, fetcher: Fetcher, waits: list[float], status: int, words: str
) -> None:
    httpserver.expect_request("/x").respond_with_data("no", status=status)
    with pytest.raises(SourceUnavailable, match=rf"{status}: it .*{words}"):
        fetcher.get_json(httpserver.url_for("/x?key=secret"))
    assert waits == []


def test_a_busy_source_is_waited_for(
    httpserver: HTTPServer, fetcher: Fetcher, waits: list[float]
) -> None:
    busy = httpserver.expect_ordered_request("/x")
    busy.respond_with_data("", status=429, headers={"Retry-After": "7"})
    httpserver.expect_ordered_request("/x").respond_with_data("", status=500)
    httpserver.expect_ordered_request("/x").respond_with_json({"a": 1})
    assert fetcher.get_json(httpserver.url_for("/x")) == {"a": 1}
    assert waits == [7, 14]


def test_a_wait_that_is_no_number_is_not_heeded(
    httpserver: HTTPServer, fetcher: Fetcher, waits: list[float]
) -> None:
    busy = httpserver.expect_ordered_request("/x")
    busy.respond_with_data("", status=429, headers={"Retry-After": "²"})
    httpserver.expect_ordered_request("/x").respond_with_json({"a": 1})
    assert fetcher.get_json(httpserver.url_for("/x")) == {"a": 1}
    assert waits == [2]


def test_a_source_that_asks_for_too_much_patience_is_given_up(
    httpserver: HTTPServer, fetcher: Fetcher, waits: list[float]
) -> None:
    httpserver.expect_request("/x").respond_with_data(
        "", status=429, headers={"Retry-After": "3600"}
    )
    with pytest.raises(SourceUnavailable, match="429 and asks to wait 3600 seconds"):
        fetcher.get_json(httpserver.url_for("/x"))
    assert waits == []


def test_a_source_that_fails_is_tried_again_and_then_named(
    httpserver: HTTPServer, fetcher: Fetcher, waits: list[float]
) -> None:
    httpserver.expect_request("/x").respond_with_data("", status=503)
    with pytest.raises(SourceUnavailable, match="it answers 503, 3 times") as caught:
        fetcher.get_json(httpserver.url_for("/x?key=secret"))
    assert waits == [2, 4]
    assert "secret" not in str(caught.value)


def test_silence_ends(waits: list[float]) -> None:
    patience = Patience(timeout_seconds=0.1, n_tries=3, first_wait_seconds=2)
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        Fetcher("The source", waits.append, patience) as fetcher,
        pytest.raises(SourceUnavailable, match=r"silent for 0\.1 seconds, 3 times"),
    ):
        fetcher.get_json(f"http://127.0.0.1:{deaf.getsockname()[1]}/x")


def test_nobody_there(fetcher: Fetcher) -> None:
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        fetcher.get_json("http://127.0.0.1:1/x")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<html><body>Unauthorized</body></html>", "a web page, not JSON"),
        ("", "nothing, not JSON"),
        ('{"data": [', "10 bytes of other text, not JSON"),
        ("[" * 100_000, "100000 bytes of other text, not JSON"),
    ],
)
def test_what_is_no_json(httpserver: HTTPServer, fetcher: Fetcher, body: str, found: str) -> None:
    httpserver.expect_request("/x").respond_with_data(body, content_type="text/html")
    with pytest.raises(SourceUnavailable, match=found):
        fetcher.get_json(httpserver.url_for("/x"))


@pytest.mark.parametrize(
    ("respond", "found"),
    [
        (lambda r: r.respond_with_data("<html>", content_type="text/html"), "a web page"),
        (lambda r: r.respond_with_data(b"", content_type="text/csv"), "with nothing"),
        (lambda r: r.respond_with_data("", status=403), "403"),
    ],
)
def test_what_is_no_file(
    httpserver: HTTPServer,
    fetcher: Fetcher,
    tmp_path: Path,
    respond: Callable[..., None],
    found: str,
) -> None:
    respond(httpserver.expect_request("/f.csv"))
    with pytest.raises(SourceUnavailable, match=found):
        fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")
    assert not (tmp_path / "f.csv").exists()


def test_a_key_does_not_follow_a_redirect(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/x").respond_with_data(
        "", status=302, headers={"Location": httpserver.url_for("/y")}
    )
    with pytest.raises(SourceUnavailable, match="points elsewhere"):
        fetcher.get_json(httpserver.url_for("/x"), headers={"x-ucdp-access-token": "t"})
    assert [request.path for request, _ in httpserver.log] == ["/x"]


def test_a_redirect_without_end_is_an_error(
    httpserver: HTTPServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    httpserver.expect_request("/f.csv").respond_with_data(
        "", status=302, headers={"Location": httpserver.url_for("/f.csv")}
    )
    with pytest.raises(SourceUnavailable, match="points elsewhere more than 5 times"):
        fetcher.download(httpserver.url_for("/f.csv"), tmp_path / "f.csv")


def test_what_cannot_be_unpacked_is_an_error(httpserver: HTTPServer, fetcher: Fetcher) -> None:
    httpserver.expect_request("/x").respond_with_data(
        "no gzip", headers={"Content-Encoding": "gzip"}
    )
    with pytest.raises(SourceUnavailable, match=r"DecodingError\), 3 times"):
        fetcher.get_json(httpserver.url_for("/x"))


@pytest.mark.parametrize("url", ["http://a:b/", "http://[z]/"])
def test_what_is_no_address_is_an_error(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(SourceUnavailable, match="this is no address"):
        fetcher.get_json(url)


@pytest.mark.parametrize(("is_fixed", "expected"), [(True, ["old", "new"]), (False, ["new"] * 2)])
def test_pages_of_a_table_that_changes_are_not_mixed_with_those_of_before(
    fetcher: Fetcher, tmp_path: Path, is_fixed: bool, expected: list[str]
) -> None:
    def read_page(url: str) -> Page:
        if url == "/2" and said == "old":
            raise fetcher.fail(url, "it breaks off")
        return Page([{"page": url, "said": said}], "/2" if url == "/1" else None, None)

    said = "old"
    with pytest.raises(SourceUnavailable, match="breaks off"):
        collect_pages(fetcher, tmp_path, "/1", read_page, is_fixed=is_fixed)
    said = "new"
    rows = collect_pages(fetcher, tmp_path, "/1", read_page, is_fixed=is_fixed)
    assert [row["said"] for row in rows] == expected
    assert list(tmp_path.iterdir()) == []
