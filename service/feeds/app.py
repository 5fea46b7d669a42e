"""The server of feeds: a small ASGI application in front of the rest, because bytes need no router.

Answers GET, HEAD and OPTIONS under `/feeds`. A file goes out with a strong entity tag per encoding,
so that 304 and gzip are right together, and may be read from any web page (CORS). What is named by
its revision never changes; everything else is to be asked for again once its time is over.
"""

from __future__ import annotations

import hashlib
import logging

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from data.database import Database
from data.errors import TocsinError
from service.feeds.addresses import FeedAddress, parse_address
from service.feeds.files import FileCache, StoredFile
from service.feeds.indexes import render_index
from service.feeds.negotiation import accepts_gzip, has_tag, is_unmodified, write_http_date
from service.problems import (
    PROBLEM_MEDIA_TYPE,
    describe_error,
    describe_problem,
    encode_problem,
)

METHODS = "GET, HEAD, OPTIONS"

_CACHE_LATEST = "public, max-age=60, must-revalidate"
_CACHE_DATED = "public, max-age=3600, must-revalidate"
_CACHE_REVISION = "public, max-age=31536000, immutable"

_ALWAYS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "etag, last-modified, content-disposition",
    "x-content-type-options": "nosniff",
}
_PREFLIGHT = {
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": "*",
    "access-control-max-age": "86400",
    "allow": METHODS,
}

_log = logging.getLogger("tocsin.feeds")


class FeedsApp:
    """ASGI application for everything under `/feeds`.

    Args:
        database: Where publications are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._files = FileCache(database)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        del receive  # No method that is answered has a body.
        method, path = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        headers = Headers(scope=scope)
        if method == "OPTIONS":
            status, answer, body = 204, dict(_PREFLIGHT), b""
        elif method not in ("GET", "HEAD"):
            problem = describe_problem(
                "method_not_allowed", f"{method} is not allowed here.", instance=path
            )
            status, answer, body = _answer_problem(problem)
            answer["allow"] = METHODS
        else:
            status, answer, body = await self._answer(path, headers)
        if status != 204 and status != 304:
            answer["content-length"] = str(len(body))
        fields = [(name.encode(), value.encode()) for name, value in (_ALWAYS | answer).items()]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    async def _answer(self, path: str, headers: Headers) -> tuple[int, dict[str, str], bytes]:
        try:
            address = parse_address(path)
            if address.format is None:
                body = await anyio.to_thread.run_sync(self._render_index, address)
                return _answer_index(body, headers)
            # In a thread: a writer may hold the database for a moment.
            found = await anyio.to_thread.run_sync(self._files.find, address)
            return _answer_file(found, address, headers)
        except TocsinError as error:
            return _answer_problem(describe_error(error, instance=path))
        except Exception:
            _log.exception("A feed could not be served: %s", path)
            problem = describe_problem("internal", "The feed could not be served.", instance=path)
            return _answer_problem(problem)

    def _render_index(self, address: FeedAddress) -> bytes:
        with self._database.read() as connection:
            return render_index(connection, address)


def _answer_file(
    found: StoredFile, address: FeedAddress, headers: Headers
) -> tuple[int, dict[str, str], bytes]:
    is_zipped = accepts_gzip(headers.get("accept-encoding", ""))
    answer = {
        "etag": found.zipped_etag if is_zipped else found.etag,
        "last-modified": write_http_date(found.modified_at),
        "cache-control": _cache_control(address),
        "vary": "accept-encoding",
    }
    if _has_already(found, headers):
        return 304, answer, b""
    answer["content-type"] = found.media_type
    kind = "attachment" if found.media_type.startswith("text/csv") else "inline"
    answer["content-disposition"] = f'{kind}; filename="{found.file_name}"'
    if is_zipped:
        answer["content-encoding"] = "gzip"
    return 200, answer, found.zipped if is_zipped else found.body


def _has_already(found: StoredFile, headers: Headers) -> bool:
    tags, since = headers.get("if-none-match"), headers.get("if-modified-since")
    if tags is not None:  # It wins over the date: section 13.1.3 of RFC 9110.
        return has_tag(tags, (found.etag, found.zipped_etag))
    return since is not None and is_unmodified(since, found.modified_at)


def _answer_index(body: bytes, headers: Headers) -> tuple[int, dict[str, str], bytes]:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    answer = {"etag": etag, "cache-control": _CACHE_LATEST}
    if has_tag(headers.get("if-none-match", ""), (etag,)):
        return 304, answer, b""
    return 200, answer | {"content-type": "application/json"}, body


def _answer_problem(problem: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    answer = {"content-type": PROBLEM_MEDIA_TYPE, "cache-control": "no-store"}
    return int(str(problem["status"])), answer, encode_problem(problem)


def _cache_control(address: FeedAddress) -> str:
    if address.as_of is None:
        return _CACHE_LATEST
    return _CACHE_DATED if address.revision is None else _CACHE_REVISION
