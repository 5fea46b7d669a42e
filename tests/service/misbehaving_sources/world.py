"""A source's server, and the database that what it tells is taken into."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from data.database import Database
from data.sources.contract import Query
from service.intake.fetching import fetch_source
from service.settings import Settings
from tests.service.misbehaving_sources.rows import BEFORE, NEW, Rows
from tests.service.misbehaving_sources.servers import Spec

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


class World:
    """A source's server, a database, what was asked and how long was waited."""

    def __init__(self, spec: Spec, server: HTTPServer, database: Database, folder: Path) -> None:
        self.spec, self.server, self.database = spec, server, database
        url = server.url_for("").rstrip("/")
        self.settings = Settings(
            state_dir=folder,
            ucdp_files_url=f"{url}/files",
            ucdp_api_url=f"{url}/api",
            ucdp_token="right",  # type: ignore[arg-type]
            acled_enabled=True,
            acled_username="u",
            acled_password="p",  # type: ignore[arg-type]
            acled_url=url,
            hapi_url=url,
            hapi_app_identifier="right",  # type: ignore[arg-type]
            hdx_url=url,
            idmc_url=url,
            idmc_client_id="right",  # type: ignore[arg-type]
            dtm_url=url,
            dtm_subscription_key="right",  # type: ignore[arg-type]
            views_url=url,
            conflictforecast_url=url,
            fetch_allow_loopback=True,
            fetch_timeout_seconds=60,
        )
        self.waits: list[float] = []
        self.asked: list[str] = []
        self.months, self.zero = BEFORE, False
        self.spoil: Callable[[Request], Response | None] = lambda _request: None
        self.edit: Callable[[Rows], Rows] = lambda rows: rows
        self.moment = NOW
        server.expect_request(re.compile(".*")).respond_with_handler(self.serve)

    def serve(self, request: Request) -> Response:
        self.asked.append(request.full_path)
        spoilt = self.spoil(request)
        if spoilt is not None:
            return spoilt
        rows = self.spec.make_rows(self.months, self.zero)
        columns = list(rows[0])
        rows = self.edit(rows)
        return self.spec.answer(request, rows, list(rows[0]) if rows else columns)

    def fetch(self, query: Query) -> Any:
        place = self.spec.file_name and self.server.url_for(f"/{self.spec.file_name}?key=right")
        return fetch_source(
            self.database,
            self.settings,
            lambda: self.moment,
            name=self.spec.name,
            query=query,
            place=place or None,
            wait=self.waits.append,
        )

    def begin(self) -> None:
        """Takes in two good years; the month after them is what is told next."""
        assert self.fetch(self.spec.first)[0].n_added > 0
        self.months, self.moment = NEW, NOW.replace(hour=18)
        self.waits.clear()
        self.asked.clear()

    def dump(self) -> list[str]:
        """All that is known; what was examined and held is apart."""
        url = self.database.engine.url.database
        assert url is not None
        with sqlite3.connect(url) as connection:
            lines = [line for line in connection.iterdump() if '"examinations"' not in line]
        connection.close()
        return lines
