"""What stands around requests, but those for feeds: headers, a limit of size, a line in the log."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import PROBLEM_MEDIA_TYPE, describe_problem, encode_problem

SECURITY_HEADERS: dict[str, str] = {
    # Charts are inline SVG with style attributes; no script is inline, none comes from elsewhere.
    "content-security-policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes; room for some ten thousand events."""

_log = logging.getLogger("tocsin.access")


class SecurityHeaders:
    """ASGI middleware: adds `SECURITY_HEADERS` to every answer that does not set them itself.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """ASGI middleware: a body of more than `LARGEST_BODY` bytes is not read to its end.

    Bodies are read before keys are looked at, so the limit holds for strangers too.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        n_bytes = 0

        async def receive_counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > LARGEST_BODY:
                raise HTTPException(413, f"The body has more than {LARGEST_BODY} bytes")
            return message

        await self._app(scope, receive_counted, send)


class NoNul:
    """ASGI middleware: refuses an address with a NUL, which no name has.

    PostgreSQL and file systems do not take one, and would fail.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            problem = describe_problem("usage", "The address holds a NUL.", instance=scope["path"])
            answer = Response(encode_problem(problem), 422, media_type=PROBLEM_MEDIA_TYPE)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class AccessLog:
    """ASGI middleware: one line per request in the log `tocsin.access`, without the query.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or not _log.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            # As a literal: a path may hold line breaks that would forge lines.
            path = ascii(scope["path"])[1:-1]
            taken_ms = (time.perf_counter() - started) * 1000
            _log.info("%s %s %d %.1f ms", scope["method"], path, status, taken_ms)
