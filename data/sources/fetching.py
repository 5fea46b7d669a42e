"""Fetching from a source that may misbehave: patient, content with nothing that is half or endless.

Owns requests, retries, and downloads that resume. Does not own what an answer means. Waiting is
injected, and so is the timer, so that nothing here knows a clock.

What is wrong with an answer is always a `SourceUnavailable` that names the source, the address
(without its query, which may hold a key) and what was found.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from data.errors import SourceUnavailable

OnBytes = Callable[[int, int], None]

_REDIRECTS_LIMIT = 5
_MEGABYTE = 1_000_000
_MOST_JSON_BYTES = 256 * _MEGABYTE
"""A JSON answer is held in memory, where it takes several times as much."""
_BUSY = 429
_SERVER_FAILS_FROM = 500
_REFUSALS = {
    401: "it wants a key, or does not know this one",
    403: "it does not let this key in",
    404: "it has nothing there",
    410: "it has taken this away",
}


@dataclass(frozen=True)
class Patience:
    """How long, and how much of it, to bear with a source.

    Attributes:
        timeout_seconds: How long it may stay silent.
        n_tries: Tries per request.
        first_wait_seconds: Wait after the first failure; doubles with each.
        longest_wait_seconds: A source that asks to wait longer is given up for now.
        most_bytes: A file, and all pages of an answer together, may be so large (<=); a single
            JSON answer also at most 256 MB.
        longest_seconds: A single answer that is not whole by then is given up; of a file, a later
            call goes on from there.
    """

    timeout_seconds: float = 60
    n_tries: int = 4
    first_wait_seconds: float = 2
    longest_wait_seconds: float = 120
    most_bytes: int = 2_000 * _MEGABYTE
    longest_seconds: float = 6 * 3600


class Fetcher:
    """Requests to one source.

    Args:
        title: Name of the source for messages.
        wait: Waits that many seconds.
        patience: How long to bear with it.
        transport: What requests go through; by default straight to the network.
        timer: Seconds that only grow.
    """

    def __init__(
        self,
        title: str,
        wait: Callable[[float], None],
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title = title
        self.most_bytes = (patience or Patience()).most_bytes
        self._wait = wait
        self._timer = timer
        self._patience = patience or Patience()
        self._client = httpx.Client(
            timeout=self._patience.timeout_seconds,
            headers={"User-Agent": "tocsin"},
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get_json(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        hint: str = "",
    ) -> Any:
        """Returns the JSON that an address answers with. Redirects are not followed.

        Raises:
            SourceUnavailable: It does not answer, refuses, answers with anything but JSON, or with
                too much of it.
        """

        # httpx drops the query of the address where parameters are given, even none.
        def build() -> httpx.Request:
            return self._client.build_request(
                "GET", url, headers=dict(headers or {}), params=dict(params) if params else None
            )

        return self._ask_json(url, build, hint)

    def post_form(self, url: str, form: Mapping[str, str], *, hint: str = "") -> Any:
        """Returns the JSON that an address answers a form with. Redirects are not followed.

        Raises:
            SourceUnavailable: It does not answer, refuses, answers with anything but JSON, or with
                too much of it.
        """
        return self._ask_json(
            url, lambda: self._client.build_request("POST", url, data=dict(form)), hint
        )

    def download(self, url: str, target: Path, *, on_progress: OnBytes | None = None) -> None:
        """Stores what lies at an address in a file, which appears only when it is whole.

        What was received before a failure stays beside it (`.part`), and a later call goes on from
        there if the source still has the same version of the file.

        Args:
            url: The address.
            target: The file; its folder must exist.
            on_progress: Called with bytes stored and bytes in all (0 if the source does not say).

        Raises:
            SourceUnavailable: It does not answer, refuses, answers with a web page, breaks off, or
                sends more than `most_bytes`, of which nothing is kept.
        """
        part = target.with_name(f"{target.name}.part")
        note = target.with_name(f"{target.name}.part.json")

        def receive() -> None:
            self._receive(url, part, note, on_progress)

        self._persist(url, receive, hint="Check the version, or try again later: it goes on there.")
        part.replace(target)
        note.unlink(missing_ok=True)

    def fail(self, url: str, found: str, hint: str = "") -> SourceUnavailable:
        """Returns the error that says what was found at an address."""
        return SourceUnavailable(f"{self.title}, {_bare(url)}: {found}.", hint)

    def refuse_size(self, url: str, limit: int) -> SourceUnavailable:
        """Returns the error that says that an address gives more than so many bytes."""
        return self.fail(
            url,
            f"it sends more than {limit / _MEGABYTE:,g} MB",
            "If so much is right, raise TOCSIN_FETCH_MEGABYTES_MAX."
            if limit == self.most_bytes
            else "Ask for fewer countries or days.",
        )

    def _ask_json(self, url: str, build: Callable[[], httpx.Request], hint: str) -> Any:
        def ask() -> Any:
            with closing(self._client.send(build(), stream=True)) as answer:
                _check(answer)
                if answer.is_redirect:
                    raise self.fail(
                        url, "it points elsewhere", "Check the address in the settings."
                    )
                content = self._read_whole(url, answer)
            try:
                return json.loads(content)
            except (ValueError, RecursionError):
                raise self.fail(
                    url, f"it answers with {_describe(content)}, not JSON", hint
                ) from None

        return self._persist(url, ask, hint)

    def _read_whole(self, url: str, answer: httpx.Response) -> bytes:
        # Counted after decompression, of which a few bytes can become any number.
        limit = min(self.most_bytes, _MOST_JSON_BYTES)
        content = bytearray()
        for piece in self._in_time(url, answer.iter_bytes()):
            content += piece
            if len(content) > limit:
                raise self.refuse_size(url, limit)
        return bytes(content)

    def _persist(self, url: str, act: Callable[[], Any], hint: str) -> Any:
        """Returns what `act` returns, tried again while the source is busy or breaks off."""
        found, wait_seconds = "", self._patience.first_wait_seconds
        for number in range(self._patience.n_tries):
            if number:
                self._wait(wait_seconds)
                wait_seconds *= 2
            try:
                return act()
            except _Busy as busy:
                found = f"it answers {busy.status}"
                if busy.retry_after is not None:
                    if busy.retry_after > self._patience.longest_wait_seconds:
                        found += f" and asks to wait {busy.retry_after:.0f} seconds"
                        raise self.fail(url, found, "Try again then.") from None
                    wait_seconds = max(wait_seconds, busy.retry_after)
            except _NotServed as problem:
                status = problem.status
                reason = _REFUSALS.get(status, "it does not serve this request")
                raise self.fail(url, f"it answers {status}: {reason}", hint) from None
            except httpx.TimeoutException:
                found = f"it stays silent for {self._patience.timeout_seconds:g} seconds"
            except httpx.InvalidURL:
                raise self.fail(url, "this is no address", "Check the settings.") from None
            except httpx.TooManyRedirects:
                found = f"it points elsewhere more than {_REDIRECTS_LIMIT} times"
                raise self.fail(url, found, hint) from None
            except httpx.RequestError as problem:
                found = f"the connection fails ({type(problem).__name__})"
        raise self.fail(url, f"{found}, {self._patience.n_tries} times", hint or "Try again later.")

    def _receive(self, url: str, part: Path, note: Path, on_progress: OnBytes | None) -> None:
        # Sizes are counted as sent, so the bytes must come as they lie there.
        headers = {"Accept-Encoding": "identity"}
        version = _read_note(note, url)
        at = part.stat().st_size if version and part.exists() else 0
        if at and version:
            headers |= {"Range": f"bytes={at}-", "If-Range": version}
        self._client.max_redirects = _REDIRECTS_LIMIT
        with self._client.stream("GET", url, headers=headers, follow_redirects=True) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                note.unlink(missing_ok=True)
                raise httpx.RemoteProtocolError("the part that is here does not fit")
            _check(answer)
            if "html" in answer.headers.get("content-type", ""):
                raise self.fail(url, "it answers with a web page", "Check the version.")
            is_resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
            if is_resumed and not answer.headers.get("content-range", "").startswith(
                f"bytes {at}-"
            ):
                note.unlink(missing_ok=True)
                raise httpx.RemoteProtocolError("another part was sent than asked for")
            at = at if is_resumed else 0
            length = answer.headers.get("content-length", "")
            total = at + int(length) if length.isdecimal() else 0
            if total > self.most_bytes:
                self._forget(part, note)
                raise self.refuse_size(url, self.most_bytes)
            version = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
            # A weak validator does not promise equal bytes.
            version = "" if version.startswith("W/") else version
            note.write_text(json.dumps({"url": url, "version": version}))
            with part.open("ab" if is_resumed else "wb") as stream:
                for piece in self._in_time(url, answer.iter_raw()):
                    at += len(piece)
                    if at > self.most_bytes:
                        self._forget(part, note)
                        raise self.refuse_size(url, self.most_bytes)
                    stream.write(piece)
                    if on_progress is not None:
                        on_progress(at, total)
        if at == 0:
            raise self.fail(url, "it answers with nothing")
        if total and at != total:
            raise httpx.RemoteProtocolError("the body is cut off")

    def _in_time(self, url: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yields pieces while there is time: one that drips is never silent, and never done."""
        ends_at = self._timer() + self._patience.longest_seconds
        for piece in pieces:
            if self._timer() > ends_at:
                hours = self._patience.longest_seconds / 3600
                raise self.fail(url, f"it is not done after {hours:g} hours", "Try again later.")
            yield piece

    def _forget(self, part: Path, note: Path) -> None:
        part.unlink(missing_ok=True)
        note.unlink(missing_ok=True)


class _Busy(Exception):
    def __init__(self, status: int, retry_after: float | None) -> None:
        super().__init__()
        self.status, self.retry_after = status, retry_after


class _NotServed(Exception):
    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


def _check(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == _BUSY or status >= _SERVER_FAILS_FROM:
        text = answer.headers.get("retry-after", "")
        raise _Busy(status, float(text) if text.isdecimal() else None)
    if answer.is_client_error:
        raise _NotServed(status)


def _describe(content: bytes) -> str:
    beginning = content[:200].lstrip().lower()
    if not beginning:
        return "nothing"
    if beginning.startswith(b"<"):
        return "a web page"
    return f"{len(content)} bytes of other text"


def _read_note(note: Path, url: str) -> str:
    try:
        held = json.loads(note.read_text())
    except (OSError, ValueError):
        return ""
    return str(held["version"]) if held.get("url") == url else ""


def _bare(url: str) -> str:
    return url.partition("?")[0]
