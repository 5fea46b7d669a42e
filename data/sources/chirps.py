"""CHIRPS rainfall per administrative area and dekad, as WFP distributes it on HDX.

Funk et al. (2015), "The climate hazards infrared precipitation with stations", Scientific Data 2,
doi:10.1038/sdata.2015.66. In files `ISO3-rainfall-subnational`, `rfh` is the rain of ten days in
millimetres, `r3q` that of three months in percent of the long-term average.
"""

from __future__ import annotations

import calendar
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from data.calendar import from_epoch_day, to_epoch_day
from data.observation import ObservationBatch
from data.sources.contract import Access, Query, SourceInfo
from data.sources.hdx_files import fetch_hdx_file
from data.sources.observed import (
    collect_observations,
    country_of_pcode,
    read_table,
    to_day,
    to_value,
)

CHIRPS = SourceInfo(
    name="chirps",
    title="CHIRPS rainfall",
    licence="CC-BY-4.0",
    attribution="CHIRPS (Climate Hazards Center, UC Santa Barbara), areas by WFP, via HDX",
    url="https://data.humdata.org/dataset?q=rainfall-subnational",
    redistributable=True,
    is_simulated=False,
    kind="observations",
)

PARTS = ("full", "5ytd")
_INDICATORS = {"rainfall_mm": "rfh", "rainfall_3_months_percent": "r3q"}
_COLUMNS = ("date", "PCODE", "version", *_INDICATORS.values())
_HAPI_INDICATORS = {
    "dekad": ("rainfall_mm", "rainfall"),
    "3-month": ("rainfall_3_months_percent", "rainfall_anomaly_pct"),
}
_HAPI_COLUMNS = (
    "admin1_code",
    "admin2_code",
    "aggregation_period",
    "rainfall",
    "rainfall_anomaly_pct",
    "version",
    "reference_period_start",
)


def read_chirps(path: Path) -> ObservationBatch:
    """Returns rain per area and dekad: `rainfall_mm` and `rainfall_3_months_percent` (100: normal).

    Rows of version `forecast` are left out: they are no observations. The table `climate/rainfall`
    of HDX HAPI holds the same numbers in another layout and is read as well.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or too little of it can be used.
    """
    rows = read_table(path, CHIRPS.title, _COLUMNS, or_columns=_HAPI_COLUMNS)
    is_hapi = bool(rows) and "aggregation_period" in rows[0][1]
    return collect_observations(
        path.name, CHIRPS.title, rows, _read_hapi_row if is_hapi else _read_row
    )


def fetch_chirps(access: Access, query: Query) -> list[Path]:
    """Returns a file of rainfall per country, as it lies on HDX now.

    `Query.part` says if it is all since 1981 (`full`, the default) or the last five years
    (`5ytd`). A file of second-order areas is taken before one of first-order areas.

    Raises:
        SourceUnavailable: A country has none there, or it cannot be had whole.
    """
    span = query.part or PARTS[0]
    return [
        fetch_hdx_file(
            access,
            f"{country.lower()}-rainfall-subnational",
            [rf"{country}-rainfall-{areas}-{span}\.csv" for areas in ("subnat", "adm2", "adm1")],
        )
        for country in query.countries
    ]


def _read_row(row: dict[str, str]) -> list[dict[str, Any]]:
    if row["version"] == "forecast":
        return []
    start, place = to_day(row["date"]), row["PCODE"].strip()
    read: list[dict[str, Any]] = []
    for indicator, column in _INDICATORS.items():
        read += _observe(indicator, place, start, to_value(row[column]))
    return read


def _read_hapi_row(row: dict[str, str]) -> list[dict[str, Any]]:
    wanted = _HAPI_INDICATORS.get(row["aggregation_period"])
    if wanted is None or row["version"] == "forecast":
        return []
    indicator, column = wanted
    place = (row["admin2_code"] or row["admin1_code"]).strip()
    return _observe(indicator, place, to_day(row["reference_period_start"]), to_value(row[column]))


def _observe(indicator: str, place: str, start: int, value: float | None) -> list[dict[str, Any]]:
    if value is None:
        return []
    return [
        {
            "observation_key": f"{indicator}/{place}/{from_epoch_day(start)}",
            "indicator": indicator,
            "place": place,
            "country": country_of_pcode(place),
            "latitude": np.nan,
            "longitude": np.nan,
            "date_start": start,
            "date_end": _end_of_dekad(start),
            "value": value,
        }
    ]


def _end_of_dekad(start: int) -> int:
    """Returns the last day of ten days from the 1st, 11th or 21st; the third ends the month."""
    day = from_epoch_day(start)
    if day.day < 21:
        return start + 9
    return to_epoch_day(date(day.year, day.month, calendar.monthrange(day.year, day.month)[1]))
