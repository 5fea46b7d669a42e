"""The addresses under `/ogc`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Request, Response

from data.database import Database
from data.errors import UnknownName, UsageError
from data.regions import list_set_names
from service.clock import Clock
from service.feeds.facts import write_moment
from service.ogc.description import CONFORMANCE, OPENAPI_MEDIA_TYPE, describe_api
from service.ogc.features import Collection, CollectionStore
from service.ogc.query import ItemsQuery, read_query
from service.publications.store import find_head
from service.settings import Settings

ROOT = "/ogc"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_GEOJSON = "application/geo+json"

Link = dict[str, str]


def make_ogc(database: Database, settings: Settings, clock: Clock) -> APIRouter:
    """Returns the routes of OGC API – Features.

    Args:
        database: The open database.
        settings: For the public address of the service.
        clock: The clock.
    """
    router = APIRouter(prefix=ROOT, include_in_schema=False)
    store = CollectionStore(database)
    root = settings.public_url.rstrip("/") + ROOT

    @router.get("")
    @router.get("/")
    def show_landing_page(request: Request) -> Response:
        _refuse_parameters(request)
        return _answer(
            {
                "title": "Tocsin: risk scores as features",
                "description": "The newest publication of every region set.",
                "links": [
                    _link("self", f"{root}/", "This page."),
                    _link("service-desc", f"{root}/api", "The API.", OPENAPI_MEDIA_TYPE),
                    _link("conformance", f"{root}/conformance", "Conformance classes."),
                    _link("data", f"{root}/collections", "The region sets."),
                ],
            }
        )

    @router.get("/api")
    def show_definition() -> Response:
        return _answer(describe_api(root), OPENAPI_MEDIA_TYPE)

    @router.get("/conformance")
    def show_conformance(request: Request) -> Response:
        _refuse_parameters(request)
        return _answer({"conformsTo": CONFORMANCE})

    @router.get("/collections")
    def list_collections(request: Request) -> Response:
        _refuse_parameters(request)
        with database.read() as connection:
            names = [
                name
                for name in list_set_names(connection)
                if find_head(connection, name) is not None
            ]
        return _answer(
            {
                "links": [_link("self", f"{root}/collections", "This list.")],
                "collections": [_describe(root, store.load(name)) for name in names],
            }
        )

    @router.get("/collections/{name}")
    def show_collection(request: Request, name: str) -> Response:
        _refuse_parameters(request)
        return _answer(_describe(root, store.load(name)))

    @router.get("/collections/{name}/items")
    def list_features(request: Request, name: str) -> Response:
        query = _read(request)
        collection = store.load(name, query.publication)
        found = collection.select(query)
        page = found[query.offset : query.offset + query.limit]
        return _answer(
            {
                "type": "FeatureCollection",
                "timeStamp": write_moment(clock()),
                "numberMatched": len(found),
                "numberReturned": len(page),
                "notice": collection.notice,
                "links": _link_pages(root, request, collection, query, len(found)),
                "features": page,
            },
            _GEOJSON,
        )

    @router.get("/collections/{name}/items/{feature_id:path}")
    def show_feature(request: Request, name: str, feature_id: str) -> Response:
        _refuse_parameters(request)
        collection = store.load(name)
        place = collection.positions.get(feature_id)
        if place is None:
            raise UnknownName(f"There is no region '{feature_id}' in '{name}'.")
        address = f"{root}/collections/{quote(name, safe='')}"
        links = [
            _link("self", f"{address}/items/{quote(feature_id, safe='')}", "This.", _GEOJSON),
            _link("collection", address, "Its region set."),
        ]
        return _answer({**collection.features[place], "links": links}, _GEOJSON)

    return router


def _describe(root: str, collection: Collection) -> dict[str, Any]:
    name = collection.head.region_set
    address = f"{root}/collections/{quote(name, safe='')}"
    mark = "SIMULATED: " if collection.head.is_simulated else ""
    extent: dict[str, Any] = {}
    if collection.bbox:
        extent["spatial"] = {"bbox": [collection.bbox], "crs": _CRS84}
    if collection.window is not None:
        first, last = collection.window
        extent["temporal"] = {"interval": [[f"{first}T00:00:00Z", f"{last}T23:59:59Z"]]}
    return {
        "id": name,
        "title": f"{mark}Conflict risk, {name}, as of {collection.head.as_of}",
        "description": " ".join(collection.notice),
        "attribution": "; ".join(collection.attributions),
        "extent": extent,
        "itemType": "feature",
        "crs": [_CRS84],
        "links": [
            _link("self", address, "This region set."),
            _link("items", f"{address}/items", "Its regions with their scores.", _GEOJSON),
        ],
    }


def _link_pages(
    root: str, request: Request, collection: Collection, query: ItemsQuery, n_found: int
) -> list[Link]:
    address = f"{root}/collections/{quote(collection.head.region_set, safe='')}"
    given = dict(request.query_params)

    def page(relation: str, offset: int) -> Link:
        # A walk stays in its publication, even if a correction comes in between.
        parameters = given | {
            "limit": str(query.limit),
            "offset": str(offset),
            "publication": str(collection.head.publication_id),
        }
        return _link(relation, f"{address}/items?{urlencode(parameters)}", relation, _GEOJSON)

    here = f"{address}/items" + (f"?{urlencode(given)}" if given else "")
    links = [_link("self", here, "This page.", _GEOJSON)]
    if query.offset + query.limit < n_found:
        links.append(page("next", query.offset + query.limit))
    if query.offset:
        links.append(page("prev", max(query.offset - query.limit, 0)))
    return [*links, _link("collection", address, "The region set.")]


def _read(request: Request) -> ItemsQuery:
    items = request.query_params.multi_items()
    try:
        if len(dict(items)) < len(items):
            raise UsageError("A parameter is given twice.")
        return read_query(dict(items))
    except UsageError as error:
        # The standard names the status: requirement /req/core/query-param-invalid.
        raise HTTPException(400, str(error)) from None


def _refuse_parameters(request: Request) -> None:
    for name, value in request.query_params.multi_items():
        if (name, value) != ("f", "json"):  # Clients say it everywhere.
            raise HTTPException(400, f"There is no parameter '{name}' here")


def _link(relation: str, address: str, title: str, media_type: str = "application/json") -> Link:
    return {"rel": relation, "href": address, "type": media_type, "title": title}


def _answer(content: dict[str, Any], media_type: str = "application/json") -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"access-control-allow-origin": "*", "cache-control": "public, max-age=60"}
    return Response(body, media_type=media_type, headers=headers)
