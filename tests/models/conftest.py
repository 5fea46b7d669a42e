"""Panels, models and databases that several tests of the models room share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, insert

from data.calendar import period_of
from data.database import Database, open_database
from data.panel import BASE_VARIABLES, Panel
from data.tables import region_sets
from models.settings import ModelSettings
from models.train import TrainedModel, train_model
from tests.told_months import N_MONTHLY, store_delivery, store_world

CREATED_AT = datetime(2020, 1, 15, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    """Makes a panel of regions whose violence comes in spells that feed on themselves."""

    def make(
        n_years: int = 15, n_regions: int = 12, seed: int = 1, is_quiet: bool = False
    ) -> Panel:
        generator = np.random.default_rng(seed)
        n_periods = 12 * n_years
        level = np.zeros((n_periods, n_regions))
        state = np.zeros(n_regions, bool)
        for row in range(n_periods):
            wakes = generator.random(n_regions) < (0.03 if 5 <= row % 12 <= 8 else 0.015)
            state = np.where(state, generator.random(n_regions) > 0.12, wakes)
            level[row] = np.where(state, 4.0 + 0.5 * (level[row - 1] if row else 0), 0.05)
        events = generator.poisson(level)
        deaths = generator.poisson(3.0 * events)
        if is_quiet:
            deaths, events = deaths * 0, events * 0
        values = {name: np.zeros((n_periods, n_regions), np.float32) for name in BASE_VARIABLES}
        values["events"], values["deaths"] = events.astype(np.float32), deaths.astype(np.float32)
        first = period_of(date(2005, 1, 1), "month")
        return Panel(
            region_set="plain",
            step="month",
            as_of=date(2005 + n_years, 1, 15),
            data_cutoff=date(2004 + n_years, 12, 31),
            region_ids=tuple(f"R{number:02d}" for number in range(n_regions)),
            periods=np.arange(first, first + n_periods, dtype=np.int64),
            values=values,
            known=np.ones((n_periods, n_regions), bool),
            countries=("AAA",),
            country_of=np.zeros(n_regions, np.int64),
            country_values={
                name: np.zeros((n_periods, 1), np.float32) for name in ("events", "deaths")
            },
            neighbours=tuple(
                tuple(sorted({(n - 1) % n_regions, (n + 1) % n_regions})) for n in range(n_regions)
            ),
            is_simulated=True,
        )

    return make


@pytest.fixture(scope="session")
def panel(make_panel: Callable[..., Panel]) -> Panel:
    return make_panel()


@pytest.fixture(scope="session")
def settings() -> ModelSettings:
    return ModelSettings(bootstrap_draws=100)


@pytest.fixture(scope="session")
def trained(panel: Panel, settings: ModelSettings) -> TrainedModel:
    return train_model(panel, settings, created_at=CREATED_AT, vintages=("plain 1",))


@pytest.fixture(scope="session")
def blank_rows() -> Callable[[Panel, int, int], Panel]:
    """Makes a region unknown from a row on."""

    def blank(panel: Panel, region: int, from_row: int) -> Panel:
        known = panel.known.copy()
        known[from_row:, region] = False
        values = {
            name: np.where(known, array, np.float32(np.nan)) for name, array in panel.values.items()
        }
        return replace(panel, known=known, values=values)

    return blank


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('models') / 'tocsin.db'}")
    with opened.write() as connection:
        for name in ("plain", "other"):
            connection.execute(
                insert(region_sets).values(
                    region_set=name,
                    kind="custom",
                    step="month",
                    source="simulated",
                    is_schematic=True,
                    attribution="",
                    imported_at=CREATED_AT,
                )
            )
    yield opened
    opened.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A connection whose writes are rolled back after the test."""
    with database.read() as opened:
        yield opened


@pytest.fixture(scope="session")
def shared_data() -> Path:
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("TOCSIN_TEST_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"No real data in {folder}; set TOCSIN_TEST_SHARED_DATA to their folder.")
    return folder


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A database file after each delivery."""
    folder = tmp_path_factory.mktemp("told")
    database = open_database(f"sqlite:///{folder / 'now.db'}")
    with database.write() as connection:
        store_world(connection, 0)
    files = []
    for number in range(N_MONTHLY + 1):
        if number:
            with database.write() as connection:
                store_delivery(connection, number)
        files.append(folder / f"{number}.db")
        shutil.copy(folder / "now.db", files[-1])
    database.close()
    return files


@pytest.fixture(scope="session")
def told(snapshots: list[Path]) -> Iterator[Database]:
    """All deliveries."""
    database = open_database(f"sqlite:///{snapshots[-1]}")
    yield database
    database.close()
