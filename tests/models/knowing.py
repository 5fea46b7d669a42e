"""What was known of the worlds of `tests.told_months`, and when."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from data.database import Database
from data.panel import Panel, build_panel, find_origins
from data.regions import load_region_set
from models.as_known import Knowledge
from models.settings import ModelSettings
from tests.told_months import N_AT_ONCE, delivery_day, last_day

HORIZON = 2
FIRST = N_AT_ONCE - 1
"""Row of the first origin: the last month of the first delivery."""
SETTINGS = ModelSettings(bootstrap_draws=100, refit_every_months=4, backtest_years=2)


def read_panel(connection: Connection, name: str, day: date) -> Panel:
    return build_panel(connection, load_region_set(connection, name), day)


def know(database: Database, reads: list[date] | None = None) -> tuple[Panel, Knowledge]:
    """What is known in the end, and what was known when."""

    def read(name: str, day: date) -> Panel:
        if reads is not None:
            reads.append(day)
        with database.read() as connection:
            return read_panel(connection, name, day)

    with database.read() as connection:
        regions = load_region_set(connection, "own")
        origins = find_origins(connection, regions, last_day())
    known_from = {"beside": delivery_day(0)}
    return read("own", last_day()), Knowledge(origins, known_from, read, "digest")
