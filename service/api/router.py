"""The router of the API: all addresses under `/api/v1`."""

from __future__ import annotations

import json
from functools import cache

from fastapi import APIRouter, Depends, Response

from data.database import Database
from service.api.alert_actions import make_action_routes
from service.api.alerts import make_alert_routes
from service.api.context import ApiContext
from service.api.events import make_event_routes
from service.api.fatalities import make_fatality_routes
from service.api.health import make_health_routes
from service.api.indicators import make_indicator_routes
from service.api.ledger import make_ledger_routes
from service.api.models import make_model_routes
from service.api.openapi import build_openapi
from service.api.operations import make_operation_routes
from service.api.parameters import refuse_unknown_parameters
from service.api.problem_schema import declare_problems
from service.api.region_detail import make_region_routes
from service.api.rules import make_rule_routes
from service.api.schemas import ProblemKindOut
from service.api.scores import make_score_routes
from service.api.sets import make_set_routes
from service.api.sources import make_source_routes
from service.api.verification import make_verification_routes
from service.clock import Clock
from service.feeds.json_feed import FEED_SCHEMA
from service.problems import OUTCOMES
from service.settings import Settings

PREFIX = "/api/v1"


def make_api(database: Database, settings: Settings, clock: Clock) -> APIRouter:
    """Returns the routes of the API, with its OpenAPI document at `/api/v1/openapi.json`.

    Args:
        database: The open database.
        settings: The settings in force.
        clock: The clock.
    """
    context = ApiContext(database, settings, clock)
    router = APIRouter(
        prefix=PREFIX,
        dependencies=[Depends(refuse_unknown_parameters)],
        generate_unique_id_function=lambda route: route.name,
    )
    for make_routes in (
        make_set_routes,
        make_indicator_routes,
        make_region_routes,
        make_score_routes,
        make_fatality_routes,
        make_alert_routes,
        make_action_routes,
        make_rule_routes,
        make_operation_routes,
        make_source_routes,
        make_event_routes,
        make_model_routes,
        make_ledger_routes,
        make_verification_routes,
        make_health_routes,
    ):
        router.include_router(make_routes(context))

    @router.get("/problems", tags=["service"], responses=declare_problems())
    def list_problems() -> list[ProblemKindOut]:
        """Lists the codes of all problems."""
        return [
            ProblemKindOut(code=code, status=outcome.status, title=outcome.title)
            for code, outcome in OUTCOMES.items()
        ]

    @cache
    def write_document() -> bytes:
        return json.dumps(build_openapi(router), ensure_ascii=False).encode()

    @router.get("/openapi.json", include_in_schema=False)
    def show_openapi() -> Response:
        return Response(write_document(), media_type="application/json")

    @router.get("/feed-schema.json", include_in_schema=False)
    def show_feed_schema() -> Response:
        return Response(FEED_SCHEMA.read_bytes(), media_type="application/schema+json")

    return router
