"""The address of fatalities: the distributions of one publication, filtered, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, create_model
from sqlalchemy import select

from service.api.context import ApiContext
from service.api.paging import Cursor, digest_filters, write_cursor
from service.api.parameters import (
    MAX_LIMIT,
    AsOfQuery,
    CountryQuery,
    CursorQuery,
    HorizonQuery,
    RegionQuery,
    SetQuery,
)
from service.api.problem_schema import declare_problems
from service.api.publications import (
    begin_or_continue,
    describe_head,
    load_without_scores,
    notices_of,
)
from service.api.schemas import Answer, PublicationOut
from service.feeds.facts import round_numbers
from service.feeds.fatality_feed import NEVER_MADE, describe_fatalities
from service.publications.fatality import NAMES
from service.publications.rows import read_fatalities
from service.tables import fatalities


class FatalityPlace(Answer):
    """What a distribution of deaths is of."""

    region_id: str
    region_name: str
    country: str = Field(description="ISO 3166-1 alpha-3 code.")
    horizon: int = Field(description="Steps from the origin to the period.")
    period: str = Field(description="The one period that it is of, e.g. `2022-03`.")
    status: str = Field(
        description="`ok`; `baseline_only`: the quantiles of the last 12 periods are served; "
        "`stale` or `too_early`: there are none."
    )
    reason: str = Field(description="Why the status is not `ok`; else empty.")


_QUANTILES: dict[str, Any] = {
    name: (
        Annotated[float, Field(ge=0)] | None,
        Field(description=f"Deaths that {int(name[1:])} of 100 cases do not exceed."),
    )
    for name in NAMES
}
FatalitiesRowOut: Any = create_model(
    "FatalitiesRowOut",
    __base__=FatalityPlace,
    __doc__="Deaths of one region in one period ahead, as quantiles.",
    **_QUANTILES,
)


class FatalitiesOut(Answer):
    """A page of the fatalities of a publication."""

    set: str
    publication: PublicationOut
    notice: list[str] = Field(description="What must be known before use, the gravest first.")
    version: str = Field(description="How the forecast is made, and of what.")
    status: str = Field(description="`ok`, `baseline_only`, or `not_made`: there are none.")
    reason: str = Field(description="Why, with what closed forecasts were worth.")
    record: dict[str, Any] = Field(
        description="CRPS and coverage of closed forecasts beside conflictology; empty if too few."
    )
    fatalities: list[FatalitiesRowOut]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


def make_fatality_routes(context: ApiContext) -> APIRouter:
    """Returns the route of fatalities."""
    router = APIRouter(tags=["scores"])

    @router.get("/fatalities", responses=declare_problems("unknown_name", "not_ready"))
    def list_fatalities(
        set_name: SetQuery,
        country: CountryQuery = None,
        region_id: RegionQuery = None,
        horizon: HorizonQuery = None,
        as_of: AsOfQuery = None,
        cursor: CursorQuery = None,
        limit: Annotated[int, Query(description="Rows a page.", ge=1, le=MAX_LIMIT)] = 100,
    ) -> FatalitiesOut:
        """Lists the distributions of deaths of a publication, by horizon and region.

        A walk with `cursor` stays in the publication that it began in.
        """
        wanted = {"country": country, "region_id": region_id, "horizon": horizon}
        filters = digest_filters({"set": set_name, "as_of": as_of, "of": "fatalities", **wanted})
        with context.database.read() as connection:
            head, after = begin_or_continue(connection, set_name, as_of, cursor, filters)
            publication = load_without_scores(connection, head)
            rows = connection.execute(
                select(fatalities)
                .where(
                    fatalities.c.publication_id == head.publication_id,
                    fatalities.c.position > after,
                    *(fatalities.c[name] == is_ for name, is_ in wanted.items() if is_ is not None),
                )
                .order_by(fatalities.c.position)
                .limit(limit + 1)
            ).mappings()
            found = list(rows)
            notices = notices_of(connection, head)
        page = found[:limit]
        told = round_numbers(publication.manifest.get("fatalities", NEVER_MADE))
        return FatalitiesOut.model_validate(
            {
                "record": {},
                **told,
                "set": set_name,
                "publication": describe_head(head),
                "notice": notices,
                "fatalities": [
                    describe_fatalities(publication, read_fatalities(row)) for row in page
                ],
                "next_cursor": write_cursor(
                    Cursor(head.publication_id, page[-1]["position"], filters)
                )
                if len(found) > limit
                else None,
            }
        )

    return router
