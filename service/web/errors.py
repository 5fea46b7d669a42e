"""Errors as pages: what went wrong and what to do, for people with a browser.

Pages answer with a page whatever happens (`PageRoute`). Elsewhere an error is a problem in JSON;
`ErrorPages` turns it into a page for a caller that asks for HTML, but never under the addresses
that programs use.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.errors import KeyMissing, TocsinError
from service.problems import OUTCOMES, PROBLEM_MEDIA_TYPE, outcome_of
from service.web.links import to_sign_in
from service.web.templating import render_page

PROGRAM_PATHS = ("/api", "/feeds", "/health", "/metrics")
"""Addresses below which an error stays JSON."""

_log = logging.getLogger("tocsin.web")


def render_error(
    status: int,
    title: str,
    message: str,
    hint: str = "",
    *,
    back: str = "/",
    back_words: str = "To the start page",
) -> HTMLResponse:
    """Returns the page of an error.

    Args:
        status: HTTP status.
        title: What kind of error it is.
        message: What is wrong this time.
        hint: What the reader can do.
        back: Where the button leads.
        back_words: What stands on it.
    """
    return render_page(
        "error.html",
        status,
        number=status,
        title=title,
        message=message,
        hint=hint,
        back=back,
        back_words=back_words,
    )


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Returns the handler that catches errors."""
        handle = super().get_route_handler()

        async def handle_with_pages(request: Request) -> Response:
            try:
                return await handle(request)
            except KeyMissing as error:
                then = request.url.path if request.method == "GET" else "/alerts"
                outcome = outcome_of(error)
                return render_error(
                    outcome.status,
                    outcome.title,
                    error.message,
                    error.hint,
                    back=to_sign_in(then),
                    back_words="Sign in",
                )
            except TocsinError as error:
                outcome = outcome_of(error)
                if outcome.status >= 500:
                    _log.error("%s: %s", request.url.path, error)
                return render_error(outcome.status, outcome.title, error.message, error.hint)
            except RequestValidationError as error:
                wrong = "; ".join(
                    f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}"
                    for item in error.errors()
                )
                outcome = OUTCOMES["usage"]
                return render_error(
                    outcome.status, outcome.title, wrong, "Follow a link on the start page instead."
                )
            except Exception:
                _log.exception("The page %s could not be made", request.url.path)
                outcome = OUTCOMES["internal"]
                return render_error(
                    outcome.status,
                    outcome.title,
                    "This page could not be made; the log of the service says why.",
                    "Try again later. The feeds may still work: /feeds/",
                )

        return handle_with_pages


class ErrorPages:
    """ASGI middleware: a problem in JSON becomes a page for a caller that prefers HTML.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or not _wants_page(scope):
            await self._app(scope, receive, send)
            return
        problem: list[bytes] = []
        start: Message | None = None

        async def send_page(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is not None and message["type"] == "http.response.body":
                problem.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await _page_of(start, b"".join(problem))(scope, receive, send)
            else:
                await send(message)

        await self._app(scope, receive, send_page)


def _wants_page(scope: Scope) -> bool:
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if any(path == root or path.startswith(f"{root}/") for root in PROGRAM_PATHS):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _is_problem(start: Message) -> bool:
    media_type = Headers(raw=start["headers"]).get("content-type", "")
    return media_type.startswith(PROBLEM_MEDIA_TYPE)


def _page_of(start: Message, body: bytes) -> HTMLResponse:
    problem = json.loads(body)
    page = render_error(
        start["status"],
        problem.get("title", "Error"),
        problem.get("detail", ""),
        problem.get("hint", ""),
    )
    allow = Headers(raw=start["headers"]).get("allow")
    if allow is not None:
        MutableHeaders(raw=page.raw_headers)["allow"] = allow
    return page
