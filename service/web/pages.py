"""The addresses of the pages.

Handlers are plain functions: the server runs them in threads, as they read the database and draw.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from data.database import Database
from data.regions import list_set_names
from service.clock import Clock
from service.links.unsubscribe_links import UNSUBSCRIBE_PATH
from service.publications.store import find_head
from service.settings import Settings
from service.web.errors import PageRoute
from service.web.list_pages import render_about, render_publications, render_start
from service.web.reading import Reader
from service.web.region_page import render_region
from service.web.reliability_page import render_reliability
from service.web.set_page import render_set
from service.web.signed_pages import make_signed_pages
from service.web.unsubscribe import do_unsubscribe, render_unsubscribe

Horizon = Annotated[int | None, Query(ge=1, le=10_000)]
PageNumber = Annotated[int, Query(ge=1, le=10_000)]
AsOf = Annotated[date | None, Query()]
Outcome = Annotated[str | None, Query(max_length=64)]


def make_pages(database: Database, settings: Settings, clock: Clock) -> APIRouter:
    """Returns the router of all pages; they expect the static files under `/static`.

    Args:
        database: The database.
        settings: The settings of the process.
        clock: The clock; pages say how old a publication is.
    """
    reader = Reader(database, settings, clock)
    router = APIRouter(
        route_class=PageRoute, default_response_class=HTMLResponse, include_in_schema=False
    )

    # What monitors ask with HEAD is answered like GET; the server leaves the body out.
    route = partial(router.api_route, methods=["GET", "HEAD"])

    @route("/")
    def show_start(
        horizon: Horizon = None,
        sort: str | None = None,
        outcome: Outcome = None,
        page: PageNumber = 1,
    ) -> HTMLResponse:
        with database.read() as connection:
            names = list_set_names(connection)
            if len(names) == 1 and find_head(connection, names[0]):
                name = names[0]
                return render_set(
                    reader,
                    connection,
                    name,
                    horizon=horizon,
                    sort=sort,
                    as_of=None,
                    outcome=outcome,
                    page=page,
                )
            return render_start(reader, connection)

    @route("/about")
    def show_about() -> HTMLResponse:
        with database.read() as connection:
            return render_about(reader, connection, settings)

    @route("/sets/{set_name}")
    def show_set(
        set_name: str,
        horizon: Horizon = None,
        sort: str | None = None,
        as_of: AsOf = None,
        outcome: Outcome = None,
        page: PageNumber = 1,
    ) -> HTMLResponse:
        with database.read() as connection:
            return render_set(
                reader,
                connection,
                set_name,
                horizon=horizon,
                sort=sort,
                as_of=as_of,
                outcome=outcome,
                page=page,
            )

    @route("/sets/{set_name}/reliability")
    def show_reliability(
        set_name: str, horizon: Horizon = None, outcome: Outcome = None
    ) -> HTMLResponse:
        with database.read() as connection:
            return render_reliability(reader, connection, set_name, horizon, outcome)

    @route(UNSUBSCRIBE_PATH)
    def show_unsubscribe(token: str) -> HTMLResponse:
        return render_unsubscribe(settings, token, now=clock())

    @router.post(UNSUBSCRIBE_PATH)
    def take_unsubscribe(token: str) -> HTMLResponse:
        with database.write() as connection:
            return do_unsubscribe(connection, settings, token, now=clock())

    @route("/sets/{set_name}/publications")
    def show_publications(set_name: str, page: PageNumber = 1) -> HTMLResponse:
        with database.read() as connection:
            return render_publications(reader, connection, set_name, page)

    @route("/sets/{set_name}/regions/{region_id:path}")
    def show_region(
        set_name: str,
        region_id: str,
        horizon: Horizon = None,
        as_of: AsOf = None,
        outcome: Outcome = None,
    ) -> HTMLResponse:
        with database.read() as connection:
            return render_region(
                reader,
                connection,
                set_name,
                region_id,
                horizon=horizon,
                as_of=as_of,
                outcome=outcome,
            )

    router.include_router(make_signed_pages(database, settings, clock, reader))
    return router
