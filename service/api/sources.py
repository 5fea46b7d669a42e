"""The addresses of sources: what they are, how fresh, and their events where these may go out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from data.calendar import from_epoch_day, parse_day
from data.errors import UnknownName, UsageError
from data.sources.contract import SourceInfo, SourceKind, require_redistributable
from data.sources.registry import SOURCES
from data.store import Delivery, events_as_known, list_deliveries, select_events
from service.api.context import ApiContext
from service.api.paging import Cursor, digest_filters, read_cursor, write_cursor
from service.api.parameters import MAX_LIMIT, CountryQuery, CursorQuery
from service.api.problem_schema import declare_problems
from service.api.schemas import Answer

_DAY = r"^\d{4}-\d{2}-\d{2}$"

SourcePath = Annotated[str, Path(alias="source", description="Name of a source.", examples=["ged"])]


class DeliveryOut(Answer):
    """A delivery that was taken in."""

    vintage: str
    known_at: datetime = Field(description="When it became known.")
    received_at: datetime = Field(description="When it was taken in.")
    covers_from: date
    covers_to: date = Field(description="Last day that it speaks for.")
    countries: list[str]
    n_rows: int
    n_quarantined: int = Field(description="Rows that were refused, each with a reason.")


class SourceOut(Answer):
    """A source of events."""

    source: str
    title: str
    licence: str
    attribution: str
    url: str
    kind: SourceKind = Field(description="What it delivers.")
    redistributable: bool = Field(description="Whether its data may be passed on as they are.")
    simulated: bool
    n_deliveries: int
    newest: DeliveryOut | None = Field(description="Newest delivery; null if there is none.")
    age_days: int | None = Field(
        description="Days since the last day that any delivery covers; null for forecasts."
    )


class EventOut(Answer):
    """An event as it was known."""

    event_id: str
    date_start: date
    date_end: date
    date_precision: int = Field(description="1 (day) to 5 (year), as UCDP GED codes it.")
    latitude: float
    longitude: float
    where_precision: int = Field(description="1 (exact) to 7, as UCDP GED codes it.")
    country: str
    event_type: str
    actor_a: str
    actor_b: str
    fatalities_best: int
    fatalities_low: int
    fatalities_high: int


class EventsOut(Answer):
    """One page of events."""

    source: str
    as_of: date
    licence: str
    attribution: str = Field(description="The credit that must stand wherever the data is used.")
    simulated: bool
    events: list[EventOut]
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null at end.")


def make_source_routes(context: ApiContext) -> APIRouter:
    """Returns the routes of sources."""
    router = APIRouter(tags=["sources"])

    @router.get("/sources", responses=declare_problems())
    def list_sources() -> list[SourceOut]:
        """Lists the sources with their licence and freshness."""
        today = context.clock().date()
        with context.database.read() as connection:
            return [
                _describe(source, list_deliveries(connection, name), today)
                for name, source in SOURCES.items()
            ]

    @router.get("/sources/{source}/events", responses=declare_problems("unknown_name", "refused"))
    def list_events(
        name: SourcePath,
        as_of: Annotated[
            str | None, Query(description="Knowledge limit; today if left out.", pattern=_DAY)
        ] = None,
        country: CountryQuery = None,
        since: Annotated[
            str | None,
            Query(description="Only events that ended on this day or later.", pattern=_DAY),
        ] = None,
        until: Annotated[
            str | None,
            Query(description="Only events that ended on this day or before.", pattern=_DAY),
        ] = None,
        cursor: CursorQuery = None,
        limit: Annotated[int, Query(description="Events a page.", ge=1, le=MAX_LIMIT)] = 100,
    ) -> EventsOut:
        """Lists events as they were known on a day, if the licence lets them be passed on."""
        source = SOURCES.get(name)
        if source is None:
            raise UnknownName(f"There is no source '{name}'.", f"Known: {', '.join(SOURCES)}.")
        require_redistributable(source)
        today = context.clock().date()
        day = today if as_of is None else parse_day(as_of)
        if day > today:
            raise UsageError(f"The as-of {day} lies in the future.", "Nobody knows that yet.")
        first = None if since is None else parse_day(since)
        last = None if until is None else parse_day(until)
        filters = digest_filters({"s": name, "a": day, "c": country, "f": first, "l": last})
        start = 0 if cursor is None else read_cursor(cursor, filters).position
        with context.database.read() as connection:
            known = events_as_known(connection, name, day)
        found = select_events(known, country=country, since=first, until=last)
        page = found.iloc[start : start + limit]
        stand = start + len(page)
        return EventsOut(
            source=name,
            as_of=day,
            licence=source.licence,
            attribution=source.attribution,
            simulated=source.is_simulated,
            events=[_read_event(row) for row in page.to_dict("records")],
            next_cursor=write_cursor(Cursor(0, stand, filters)) if stand < len(found) else None,
        )

    return router


def _read_event(row: Mapping[Any, Any]) -> EventOut:
    values = {name: row[name] for name in EventOut.model_fields if name in row}
    values["date_start"] = from_epoch_day(int(str(row["date_start"])))
    values["date_end"] = from_epoch_day(int(str(row["date"])))
    return EventOut.model_validate(values)


def _describe(source: SourceInfo, deliveries: list[Delivery], today: date) -> SourceOut:
    newest = deliveries[-1] if deliveries else None
    # Forecasts speak of days to come: how old their last day is says nothing.
    spoken = () if source.kind == "forecasts" else deliveries
    covered = max((delivery.covers_to for delivery in spoken), default=None)
    return SourceOut(
        source=source.name,
        title=source.title,
        licence=source.licence,
        attribution=source.attribution,
        url=source.url,
        kind=source.kind,
        redistributable=source.redistributable,
        simulated=source.is_simulated,
        n_deliveries=len(deliveries),
        newest=None
        if newest is None
        else DeliveryOut(
            vintage=newest.vintage,
            known_at=newest.known_at,
            received_at=newest.received_at,
            covers_from=newest.covers_from,
            covers_to=newest.covers_to,
            countries=list(newest.countries),
            n_rows=newest.n_rows,
            n_quarantined=newest.n_quarantined,
        ),
        age_days=None if covered is None else (today - covered).days,
    )
