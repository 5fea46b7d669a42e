"""The addresses of indicators: what each means, and what they say of regions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from data.errors import UsageError
from data.regions import load_region_set
from features.catalogue import CATALOGUE
from service.api.context import ApiContext
from service.api.parameters import AsOfQuery, SetPath, read_as_of
from service.api.problem_schema import declare_problems
from service.api.publications import require_head
from service.api.schemas import Answer
from service.feeds.facts import round_number
from service.indicator_values import (
    IndicatorValues,
    list_closed_indicators,
    read_indicators,
)
from service.memo import Memo

_KEPT = 4
"""Publications whose indicators are kept: each takes a panel to make."""


class IndicatorOut(Answer):
    """A declared indicator."""

    name: str
    label: str
    unit: str = Field(description="Unit of its values; `1` if it has none.")
    formula: str
    window: str = Field(description="How far back it looks.")
    source: str = Field(description="What it is computed from.")
    family: str
    why: str = Field(description="Why an analyst looks at it.")
    lag_months: int = Field(description="Months by which its source usually comes late.")


class IndicatorValueOut(Answer):
    """What one indicator says of one region."""

    region_id: str
    indicator: str
    value: float | None = Field(
        description="In the unit of the indicator; null: not known, or read off a source that may "
        "not be passed on."
    )


class IndicatorValuesOut(Answer):
    """Indicators at the last period that was known."""

    set: str
    as_of: date = Field(description="Knowledge limit: that of a publication.")
    period: str = Field(description="The period that the values are of, e.g. `2021-12`.")
    data_cutoff: date
    values: list[IndicatorValueOut]


def make_indicator_routes(context: ApiContext) -> APIRouter:
    """Returns the routes of indicators."""
    router = APIRouter(tags=["indicators"])
    known: Memo[IndicatorValues] = Memo(_KEPT)

    @router.get("/indicators", responses=declare_problems())
    def list_indicators() -> list[IndicatorOut]:
        """Lists the declared indicators: label, unit, formula, source, and why."""
        return [
            IndicatorOut(
                name=item.name,
                label=item.label,
                unit=item.unit,
                formula=item.formula,
                window=item.window,
                source=item.source,
                family=item.family,
                why=item.why,
                lag_months=item.lag_months,
            )
            for item in CATALOGUE.values()
        ]

    @router.get(
        "/sets/{set}/indicators",
        responses=declare_problems("unknown_name", "nothing_known", "not_ready"),
    )
    def list_indicator_values(
        set_name: SetPath,
        region_id: Annotated[
            str | None, Query(description="All indicators of this region.")
        ] = None,
        indicator: Annotated[
            str | None, Query(description="This indicator of all regions.")
        ] = None,
        as_of: AsOfQuery = None,
    ) -> IndicatorValuesOut:
        """Lists all indicators of a region, or one of all regions, as a publication knew them."""
        if (region_id is None) is (indicator is None):
            raise UsageError("Name a region or an indicator, one of them.", "Add region_id=….")
        with context.database.read() as connection:
            region_set = load_region_set(connection, set_name)
            head = require_head(connection, set_name, read_as_of(as_of))
            values = known.get(
                head.publication_id,
                lambda: read_indicators(connection, region_set, head.as_of, context.settings),
            )
        if region_id is not None:
            found = [
                (region_id, name, value) for name, value in values.of_region(region_id).items()
            ]
        else:
            name = indicator or ""
            found = [(place, name, value) for place, value in values.of_indicator(name).items()]
        closed = list_closed_indicators(region_set.source)
        return IndicatorValuesOut(
            set=set_name,
            as_of=values.as_of,
            period=values.period,
            data_cutoff=values.data_cutoff,
            values=[
                IndicatorValueOut(
                    region_id=place,
                    indicator=name,
                    value=None if name in closed else round_number(value),
                )
                for place, name, value in found
            ],
        )

    return router
