"""The web application: feeds in front, then the API, the pages and their static files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from data.database import Database
from service.api.handlers import install_problem_handlers
from service.api.router import make_api
from service.clock import Clock
from service.feeds.addresses import ROOT
from service.feeds.app import FeedsApp
from service.health.probes import make_probes
from service.middleware import AccessLog, BodyLimit, NoNul, SecurityHeaders
from service.ogc.routes import make_ogc
from service.scheduler import Ticker
from service.settings import Settings
from service.web.errors import ErrorPages
from service.web.pages import make_pages
from service.web.templating import STATIC

_BELOW = f"{ROOT}/"


class FeedsFirst(FastAPI):
    """The application, with everything under `/feeds` answered before any middleware and router.

    Feeds are counted (`/metrics`), not logged: a line would take longer than the answer.

    Args:
        feeds: Answers `/feeds` and what lies below it.
        **options: Those of `FastAPI`.
    """

    def __init__(self, feeds: FeedsApp, **options: Any) -> None:
        super().__init__(**options)
        self._feeds = feeds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "http":
            path: str = scope["path"].removeprefix(scope.get("root_path", ""))
            if path.startswith(_BELOW) or path == ROOT:
                await self._feeds(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def make_app(
    database: Database, settings: Settings, clock: Clock, *, with_scheduler: bool = False
) -> FastAPI:
    """Returns the web application.

    Args:
        database: The open database; whoever opened it closes it.
        settings: The settings in force.
        clock: The clock.
        with_scheduler: Run due cycles and deliveries in the background while it serves.

    Raises:
        SettingsError: The cron line cannot be read.
    """
    ticker = Ticker(database, settings, clock) if with_scheduler else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        if ticker is not None:
            ticker.start()
        try:
            yield
        finally:
            if ticker is not None:
                await anyio.to_thread.run_sync(ticker.stop)

    # The framework's own documentation pages load scripts from another server: they stay off.
    feeds = FeedsApp(database)
    app = FeedsFirst(
        feeds,
        title="Tocsin",
        version=version("tocsin"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    install_problem_handlers(app)
    app.include_router(make_probes(database, settings, clock, feeds.n_by_status))
    app.include_router(make_api(database, settings, clock))
    app.include_router(make_ogc(database, settings, clock))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(make_pages(database, settings, clock))
    # The last one added is the first one asked.
    app.add_middleware(NoNul)
    app.add_middleware(BodyLimit)
    app.add_middleware(ErrorPages)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(AccessLog)
    return app
