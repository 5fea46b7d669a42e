"""The address of scores: one publication, filtered, page by page."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement, Connection, RowMapping, select

from data.errors import UnknownName
from data.regions import load_region_set
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
from service.api.schemas import RegionScoreOut, ScoresOut
from service.boxes import Box, meets, read_box
from service.feeds.facts import describe_score
from service.publications.publication import Publication
from service.publications.rows import PublicationHead, read_score
from service.tables import scores

_FILTERS: dict[str, ColumnElement[Any]] = {
    "country": scores.c.details["country"].as_string(),
    "region_id": scores.c.region_id,
    "outcome": scores.c.outcome,
    "horizon": scores.c.horizon,
    "level": scores.c.level,
}


def make_score_routes(context: ApiContext) -> APIRouter:
    """Returns the route of scores."""
    router = APIRouter(tags=["scores"])

    @router.get("/scores", responses=declare_problems("unknown_name", "not_ready"))
    def list_scores(
        set_name: SetQuery,
        country: CountryQuery = None,
        region_id: RegionQuery = None,
        outcome: Annotated[str | None, Query(description="Name of an outcome.")] = None,
        horizon: HorizonQuery = None,
        level: Annotated[str | None, Query(description="Name of a risk level.")] = None,
        bbox: Annotated[
            str | None,
            Query(
                description="Only regions that touch west,south,east,north; degrees, WGS 84.",
                max_length=120,
                examples=["-5,10,5,20"],
            ),
        ] = None,
        as_of: AsOfQuery = None,
        cursor: CursorQuery = None,
        limit: Annotated[int, Query(description="Scores a page.", ge=1, le=MAX_LIMIT)] = 100,
    ) -> ScoresOut:
        """Lists the scores of a publication, in the order of its feeds.

        A walk with `cursor` stays in the publication that it began in, even if a correction is
        published in between.
        """
        wanted = {
            "country": country,
            "region_id": region_id,
            "outcome": outcome,
            "horizon": horizon,
            "level": level,
        }
        filters = digest_filters({"set": set_name, "as_of": as_of, "bbox": bbox, **wanted})
        box = None if bbox is None else read_box(bbox)
        given = {name: value for name, value in wanted.items() if value is not None}
        with context.database.read() as connection:
            head, after = begin_or_continue(connection, set_name, as_of, cursor, filters)
            inside = None if box is None else _list_inside(connection, set_name, box)
            rows = _select_rows(connection, head, given, after, limit + 1, inside)
            if not rows and after < 0 and inside is None:
                _explain_emptiness(connection, head, given)
            publication = load_without_scores(connection, head)
            notices = notices_of(connection, head)
        page = rows[:limit]
        next_cursor = None
        if len(rows) > limit:
            next_cursor = write_cursor(Cursor(head.publication_id, page[-1]["position"], filters))
        return ScoresOut(
            set=set_name,
            publication=describe_head(head),
            notice=notices,
            scores=[_describe(publication, row) for row in page],
            next_cursor=next_cursor,
        )

    return router


def _select_rows(
    connection: Connection,
    head: PublicationHead,
    given: dict[str, Any],
    after: int,
    limit: int,
    inside: set[str] | None,
) -> list[RowMapping]:
    query = (
        select(scores)
        .where(scores.c.publication_id == head.publication_id, scores.c.position > after)
        .where(*(_FILTERS[name] == value for name, value in given.items()))
        .order_by(scores.c.position)
    )
    if inside is None:
        return list(connection.execute(query.limit(limit)).mappings())
    # A grid has more cells in a box than a statement has room for names.
    rows = connection.execute(query).mappings()
    return list(islice((row for row in rows if row["region_id"] in inside), limit))


def _list_inside(connection: Connection, set_name: str, box: Box) -> set[str]:
    return {
        region.region_id
        for region in load_region_set(connection, set_name).regions
        if meets(box, region.geometry.bounds)
    }


def _explain_emptiness(
    connection: Connection, head: PublicationHead, given: dict[str, Any]
) -> None:
    """Raises UnknownName if a filter matches nothing in the whole publication.

    A level that exists may hold no region; any other value that no score has is a mistake.
    """
    bounds = load_without_scores(connection, head).manifest.get("levels", {})
    for name, value in given.items():
        if name == "level" and value in bounds:
            continue
        column = _FILTERS[name]
        known = connection.scalars(
            select(column).where(scores.c.publication_id == head.publication_id).distinct()
        ).all()
        if value not in known:
            listed = list(bounds) if name == "level" and bounds else sorted(set(known) - {None})
            hint = ", ".join(map(str, listed[:40])) + (" …" if len(listed) > 40 else "")
            raise UnknownName(f"No score has the {name} '{value}'.", f"Known: {hint}.")


def _describe(publication: Publication, row: RowMapping) -> RegionScoreOut:
    score = read_score(row)
    window_from, window_to = publication.window(score.horizon)
    return RegionScoreOut.model_validate(
        {
            "region_id": score.region_id,
            "region_name": score.region_name,
            "country": score.country,
            **describe_score(score),
            "window_from": window_from,
            "window_to": window_to,
        }
    )
