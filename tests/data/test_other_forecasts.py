"""Forecasts of others: read from what their services answer, stored once, read as known."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from data.calendar import to_epoch_day
from data.database import Database
from data.errors import BadInput, Conflict, MissingInput
from data.forecast import ForecastBatch, check_forecasts
from data.sources.conflictforecast import read_conflictforecast
from data.sources.contract import Query
from data.sources.views import VIEWS, read_views
from data.store import append_forecasts, forecasts_as_known, list_forecast_runs

DAY = date(2026, 3, 1)
RUN = Query(version="fatalities002_2025_06_t01")


def rows_of(batch: ForecastBatch) -> list[dict[str, Any]]:
    check_forecasts(batch)
    return batch.forecasts.to_dict("records")


def test_samples_of_views(shared_data: Path) -> None:
    samples = shared_data / "source_samples"
    rows = rows_of(read_views(samples / "views_api_cm_dza_sample.json", RUN, DAY))
    assert {row["unit_id"] for row in rows} == {"DZA"}
    assert len(rows) == 72
    first = next(row for row in rows if row["quantity"] == "deaths_mean")
    assert (first["value"], first["target_from"]) == (0.3432, to_epoch_day(date(2025, 7, 1)))
    assert first["target_to"] == to_epoch_day(date(2025, 7, 31))
    cells = read_views(samples / "views_api_pgm_sample.json", RUN, DAY)
    assert {row["quantity"] for row in rows_of(cells)} == {"deaths_mean"}
    assert "62356" in {row["unit_id"] for row in rows_of(cells)}
    # Cell 62356 lies at 47.75 degrees south: outside of the Sahel.
    with pytest.raises(BadInput, match="nothing of what was asked for"):
        read_views(
            samples / "views_api_pgm_sample.json", Query(version="a", box=(-12, 9, 16, 25)), DAY
        )


@pytest.fixture
def views(tmp_path: Path) -> Callable[..., ForecastBatch]:
    def read(*rows: dict[str, Any], **query: Any) -> ForecastBatch:
        base = {"isoab": "MLI", "month_id": 547, "main_mean": 1.0, "main_dich": 0.2}
        path = tmp_path / "views.json"
        path.write_text(json.dumps({"data": [{**base, **row} for row in rows]}))
        return read_views(path, Query(**{"version": "run_1", **query}), DAY)

    return read


def test_a_row_that_comes_twice_counts_once(views: Callable[..., ForecastBatch]) -> None:
    assert len(rows_of(views({}, {}, {"isoab": "NER"}))) == 4
    assert len(rows_of(views({}, {"isoab": "NER"}, countries=("NER",)))) == 2
    with pytest.raises(BadInput, match="says two things of MLI"):
        views({}, {"main_mean": 2.0})


def test_a_unit_that_lacks_a_month(views: Callable[..., ForecastBatch]) -> None:
    with pytest.raises(BadInput, match="has no deaths_mean of NER in month 548"):
        views({}, {"month_id": 548}, {"isoab": "NER"})


@pytest.mark.parametrize(
    ("row", "query", "found"),
    [
        ({"main_dich": 1.5}, {}, "probability_25_deaths 1.5"),
        ({"main_mean": -1}, {}, "deaths_mean -1"),
        ({"isoab": "??"}, {}, "no country"),
        ({"month_id": 10**9}, {}, "month_id 1000000000"),
        ({"month_id": float("inf")}, {}, "cannot be used: cannot convert float infinity"),
        ({"pg_id": None}, {"box": (-12, 9, 16, 25)}, "cannot be used"),
        ({"pg_id": float("inf")}, {"box": (-12, 9, 16, 25)}, "cannot be used"),
        ({}, {"version": None}, "of which run"),
        ({}, {"version": "../x"}, "of which run"),
    ],
)
def test_what_is_no_run(
    views: Callable[..., ForecastBatch], row: dict[str, Any], query: dict[str, Any], found: str
) -> None:
    with pytest.raises(BadInput, match=found):
        views(row, **query)


def test_a_file_of_brackets_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text("[" * 100_000)
    with pytest.raises(BadInput, match="no JSON"):
        read_views(path, RUN, DAY)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, *rows: dict[str, Any]) -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return make


NEW = {"isocode": "MLI", "period": "202606", "ons_armedconf_03_all": "0.25", "stock_tokens": "1"}
OLD = {"isocode": "MLI", "year": "2023", "month": "6", "text_model": "7", "best_model": "25"}


def test_only_the_last_month_is_a_forecast(write: Callable[..., Path]) -> None:
    path = write(
        "conflictforecast_ons_armedconf_03.csv",
        {**NEW, "period": "202605", "ons_armedconf_03_all": "0.9"},
        NEW,
        {**NEW, "isocode": "NER", "ons_armedconf_03_all": ""},
    )
    batch = read_conflictforecast(path, Query(), DAY)
    (row,) = rows_of(batch)
    assert (batch.run, row["unit_id"], row["value"]) == ("2026-06", "MLI", 0.25)
    assert row["quantity"] == "probability_armed_conflict"
    assert row["target_from"] == to_epoch_day(date(2026, 7, 1))
    assert row["target_to"] == to_epoch_day(date(2026, 9, 30))


def test_percent_of_old_files_become_shares(write: Callable[..., Path]) -> None:
    path = write("conflictforecast_anyviolence_12.csv", OLD)
    (row,) = rows_of(read_conflictforecast(path, Query(), DAY))
    assert (row["value"], row["quantity"]) == (0.25, "probability_any_violence")
    assert row["target_to"] == to_epoch_day(date(2024, 6, 30))


@pytest.mark.parametrize(
    ("name", "row", "found"),
    [
        ("risk.csv", NEW, "no name of a file"),
        ("conflictforecast_ons_armedconf_03.csv", {"isocode": "MLI", "period": "1"}, "0 columns"),
        ("conflictforecast_ons_armedconf_03.csv", {**NEW, "period": "x"}, "no month"),
        ("conflictforecast_ons_armedconf_03.csv", {**NEW, "period": "inf"}, "no month"),
        ("conflictforecast_ons_armedconf_03.csv", {**NEW, "period": "1e30"}, "no month"),
        ("conflictforecast_ons_armedconf_03.csv", {**NEW, "ons_armedconf_03_all": "25"}, "range"),
        ("conflictforecast_armedconf_03.csv", {**OLD, "best_model": "250"}, "range"),
    ],
)
def test_files_that_are_none(
    write: Callable[..., Path], name: str, row: dict[str, Any], found: str
) -> None:
    with pytest.raises(BadInput, match=found):
        read_conflictforecast(write(name, row), Query(), DAY)
    with pytest.raises(MissingInput):
        read_conflictforecast(Path("/nowhere/conflictforecast_armedconf_03.csv"), Query(), DAY)


def test_a_run_is_known_from_its_day_on_and_never_changes(
    database: Database, views: Callable[..., ForecastBatch]
) -> None:
    def store(batch: ForecastBatch, day: int, sha256: str) -> int:
        moment = datetime(2026, 3, day, 12, tzinfo=UTC)
        with database.write() as connection:
            report = append_forecasts(
                connection,
                batch,
                source=VIEWS,
                known_at=moment,
                received_at=moment,
                file_name="views.json",
                sha256=sha256.zfill(64),
            )
        return report.n_added

    assert store(views({}), 2, "1") == 2
    assert store(views({}), 3, "1") == 2
    assert store(views({}, {"isoab": "NER"}), 4, "2") == 2
    with pytest.raises(Conflict, match="says otherwise"):
        store(views({"main_mean": 9.0}), 5, "3")
    assert store(views({"main_mean": 9.0}, version="run_2"), 6, "4") == 2
    # A part of the older run that comes late does not make it the newest.
    assert store(views({"isoab": "BFA"}), 7, "5") == 2
    with database.read() as connection:
        assert set(forecasts_as_known(connection, date(2026, 3, 7))["run"]) == {"run_2"}
        known = {day: forecasts_as_known(connection, date(2026, 3, day)) for day in (1, 2, 4, 5, 6)}
        older = forecasts_as_known(connection, date(2026, 3, 9), run="run_1")
        assert list_forecast_runs(connection, date(2026, 3, 5)) == [("views", "run_1")]
    assert [len(known[day]) for day in (1, 2, 4, 5, 6)] == [0, 2, 4, 4, 2]
    assert set(known[6]["run"]) == {"run_2"}
    assert len(older) == 6
    assert known[6]["value"].max() == 9
