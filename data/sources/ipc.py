"""Persons in a food crisis or worse: IPC and Cadre Harmonisé, by HDX HAPI or by FEWS NET.

Only what an analysis says of its present is an observation; its projections are left out. HAPI's
table names areas by P-code, FEWS NET's file of population sizes gives whole countries.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from data.calendar import from_epoch_day
from data.observation import ObservationBatch
from data.regions.iso_countries import to_alpha3
from data.sources.contract import Access, Query, SourceInfo
from data.sources.hapi_api import fetch_hapi_rows
from data.sources.observed import (
    Unusable,
    collect_observations,
    read_table,
    to_day,
    to_value,
)
from data.sources.saving import save_rows

IPC = SourceInfo(
    name="ipc",
    title="IPC and Cadre Harmonisé",
    licence="CC-BY-3.0-IGO",
    attribution="IPC Global Partners and Cadre Harmonisé, via HDX HAPI; or FEWS NET",
    url="https://www.ipcinfo.org",
    redistributable=True,
    is_simulated=False,
    kind="observations",
    credentials=("hapi_app_identifier",),
)

_HAPI_COLUMNS = (
    "location_code",
    "admin1_code",
    "admin2_code",
    "ipc_phase",
    "ipc_type",
    "population_in_phase",
    "population_fraction_in_phase",
    "reference_period_start",
    "reference_period_end",
)
_FEWS_COLUMNS = (
    "country_code",
    "fnid",
    "phase",
    "scenario_name",
    "projection_start",
    "projection_end",
    "value",
)
_FEWS_MARK = "scenario_name"


def fetch_ipc(access: Access, query: Query) -> list[Path]:
    """Returns a CSV file with the phases of countries, as HDX HAPI has them now.

    Raises:
        SettingsError: There is no app identifier.
        SourceUnavailable: They cannot be had whole, or there is none.
    """
    table = "food-security-nutrition-poverty/food-security"
    url, rows = fetch_hapi_rows(access, query, IPC, table, ipc_type="current", ipc_phase="3+")
    target = access.folder / f"ipc-{'-'.join(query.countries)}.csv"
    save_rows(access.fetcher, url, rows, target)
    return [target]


def read_ipc(path: Path, query: Query, _known_at: date) -> ObservationBatch:
    """Returns `persons_in_phase_3_plus`, and from HAPI `share_in_phase_3_plus`, per area and span.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or too little of it can be used.
    """
    rows = read_table(path, IPC.title, _HAPI_COLUMNS, or_columns=_FEWS_COLUMNS)
    is_fews = bool(rows) and _FEWS_MARK in rows[0][1]

    def read_row(row: dict[str, str]) -> list[dict[str, Any]]:
        found = _read_fews(row) if is_fews else _read_hapi(row)
        return [item for item in found if not query.countries or item["country"] in query.countries]

    return collect_observations(path.name, IPC.title, rows, read_row)


def _read_hapi(row: dict[str, str]) -> list[dict[str, Any]]:
    if row["ipc_type"].strip() != "current" or row["ipc_phase"].strip() != "3+":
        return []
    place = (row["admin2_code"] or row["admin1_code"]).strip()
    share = to_value(row["population_fraction_in_phase"])
    if share is not None and not 0 <= share <= 1:
        raise Unusable("bad_number", f"'{share}' is no share of the population.")
    span = to_day(row["reference_period_start"]), to_day(row["reference_period_end"])
    persons = to_value(row["population_in_phase"])
    country = row["location_code"].strip().upper()
    return [
        *_observe("persons_in_phase_3_plus", country, place, span, persons),
        *_observe("share_in_phase_3_plus", country, place, span, share),
    ]


def _read_fews(row: dict[str, str]) -> list[dict[str, Any]]:
    if row["scenario_name"].strip() != "Current Situation" or row["phase"].strip() != "3+":
        return []
    country = to_alpha3(row["country_code"])
    if country is None:
        raise Unusable("unknown_country", f"'{row['country_code']}' is no country.")
    # A row of a part of the country names it by FEWS NET's own code, which is no P-code.
    if row["fnid"].strip().upper() not in ("", row["country_code"].strip().upper()):
        return []
    span = to_day(row["projection_start"]), to_day(row["projection_end"])
    return _observe("persons_in_phase_3_plus", country, "", span, to_value(row["value"]))


def _observe(
    indicator: str, country: str, place: str, span: tuple[int, int], value: float | None
) -> list[dict[str, Any]]:
    if value is None:
        return []
    if value < 0:
        raise Unusable("bad_number", f"'{value}' is below zero.")
    start, end = span
    if start > end:
        raise Unusable("date_order", f"It ends on {from_epoch_day(end)}, before it begins.")
    return [
        {
            "observation_key": f"{indicator}/{place or country}/{from_epoch_day(start)}",
            "indicator": indicator,
            "place": place,
            "country": country,
            "latitude": np.nan,
            "longitude": np.nan,
            "date_start": start,
            "date_end": end,
            "value": value,
        }
    ]
