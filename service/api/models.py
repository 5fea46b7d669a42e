"""The address of models: which are stored, which one scores, and how good they were measured."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from data.regions import load_region_set
from models.registry import Role, list_models
from service.api.context import ApiContext
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.feeds.facts import round_numbers
from service.publications.assembly import summarise_model


class ModelOut(Answer):
    """A trained model."""

    model_version: str
    set: str
    outcome: str
    as_of: date = Field(description="Nothing known later was used to train it.")
    created_at: datetime = Field(description="When it was trained, UTC.")
    role: Role = Field(description="`champion` makes the scores; the others do not.")
    facts: dict[str, Any] = Field(
        description="Data, outcome definition, and by horizon: `gate`, `skill`, `backtest`."
    )


def make_model_routes(context: ApiContext) -> APIRouter:
    """Returns the route of models."""
    router = APIRouter(tags=["models"])

    @router.get("/models", responses=declare_problems("unknown_name"))
    def list_all_models(
        set_name: Annotated[
            str | None, Query(alias="set", description="Only models of this region set.")
        ] = None,
    ) -> list[ModelOut]:
        """Lists the stored models, the newest first."""
        with context.database.read() as connection:
            if set_name is not None:
                load_region_set(connection, set_name)
            entries = list_models(connection, set_name)
        return [
            ModelOut(
                model_version=entry.model_version,
                set=entry.region_set,
                outcome=entry.outcome,
                as_of=entry.as_of,
                created_at=entry.created_at,
                role=entry.role,
                facts=round_numbers(summarise_model(entry.manifest)),
            )
            for entry in entries
        ]

    return router
