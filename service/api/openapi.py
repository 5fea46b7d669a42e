"""The OpenAPI document of the API, made once, served by the service itself."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from service.api.problem_schema import Problem, declare_problems

API_VERSION = "1"

_DESCRIPTION = """\
Risk scores as they were published, and what follows from them.

What is published needs no key. What changes something, or is for operators only, needs one with a
scope: see `security` of each address.

Numbers have at most six decimals. A missing value is null, never zero. A score may be absent with
a reason: see `status` and `reason`. `simulated` is true where the events did not happen.
The same scores as files: `/feeds/{set}/latest.csv`, `.json`, `.geojson`.
"""


def build_openapi(router: APIRouter) -> dict[str, Any]:
    """Returns the OpenAPI document of the routes of `router`."""
    document = get_openapi(
        title="Tocsin API",
        version=API_VERSION,
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=router.routes,
    )
    schemas = document["components"].setdefault("schemas", {})
    # Ours take the place of the framework's own validation errors.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    for item in document["paths"].values():
        for operation in item.values():
            if "requestBody" in operation:
                _declare_unreadable(operation["responses"])
    return document


def _declare_unreadable(responses: dict[str, Any]) -> None:
    """Adds that a body may be too long or no text at all, which no validation of it tells."""
    declared = declare_problems("bad_request", "too_large")
    responses["400"], responses["413"] = declared[400], declared[413]
