"""Observations: files of three sources, kept as they became known."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from data.calendar import from_epoch_day, to_epoch_day
from data.database import Database
from data.errors import BadInput, Conflict, MissingInput, Refused
from data.observation import ObservationBatch, check_observations
from data.sources.chirps import CHIRPS, read_chirps
from data.sources.contract import require_redistributable
from data.sources.hapi import HAPI, read_hapi
from data.sources.idmc import read_idmc
from data.store import (
    DeliveryReport,
    append_observations,
    list_deliveries,
    list_quarantine,
    observations_as_known,
)

KNOWN_AT = date(2024, 3, 1)
RAIN = {
    "date": "2024-01-21",
    "adm_level": "1",
    "PCODE": "ML05",
    "rfh": "0.5",
    "rfh_avg": "1",
    "r3q": "85.7",
    "version": "final",
}
COUNTS = {
    "location_code": "MLI",
    "admin1_code": "ML05",
    "admin2_code": "",
    "event_type": "political_violence",
    "events": "12",
    "fatalities": "40",
    "reference_period_start": "2024-01-01",
    "reference_period_end": "2024-01-31",
}
FLIGHT: dict[str, Any] = {
    "id": 7,
    "iso3": "MLI",
    "latitude": 14.5,
    "longitude": -4.2,
    "displacement_type": "Conflict",
    "figure": 250,
    "displacement_start_date": "2024-01-03T11:00:00.000Z",
    "displacement_end_date": "2024-01-05T11:00:00.000Z",
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(base: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], **renamed: str) -> Path:
        path = tmp_path / "observed.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([renamed.get(name, name) for name in base])
            writer.writerows([{**base, **row}[name] for name in base] for row in rows)
        return path

    return make


def rows_of(batch: ObservationBatch) -> list[dict[str, Any]]:
    check_observations(batch)
    return batch.observations.to_dict("records")


def test_rain_of_a_dekad(write: Callable[..., Path]) -> None:
    batch = read_chirps(write(RAIN, [{}, {"date": "2024-01-11"}, {"date": "2024-02-21"}]))
    rows = rows_of(batch)
    assert {row["indicator"]: row["value"] for row in rows[:2]} == {
        "rainfall_mm": 0.5,
        "rainfall_3_months_percent": 85.7,
    }
    assert {row["country"] for row in rows} == {"MLI"}
    ends = [str(from_epoch_day(row["date_end"])) for row in rows[::2]]
    assert ends == ["2024-01-31", "2024-01-20", "2024-02-29"]


def test_a_forecast_is_no_observation_and_missing_is_missing(write: Callable[..., Path]) -> None:
    rows = [{"r3q": ""}, {"version": "forecast", "date": "2024-02-01"}]
    batch = read_chirps(write(RAIN, rows))
    assert [row["indicator"] for row in rows_of(batch)] == ["rainfall_mm"]
    assert (batch.n_rows, batch.refusals) == (2, ())


def test_counts_per_area(write: Callable[..., Path]) -> None:
    rows = [{}, {"admin2_code": "ML0501"}, {"admin1_code": "", "fatalities": ""}]
    found = rows_of(read_hapi(write(COUNTS, rows), KNOWN_AT))
    assert [(row["place"], row["indicator"], row["value"]) for row in found] == [
        ("ML05", "events_political_violence", 12),
        ("ML05", "fatalities_political_violence", 40),
        ("ML0501", "events_political_violence", 12),
        ("ML0501", "fatalities_political_violence", 40),
        ("", "events_political_violence", 12),
    ]
    with pytest.raises(Refused):
        require_redistributable(HAPI)


def test_displacement_by_conflict(tmp_path: Path, write: Callable[..., Path]) -> None:
    entries = [FLIGHT, {**FLIGHT, "id": 8, "displacement_type": "Disaster"}]
    path = tmp_path / "idu.json"
    path.write_text(json.dumps(entries))
    (row,) = rows_of(read_idmc(path))
    assert (row["observation_key"], row["value"], row["country"]) == ("7", 250, "MLI")
    assert (row["date_start"], row["date_end"]) == (
        to_epoch_day(date(2024, 1, 3)),
        to_epoch_day(date(2024, 1, 5)),
    )
    assert read_idmc(write(FLIGHT, entries)).observations.equals(read_idmc(path).observations)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"date": "soon"}, "impossible_date"),
        ({"rfh": "wet"}, "bad_number"),
        ({"rfh": "inf"}, "bad_number"),
        ({"PCODE": "??05"}, "unknown_country"),
        ({"date": "1999-01-01"}, "duplicate_id"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused(
    write: Callable[..., Path], bad: dict[str, str], reason: str
) -> None:
    good = [{"date": f"{year}-01-01"} for year in range(1999, 2019)]
    batch = read_chirps(write(RAIN, [*good, bad]))
    assert [(item.line, item.reason) for item in batch.refusals] == [(22, reason)]
    assert len(batch.observations) == 40


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"iso3": "Mali"}, "unknown_country"),
        ({"iso3": ""}, "unknown_country"),
        ({"id": ""}, "no_identifier"),
        ({"id": "7" * 161}, "too_long"),
    ],
)
def test_what_no_table_can_hold_is_refused(
    write: Callable[..., Path], bad: dict[str, str], reason: str
) -> None:
    batch = read_idmc(write(FLIGHT, [*({"id": n} for n in range(20)), bad]))
    assert [(item.line, item.reason) for item in batch.refusals] == [(22, reason)]
    assert set(batch.countries) == {"MLI"}


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ({"location_code": "??"}, partial(read_hapi, known_at=KNOWN_AT)),
        ({"admin1_code": "ML" + "0" * 63}, partial(read_hapi, known_at=KNOWN_AT)),
        ({"events": "-1"}, partial(read_hapi, known_at=KNOWN_AT)),
        ({"fatalities": "0.5"}, partial(read_hapi, known_at=KNOWN_AT)),
        ({"event_type": "dance"}, partial(read_hapi, known_at=KNOWN_AT)),
        ({"reference_period_end": "2023-01-31"}, partial(read_hapi, known_at=KNOWN_AT)),
    ],
)
def test_counts_that_are_none(write: Callable[..., Path], row: Any, read: Any) -> None:
    others = [{"admin1_code": f"ML{n:02d}"} for n in range(10, 30)]
    assert len(read(write(COUNTS, [*others, row])).refusals) == 1


def test_files_that_are_none(write: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no column PCODE"):
        read_chirps(write(RAIN, [{}], PCODE="pcode"))
    with pytest.raises(BadInput, match="1 of 2 rows"):
        read_chirps(write(RAIN, [{}, {"rfh": "x"}]))
    with pytest.raises(BadInput, match="no observation"):
        read_chirps(write(RAIN, [{"version": "forecast"}]))
    with pytest.raises(MissingInput):
        read_chirps(tmp_path / "none.csv")
    path = tmp_path / "a.json"
    for text in ("<html>", '{"detail": "no"}', "[1]"):
        path.write_text(text)
        with pytest.raises(BadInput):
            read_idmc(path)


def test_samples_of_the_sources(shared_data: Path) -> None:
    samples = shared_data / "source_samples"
    rain = rows_of(read_chirps(samples / "moz-rainfall-adm2-5ytd.csv"))
    assert {(row["country"], row["place"]) for row in rain} >= {("MOZ", "MZ01")}
    assert max(row["date_start"] for row in rain) < to_epoch_day(date(2025, 1, 1))
    by_name = {
        name: read_idmc(samples / name)
        for name in ("ind_idmc_idu_events.csv", "idmc_idu_sample.json")
    }
    for batch in by_name.values():
        assert (batch.n_rows, len(batch.observations), batch.countries) == (113, 6, ("IND",))
    first, second = (batch.observations for batch in by_name.values())
    assert first["value"].sum() == second["value"].sum() > 0


@pytest.fixture
def store(database: Database) -> Callable[..., DeliveryReport]:
    def run(batch: ObservationBatch, day: int, vintage: str) -> DeliveryReport:
        with database.write() as connection:
            return append_observations(
                connection,
                batch,
                source=CHIRPS,
                vintage=vintage,
                known_at=datetime(2024, 3, day, 12, tzinfo=UTC),
                received_at=datetime(2024, 3, day, 12, tzinfo=UTC),
                file_name="rain.csv",
                sha256=f"{len(vintage):064x}",
            )

    return run


def test_as_known(
    database: Database, write: Callable[..., Path], store: Callable[..., DeliveryReport]
) -> None:
    first = read_chirps(write(RAIN, [{}, {"date": "2024-01-11"}]))
    assert (store(first, 1, "a").n_added, store(first, 1, "a").already_stored) == (4, True)
    many = [{"date": f"{year}-01-01"} for year in range(1999, 2019)]
    second = read_chirps(write(RAIN, [{"rfh": "0.7"}, *many, {"date": "x"}]))
    report = store(second, 20, "bb")
    assert (report.n_added, report.n_changed, report.n_unchanged) == (40, 1, 1)
    with database.read() as connection:
        known = {
            day: observations_as_known(connection, "chirps", date(2024, 3, day))
            for day in (1, 19, 20)
        }
        assert observations_as_known(connection, "chirps", date(2024, 2, 29)).empty
        (refused,) = list_quarantine(connection, report.delivery_id)
        assert [item.n_rows for item in list_deliveries(connection, "chirps")] == [2, 22]
    assert refused.reason == "impossible_date"
    assert known[1].equals(known[19])
    assert known[1].equals(first.observations.sort_values("observation_key", ignore_index=True))
    assert len(known[20]) == 44

    def rain(day: int) -> float:
        table = known[day].set_index("observation_key")
        return float(table.loc["rainfall_mm/ML05/2024-01-21", "value"])

    assert (rain(19), rain(20)) == (0.5, 0.7)
    assert math.isnan(known[20]["latitude"].iloc[0])
    with pytest.raises(Conflict, match="2024-03-20"):
        store(first, 10, "ccc")
