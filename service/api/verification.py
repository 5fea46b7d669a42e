"""The address of the track record: what was published, against what came."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from data.calendar import Step
from service.api.context import ApiContext
from service.api.parameters import SetPath
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer
from service.feeds.facts import round_numbers
from service.record.track_record import list_outcomes, read_record


class HorizonRecordOut(Answer):
    """The track record of one horizon; figures are absent where no window is closed."""

    live: dict[str, Any] = Field(
        description="Of forecasts that were published before their window was over: counts, Brier "
        "score and its skill over `baselines`, `reliability` with consistency bars, `by_year`, "
        "`by_level`, and `others` who forecast the same units. Of fatalities: CRPS and coverage "
        "of the published quantiles beside conflictology, and `by_year`."
    )
    afterwards: dict[str, Any] = Field(
        description="The same of replays: made later, from what would have been known."
    )


class VerificationOut(Answer):
    """Every published forecast whose window is closed, against what came."""

    set: str
    outcome: str
    as_of: date | None = Field(
        description="What came as known on this day; null if nothing is verified yet."
    )
    step: Step
    simulated: bool = Field(description="True if the events did not happen.")
    n_published: int = Field(description="Forecasts published so far, closed or not.")
    horizons: dict[str, HorizonRecordOut] = Field(description="By horizon, in steps.")
    all_horizons: HorizonRecordOut | None = Field(
        default=None, description="Of fatalities: all periods ahead together; else null."
    )


def make_verification_routes(context: ApiContext) -> APIRouter:
    """Returns the route of the track record."""
    router = APIRouter(tags=["publications"])

    @router.get("/sets/{set}/verification", responses=declare_problems("unknown_name"))
    def show_verification(
        set_name: SetPath,
        outcome: Annotated[
            str | None,
            Query(
                description="Name of an outcome, or `fatalities`; without it, the first outcome "
                "that is published."
            ),
        ] = None,
    ) -> VerificationOut:
        """Shows the track record, as each cycle stores it when windows close."""
        with context.database.read() as connection:
            asked = outcome or list_outcomes(connection, context.settings, set_name)[0]
            record = read_record(connection, context.settings, set_name, asked)
        told = round_numbers(record)
        return VerificationOut.model_validate(
            {
                "set": told.pop("region_set"),
                "simulated": told.pop("is_simulated"),
                **told,
            }
        )

    return router
