"""The server of feeds: a small ASGI application in front of the rest, because bytes need no router.

Answers GET, HEAD and OPTIONS under `/feeds`. A file goes out with a strong entity tag per encoding,
so that 304 and compression are right together, and may be read from any web page (CORS). The
messages of a file are made once and sent as they are: nothing around this may change them. What is
named by its revision never changes; everything else is to be asked for again once its time is over.

What an address means is kept for `RECHECK_SECONDS`, since other processes may publish. After that
the database is asked in the background and the answer of before still goes out, for at most
`LATEST_SECONDS`: while a large publication is being committed, readers do not wait for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import anyio.to_thread
from starlette.types import Message, Receive, Scope, Send

from data.database import Database
from data.errors import TocsinError
from service.feeds.addresses import FeedAddress, parse_address, parse_query
from service.feeds.files import CACHE_BYTES, FileCache
from service.feeds.indexes import render_index
from service.feeds.negotiation import has_tag
from service.feeds.prepared import ALWAYS, CACHE_LATEST, PreparedFile, write_start
from service.problems import (
    PROBLEM_MEDIA_TYPE,
    describe_error,
    describe_problem,
    encode_problem,
)

METHODS = "GET, HEAD, OPTIONS"
RECHECK_SECONDS = 1.0
LATEST_SECONDS = 10.0

_MAX_READY = 256
_PREFLIGHT = {
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": "*",
    "access-control-max-age": "86400",
    "allow": METHODS,
}
_NOTHING: Message = {"type": "http.response.body", "body": b""}

_log = logging.getLogger("tocsin.feeds")

Place = tuple[str, bytes]


@dataclass
class _Ready:
    prepared: PreparedFile
    checked_at: float
    is_checking: bool = False


class FeedsApp:
    """ASGI application for everything under `/feeds`.

    Args:
        database: Where publications are.
        recheck_seconds: How long the meaning of an address is kept; 0 asks the database each time.
        timer: Seconds that only grow.
        max_bytes: What the files that are kept ready may take together.
    """

    def __init__(
        self,
        database: Database,
        *,
        recheck_seconds: float = RECHECK_SECONDS,
        timer: Callable[[], float] = time.monotonic,
        max_bytes: int = CACHE_BYTES,
    ) -> None:
        self._database = database
        self._files = FileCache(database, max_bytes)
        self._max_bytes = max_bytes
        self._recheck_seconds = recheck_seconds
        self._timer = timer
        self._ready: OrderedDict[Place, _Ready] = OrderedDict()
        self._checks: set[asyncio.Task[None]] = set()
        self.n_by_status: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        del receive  # No method that is answered has a body.
        method = scope["method"]
        accept, tag, since = b"", None, None
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accept = value
            elif name == b"if-none-match":
                tag = value
            elif name == b"if-modified-since":
                since = value
        place = (scope["path"].removeprefix(scope.get("root_path", "")), scope["query_string"])
        if method in ("GET", "HEAD"):
            found = self._look_up(place) or await self._find(place, tag)
            if isinstance(found, PreparedFile):
                variant = found.choose(accept)
                if tag == variant.tag or found.is_known(tag, since):
                    start, body = variant.unchanged, _NOTHING
                else:
                    start, body = variant.full, variant.body
            else:
                start, body = found
        elif method == "OPTIONS":
            start, body = write_start(204, ALWAYS | _PREFLIGHT), _NOTHING
        else:
            problem = describe_problem(
                "method_not_allowed", f"{method} is not allowed here.", instance=place[0]
            )
            start, body = _write_problem(problem, allow=METHODS)
        self.n_by_status[start["status"]] += 1
        await send(start)
        await send(_NOTHING if method == "HEAD" else body)

    def _look_up(self, place: Place) -> PreparedFile | None:
        ready = self._ready.get(place)
        if ready is None:
            return None
        age = self._timer() - ready.checked_at
        if age < self._recheck_seconds:
            return ready.prepared
        if age >= LATEST_SECONDS or self._recheck_seconds <= 0:
            return None
        if not ready.is_checking:
            ready.is_checking = True
            task = asyncio.get_running_loop().create_task(self._check(place, ready))
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)
        return ready.prepared

    async def _check(self, place: Place, ready: _Ready) -> None:
        try:
            await self._find(place, None)
        finally:
            ready.is_checking = False

    async def _find(
        self, place: Place, tag: bytes | None
    ) -> PreparedFile | tuple[Message, Message]:
        path, query = place
        try:
            address = parse_query(parse_address(path), query.decode("latin-1"))
            if address.format is None:
                body = await anyio.to_thread.run_sync(self._render_index, address)
                return _write_index(body, tag)
            asked_at = self._timer()
            # In a thread: a writer may hold the database for a moment.
            found = await anyio.to_thread.run_sync(self._files.find, address)
            return self._keep(place, PreparedFile(found, address), asked_at)
        except TocsinError as error:
            self._ready.pop(place, None)
            return _write_problem(describe_error(error, instance=path))
        except Exception:
            _log.exception("A feed could not be served: %s", path)
            problem = describe_problem("internal", "The feed could not be served.", instance=path)
            return _write_problem(problem)

    def _keep(self, place: Place, prepared: PreparedFile, asked_at: float) -> PreparedFile:
        kept = self._ready.get(place)
        if kept is not None and kept.prepared.found is prepared.found:
            kept.checked_at = asked_at
            return kept.prepared
        self._ready.pop(place, None)
        self._ready[place] = _Ready(prepared, asked_at)
        # What is too old to be sent, or too much to be kept, must not hold bytes in memory.
        n_bytes = 0
        for other, ready in reversed(list(self._ready.items())):
            n_bytes += ready.prepared.found.n_bytes
            is_old = asked_at - ready.checked_at >= LATEST_SECONDS
            if other != place and (is_old or n_bytes > self._max_bytes):
                del self._ready[other]
        while len(self._ready) > _MAX_READY:
            self._ready.popitem(last=False)
        return prepared

    def _render_index(self, address: FeedAddress) -> bytes:
        with self._database.read() as connection:
            return render_index(connection, address)


def _write_index(body: bytes, tag: bytes | None) -> tuple[Message, Message]:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = ALWAYS | {"etag": etag, "cache-control": CACHE_LATEST}
    if tag is not None and has_tag(tag.decode("latin-1"), (etag,)):
        return write_start(304, headers), _NOTHING
    headers |= {"content-type": "application/json", "content-length": str(len(body))}
    return write_start(200, headers), {"type": "http.response.body", "body": body}


def _write_problem(problem: dict[str, object], **more: str) -> tuple[Message, Message]:
    body = encode_problem(problem)
    headers = ALWAYS | {
        "content-type": PROBLEM_MEDIA_TYPE,
        "cache-control": "no-store",
        "content-length": str(len(body)),
        **more,
    }
    start = write_start(int(str(problem["status"])), headers)
    return start, {"type": "http.response.body", "body": body}
