"""The address of health: is the database reachable, and how old is what is served?"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError

from data.regions import list_set_names
from service.api.context import ApiContext
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.publications.store import find_head


class SetHealthOut(Answer):
    """How fresh a region set is."""

    set: str
    latest_as_of: date | None = Field(description="Null if nothing is published.")
    published_at: datetime | None
    age_days: int | None = Field(description="Days from the as-of to now.")
    is_stale: bool = Field(description="True if nothing is published, or too long ago.")


class HealthOut(Answer):
    """Whether the service works."""

    status: Literal["ok", "stale", "failing"] = Field(
        description="`stale`: it answers, but a set is stale. `failing`: no database."
    )
    now: datetime = Field(description="The service's clock, UTC.")
    sets: list[SetHealthOut]


def make_health_routes(context: ApiContext) -> APIRouter:
    """Returns the route of health."""
    router = APIRouter(tags=["service"])

    @router.get(
        "/health",
        responses=declare_problems()
        | {503: {"description": "The database does not answer.", "model": HealthOut}},
    )
    def show_health(response: Response) -> HealthOut:
        """Shows whether the service works and how old its newest publications are."""
        now = context.clock()
        response.headers["cache-control"] = "no-store"
        try:
            sets = _examine_sets(context, now)
        except SQLAlchemyError:
            response.status_code = 503
            return HealthOut(status="failing", now=now, sets=[])
        is_stale = any(entry.is_stale for entry in sets)
        return HealthOut(status="stale" if is_stale else "ok", now=now, sets=sets)

    return router


def _examine_sets(context: ApiContext, now: datetime) -> list[SetHealthOut]:
    examined = []
    with context.database.read() as connection:
        for name in list_set_names(connection):
            head = find_head(connection, name)
            age_days = None if head is None else (now.date() - head.as_of).days
            examined.append(
                SetHealthOut(
                    set=name,
                    latest_as_of=None if head is None else head.as_of,
                    published_at=None if head is None else head.published_at,
                    age_days=age_days,
                    is_stale=age_days is None or age_days > context.settings.page_age_warning_days,
                )
            )
    return examined
