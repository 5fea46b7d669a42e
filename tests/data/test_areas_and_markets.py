"""Stocks of displaced people, prices, food crises; what the sentinels of observations say."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data.calendar import to_epoch_day
from data.errors import BadInput
from data.observation import ObservationBatch, check_observations
from data.quality.observed_months import examine_observations
from data.sources.chirps import read_chirps
from data.sources.contract import Query
from data.sources.dtm import read_dtm
from data.sources.hapi import read_hapi
from data.sources.ipc import read_ipc
from data.sources.wfp import read_wfp

DAY = date(2026, 3, 1)
ROUND = {
    "operation": "Mali",
    "admin0Pcode": "MLI",
    "admin1Pcode": "ML05",
    "admin1Name": "Mopti",
    "numPresentIdpInd": "100",
    "reportingDate": "2025-06-30T00:00:00",
    "roundNumber": "78",
    "idpOriginAdmin1Name": "Gao",
    "assessmentType": "BA",
}
PRICE = {
    "date": "2025-06-15",
    "market": "Mopti",
    "market_id": "12",
    "latitude": "14.5",
    "longitude": "-4.2",
    "commodity": "Millet",
    "unit": "KG",
    "priceflag": "actual",
    "pricetype": "Retail",
    "currency": "XOF",
    "price": "310",
}
PHASE = {
    "location_code": "MLI",
    "admin1_code": "ML05",
    "admin2_code": "",
    "ipc_phase": "3+",
    "ipc_type": "current",
    "population_in_phase": "5000",
    "population_fraction_in_phase": "0.2",
    "reference_period_start": "2025-06-01",
    "reference_period_end": "2025-08-31",
}
FEWS = {
    "country_code": "ML",
    "phase": "3+",
    "scenario_name": "Current Situation",
    "projection_start": "2025-06-01",
    "projection_end": "2025-06-30",
    "value": "900000.0",
    "fnid": "ML",
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(base: Mapping[str, str], *rows: Mapping[str, str], name: str = "a.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(base))
            writer.writeheader()
            writer.writerows({**base, **row} for row in rows)
        return path

    return make


def rows_of(batch: ObservationBatch) -> list[dict[str, Any]]:
    check_observations(batch)
    return batch.observations.to_dict("records")


def test_a_round_is_a_stock_added_up_over_origins(write: Callable[..., Path]) -> None:
    path = write(
        ROUND,
        {},
        {"idpOriginAdmin1Name": "Menaka", "numPresentIdpInd": "50"},
        {"assessmentType": "SA", "numPresentIdpInd": "20"},
        {"reportingDate": "2025-12-31", "roundNumber": "79", "numPresentIdpInd": "90"},
    )
    rows = rows_of(read_dtm(path, Query(), DAY))
    assert [row["value"] for row in rows] == [150, 90]
    assert rows[0]["date_start"] == rows[0]["date_end"] == to_epoch_day(date(2025, 6, 30))
    assert (rows[0]["place"], rows[0]["country"], rows[0]["item"]) == ("ML05", "MLI", "Mali")


@pytest.mark.parametrize(("one", "other"), [("100.0", "50.0"), ("100", " 50 "), ("1e2", "50")])
def test_parts_of_a_round_add_up_however_they_are_written(
    write: Callable[..., Path], one: str, other: str
) -> None:
    parts = [
        {"numPresentIdpInd": one},
        {"numPresentIdpInd": other, "idpOriginAdmin1Name": "Menaka"},
    ]
    batch = read_dtm(write(ROUND, *parts), Query(), DAY)
    assert [row["value"] for row in rows_of(batch)] == [150]
    assert batch.refusals == ()


@pytest.mark.parametrize("bad", ["²", "-5", "inf", "some"])
def test_a_part_of_a_round_that_is_no_number_is_refused(
    write: Callable[..., Path], bad: str
) -> None:
    others = [{"admin1Pcode": f"ML{n:02d}"} for n in range(10, 40)]
    part = {"numPresentIdpInd": bad, "idpOriginAdmin1Name": "Menaka"}
    batch = read_dtm(write(ROUND, *others, part, {}), Query(), DAY)
    assert [item.reason for item in batch.refusals] == ["bad_number"]


def test_an_area_without_a_code_is_no_country(write: Callable[..., Path]) -> None:
    others = [{"admin1Pcode": f"ML{n:02d}"} for n in range(10, 30)]
    batch = read_dtm(write(ROUND, *others, {"admin1Pcode": ""}), Query(), DAY)
    assert [item.reason for item in batch.refusals] == ["unknown_place"]


def test_prices_of_a_month_at_a_market(write: Callable[..., Path]) -> None:
    rows = [{}, {"priceflag": "actual,forecast", "date": "2025-07-15"}, {"latitude": ""}]
    path = write(PRICE, *rows, name="wfp_food_prices_mli.csv")
    (row,) = rows_of(read_wfp(path, Query(), DAY))
    assert (row["value"], row["item"]) == (310, "Millet|KG|Retail|XOF")
    assert (row["date_start"], row["date_end"]) == (
        to_epoch_day(date(2025, 6, 1)),
        to_epoch_day(date(2025, 6, 30)),
    )
    with pytest.raises(BadInput, match="which country"):
        read_wfp(write(PRICE, {}), Query(), DAY)
    assert rows_of(read_wfp(write(PRICE, {}), Query(("NER",)), DAY))[0]["country"] == "NER"


def test_food_crises_of_the_present_only(write: Callable[..., Path]) -> None:
    rows = [{}, {"ipc_type": "first projection"}, {"ipc_phase": "4"}]
    found = rows_of(read_ipc(write(PHASE, *rows), Query(), DAY))
    assert {row["indicator"]: row["value"] for row in found} == {
        "persons_in_phase_3_plus": 5000,
        "share_in_phase_3_plus": 0.2,
    }
    rows = [{}, {"scenario_name": "Most Likely"}, {"country_code": "NE", "fnid": "NE"}]
    (row,) = rows_of(read_ipc(write(FEWS, *rows), Query(("MLI",)), DAY))
    assert (row["country"], row["place"], row["value"]) == ("MLI", "", 900000)
    assert row["indicator"] == "persons_in_phase_3_plus"


def test_rain_of_the_humanitarian_api(shared_data: Path, tmp_path: Path) -> None:
    sample = shared_data / "source_samples" / "hdx_hapi_rainfall_global_1yr.csv"
    text = sample.read_text(encoding="utf-8-sig").replace(",forecast,", ",final,")
    path = tmp_path / "rain.csv"
    path.write_text(text, encoding="utf-8")
    rows = rows_of(read_chirps(path))
    rain = {row["place"]: row["value"] for row in rows if row["indicator"] == "rainfall_mm"}
    assert rain["MZ01"] == 79.3551
    with pytest.raises(BadInput, match="no observation"):
        read_chirps(sample)


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


@pytest.mark.parametrize(
    ("deaths", "codes"),
    [("30", []), ("0", ["zero_fill"]), ("40000", ["units"]), ("300", [])],
)
def test_a_month_against_those_before_it(
    write: Callable[..., Path], deaths: str, codes: list[str]
) -> None:
    areas = [{"admin1_code": f"ML0{n}"} for n in (1, 2, 5)]
    past = [
        {**area, "reference_period_start": f"2023-{m:02d}-01", "reference_period_end": end}
        for m in range(1, 13)
        for area in areas
        if (end := f"2023-{m:02d}-28")
    ]
    before = read_hapi(write(COUNTS, *past), DAY).observations
    batch = read_hapi(write(COUNTS, *[{**area, "fatalities": deaths} for area in areas]), DAY)
    assert [item.code for item in examine_observations(batch, before)] == codes
    # Without a past nothing is odd.
    assert examine_observations(batch, before.iloc[:0]) == ()
