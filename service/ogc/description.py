"""What the service says of itself: its conformance classes and its OpenAPI definition."""

from __future__ import annotations

from typing import Any

from service.ogc.query import DEFAULT_LIMIT, MAX_LIMIT

CONFORMANCE: tuple[str, ...] = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)

OPENAPI_MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.0"


def describe_api(root: str) -> dict[str, Any]:
    """Returns the OpenAPI 3.0 definition.

    Args:
        root: Address of the landing page.
    """
    collection = _path_parameter("collectionId", "Name of a region set.")
    feature = _path_parameter("featureId", "Identifier of a region.")
    items = [
        collection,
        _query_parameter(
            "bbox",
            {
                "type": "array",
                "minItems": 4,
                "maxItems": 6,
                "items": {"type": "number"},
            },
            "West, south, east, north; degrees, WGS 84.",
        ),
        _query_parameter("datetime", {"type": "string"}, "A day or an interval of days."),
        _query_parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            "Features at most.",
        ),
        _query_parameter("offset", {"type": "integer", "minimum": 0}, "Features left out before."),
        _query_parameter(
            "publication", {"type": "integer", "minimum": 1}, "Publication of a walk."
        ),
        _query_parameter("country", {"type": "string"}, "ISO 3166-1 alpha-3 code."),
    ]
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Tocsin: risk scores as features",
            "version": "1",
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": root}],
        "paths": {
            "/": _operation("getLandingPage", "The landing page."),
            "/conformance": _operation("getConformance", "The conformance classes."),
            "/collections": _operation("getCollections", "The region sets."),
            "/collections/{collectionId}": _operation(
                "describeCollection", "A region set.", [collection]
            ),
            "/collections/{collectionId}/items": _operation(
                "getFeatures", "Regions with their newest scores.", items, geo=True
            ),
            "/collections/{collectionId}/items/{featureId}": _operation(
                "getFeature", "A region with its newest scores.", [collection, feature], geo=True
            ),
        },
    }


def _operation(
    name: str, text: str, parameters: list[dict[str, Any]] | None = None, *, geo: bool = False
) -> dict[str, Any]:
    media_type = "application/geo+json" if geo else "application/json"
    problem = {"application/problem+json": {"schema": {"type": "object"}}}
    return {
        "get": {
            "operationId": name,
            "summary": text,
            "parameters": parameters or [],
            "responses": {
                "200": {
                    "description": text,
                    "content": {media_type: {"schema": {"type": "object"}}},
                },
                "400": {"description": "A parameter is wrong.", "content": problem},
                "404": {"description": "Nothing has that name.", "content": problem},
            },
        }
    }


def _path_parameter(name: str, text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": {"type": "string"},
    }


def _query_parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": text,
        "schema": schema,
        "style": "form",
        "explode": False,
    }
