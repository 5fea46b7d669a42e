"""Every error of the web application as a problem (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from data.errors import KeyInvalid, KeyMissing, ScopeMissing, TocsinError, TooManyTries
from service.problems import (
    PROBLEM_MEDIA_TYPE,
    describe_error,
    describe_problem,
    encode_problem,
)

_CODE_OF_STATUS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}
_log = logging.getLogger("tocsin.web")


def install_problem_handlers(app: FastAPI) -> None:
    """Makes every error of `app` a problem; a failure is logged and shows no internals."""

    @app.exception_handler(TocsinError)
    async def _own(request: Request, error: TocsinError) -> Response:
        if error.code in ("state", "settings"):
            _log.error("%s %s: %s", request.method, request.url.path, error)
        return _answer(describe_error(error, instance=request.url.path), _challenge(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            {"parameter": ".".join(map(str, item["loc"][1:])), "message": item["msg"]}
            for item in error.errors()
        ]
        detail = "; ".join(f"{item['parameter']}: {item['message']}" for item in errors)
        return _answer(describe_problem("usage", detail, instance=request.url.path, errors=errors))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = _CODE_OF_STATUS.get(error.status_code, "internal")
        detail = f"{request.method} {request.url.path}: {error.detail}."
        problem = describe_problem(code, detail, _hint_of(code), instance=request.url.path)
        return _answer(problem | {"status": error.status_code}, error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        problem = describe_problem(
            "internal", "The service failed; its log says why.", instance=request.url.path
        )
        return _answer(problem)


def _challenge(error: TocsinError) -> dict[str, str]:
    """Returns the headers that tell a client how to come with a better key (RFC 6750)."""
    if isinstance(error, KeyMissing):
        return {"www-authenticate": 'Bearer realm="tocsin"'}
    if isinstance(error, KeyInvalid):
        return {"www-authenticate": 'Bearer realm="tocsin", error="invalid_token"'}
    if isinstance(error, ScopeMissing):
        words = f'error="insufficient_scope", scope="{error.scope}"'
        return {"www-authenticate": f'Bearer realm="tocsin", {words}'}
    if isinstance(error, TooManyTries):
        return {"retry-after": "60"}
    return {}


def _hint_of(code: str) -> str:
    return "/api/v1/openapi.json describes the API; / is the map." if code == "not_found" else ""


def _answer(problem: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        encode_problem(problem),
        status_code=problem["status"],
        media_type=PROBLEM_MEDIA_TYPE,
        headers={"cache-control": "no-store", **(headers or {})},
    )
