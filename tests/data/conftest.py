"""Small worlds for tests of the data room, databases, and the real files beside the project."""

from __future__ import annotations

import csv
import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from shapely.geometry import box

from data.calendar import end_of_day, to_epoch_day
from data.database import Database, open_database
from data.events import EVENT_COLUMNS, Batch, Refusal
from data.regions import Region, RegionSet, find_neighbours
from data.sources.contract import SourceInfo
from data.store import DeliveryReport, append_delivery

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2021, 7, 15)

DEFAULT_EVENT: dict[str, Any] = {
    "event_id": "1",
    "date_start": to_epoch_day(DAY),
    "date": to_epoch_day(DAY),
    "date_precision": 1,
    "latitude": 0.5,
    "longitude": 0.5,
    "where_precision": 1,
    "country": "MLI",
    "admin1": "",
    "admin2": "",
    "event_type": "state_based",
    "sub_type": "A - B",
    "actor_a": "A",
    "actor_b": "B",
    "fatalities_best": 3,
    "fatalities_low": 2,
    "fatalities_high": 5,
    "civilian_fatalities": 1,
    "n_sources": 2,
}

DEFAULT_GED_ROW: dict[str, str] = {
    "id": "1",
    "relid": "MLI-2021-1-1",
    "year": "2021",
    "active_year": "True",
    "type_of_violence": "1",
    "conflict_new_id": "11347",
    "dyad_new_id": "12575",
    "dyad_name": "Government of Mali - AQIM",
    "side_a": "Government of Mali",
    "side_b": "AQIM",
    "number_of_sources": "2",
    "source_article": "An article",
    "where_prec": "1",
    "adm_1": "Mopti region",
    "adm_2": "Mopti cercle",
    "latitude": "14.5",
    "longitude": "-4.2",
    "country": "Mali",
    "country_id": "432",
    "date_prec": "1",
    "date_start": "2021-07-15 00:00:00.000",
    "date_end": "2021-07-15 00:00:00.000",
    "deaths_civilians": "1",
    "best": "3",
    "high": "5",
    "low": "2",
}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("TOCSIN_TEST_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "ged_sahel_1989_2021.csv").exists():
        pytest.skip(f"the real files are not in {folder}")
    return folder


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database, made once and copied."""
    path = tmp_path_factory.mktemp("template") / "tocsin.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database."""
    shutil.copy(migrated_file, tmp_path / "tocsin.db")
    database = open_database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    yield database
    database.close()


_numbers = itertools.count()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database of each kind in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def ged() -> SourceInfo:
    """A source as GED is."""
    return SourceInfo("ged", "GED", "CC-BY-4.0", "Uppsala", "https://ucdp.uu.se", True, False)


@pytest.fixture(scope="session")
def make_events() -> Callable[..., pd.DataFrame]:
    """Makes an event table from the values in which each event differs from the default."""

    def make(*events: Mapping[str, Any]) -> pd.DataFrame:
        rows = [
            {**DEFAULT_EVENT, "event_id": str(number), **event}
            for number, event in enumerate(events, start=1)
        ]
        for row, event in zip(rows, events, strict=True):
            if "date" in event and "date_start" not in event:
                row["date_start"] = row["date"]
            for column in ("date", "date_start"):
                if isinstance(row[column], date):
                    row[column] = to_epoch_day(row[column])
        return pd.DataFrame(
            {
                name: pd.array([row[name] for row in rows], dtype=dtype)
                for name, dtype in EVENT_COLUMNS.items()
            }
        )

    return make


@pytest.fixture(scope="session")
def make_batch(make_events: Callable[..., pd.DataFrame]) -> Callable[..., Batch]:
    """Makes a batch that speaks for Mali and Niger in 2021."""

    def make(
        *events: Mapping[str, Any],
        refusals: Sequence[Refusal] = (),
        countries: Sequence[str] = ("MLI", "NER"),
        covers: tuple[date, date] = (date(2021, 1, 1), date(2021, 12, 31)),
    ) -> Batch:
        return Batch(
            events=make_events(*events),
            refusals=tuple(refusals),
            n_rows=len(events) + len(refusals),
            countries=tuple(countries),
            covers_from=covers[0],
            covers_to=covers[1],
        )

    return make


@pytest.fixture(scope="session")
def deliver(ged: SourceInfo) -> Callable[..., DeliveryReport]:
    """Stores a batch in a transaction of its own, as a new file unless `sha256` says otherwise."""

    def store(
        database: Database,
        batch: Batch,
        known_at: str | datetime,
        *,
        source: SourceInfo = ged,
        vintage: str = "1",
        sha256: str | None = None,
    ) -> DeliveryReport:
        moment = end_of_day(date.fromisoformat(known_at)) if isinstance(known_at, str) else known_at
        with database.write() as connection:
            return append_delivery(
                connection,
                batch,
                source=source,
                vintage=vintage,
                known_at=moment,
                received_at=datetime(2026, 1, 1, tzinfo=UTC),
                file_name="events.csv",
                sha256=sha256 or f"{next(_numbers):064x}",
            )

    return store


@pytest.fixture(scope="session")
def make_set() -> Callable[..., RegionSet]:
    """Makes a region set of rectangles: identifier to (country, west, south, east, north)."""

    def make(
        shapes: Mapping[str, tuple[str, float, float, float, float]],
        *,
        step: Any = "month",
        names: Mapping[str, str] | None = None,
    ) -> RegionSet:
        regions = tuple(
            Region(key, (names or {}).get(key, key), country, box(*bounds))
            for key, (country, *bounds) in sorted(shapes.items())
        )
        return RegionSet(
            name="squares",
            kind="admin1",
            step=step,
            source="ged",
            is_schematic=False,
            attribution="nobody",
            regions=regions,
            neighbours=find_neighbours([region.geometry for region in regions]),
        )

    return make


@pytest.fixture(scope="session")
def squares(make_set: Callable[..., RegionSet]) -> RegionSet:
    """Mali: two unit squares side by side; Niger: one that touches the second."""
    return make_set(
        {"ML1": ("MLI", 0, 0, 1, 1), "ML2": ("MLI", 1, 0, 2, 1), "NE1": ("NER", 2, 0, 3, 1)},
        names={"ML1": "Ménaka", "ML2": "Centre-Nord", "NE1": "Diffa"},
    )


@pytest.fixture
def write_ged(tmp_path: Path) -> Callable[..., Path]:
    """Writes a GED file from the values in which each row differs from the default."""

    def write(
        *rows: Mapping[str, str],
        drop: Sequence[str] = (),
        rename: Mapping[str, str] | None = None,
        encoding: str = "utf-8",
    ) -> Path:
        path = tmp_path / "ged.csv"
        columns = [name for name in DEFAULT_GED_ROW if name not in drop]
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([(rename or {}).get(name, name) for name in columns])
            for number, row in enumerate(rows, start=1):
                full = {**DEFAULT_GED_ROW, "id": str(number), **row}
                if "date_end" in row and "date_start" not in row:
                    full["date_start"] = row["date_end"]
                writer.writerow([full[name] for name in columns])
        return path

    return write


@pytest.fixture
def waits() -> list[float]:
    return []
