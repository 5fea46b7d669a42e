"""HDX HAPI conflict events: monthly counts per administrative area, derived from ACLED by HDX.

For a desk without access to events. The kinds overlap (an attack on civilians is political violence
as well), so they are never added up.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from data.calendar import from_epoch_day, to_epoch_day
from data.observation import ObservationBatch
from data.sources.contract import Access, Query, SourceInfo
from data.sources.hapi_api import fetch_hapi_rows
from data.sources.observed import Unusable, read_observations, to_day, to_value
from data.sources.saving import save_rows

HAPI = SourceInfo(
    name="hapi",
    title="HDX HAPI conflict events",
    licence="ACLED terms of use, by way of HDX",
    attribution="ACLED, aggregated by the HDX Humanitarian API (OCHA)",
    url="https://hapi.humdata.org",
    redistributable=False,
    is_simulated=False,
    kind="observations",
    credentials=("hapi_app_identifier",),
)

KINDS = ("political_violence", "civilian_targeting", "demonstration")
_COLUMNS = (
    "location_code",
    "admin1_code",
    "admin2_code",
    "event_type",
    "events",
    "fatalities",
    "reference_period_start",
    "reference_period_end",
)


def read_hapi(path: Path, known_at: date) -> ObservationBatch:
    """Returns `events_KIND` and `fatalities_KIND` per area and month, for the three kinds.

    The place is the second-order area where there is one, else the first-order area, else empty:
    the whole country. A month that was not over when the file became known is left out: its counts
    are those of a part of it, and would stand for the whole once it is.

    Args:
        path: CSV as the API gives it (`output_format=csv`).
        known_at: Day on which it became known.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or too little of it can be used.
    """
    return read_observations(path, HAPI.title, _COLUMNS, partial(_read_row, to_epoch_day(known_at)))


def fetch_hapi(access: Access, query: Query) -> list[Path]:
    """Returns a CSV file with the counts of countries and days, as the API has them now.

    Raises:
        SettingsError: There is no app identifier.
        SourceUnavailable: They cannot be had whole, or there is none.
    """
    table = "coordination-context/conflict-events"
    url, rows = fetch_hapi_rows(access, query, HAPI, table)
    target = access.folder / f"hapi-conflict-events-{'-'.join(query.countries)}.csv"
    save_rows(access.fetcher, url, rows, target)
    return [target]


def _read_row(known_day: int, row: dict[str, str]) -> list[dict[str, Any]]:
    kind = row["event_type"]
    if kind not in KINDS:
        raise Unusable("unknown_type", f"event_type '{kind}' is none of {', '.join(KINDS)}.")
    start, end = to_day(row["reference_period_start"]), to_day(row["reference_period_end"])
    if start > end:
        raise Unusable("date_order", f"It ends on {end} before it begins on {start}.")
    if end >= known_day:
        return []
    place = (row["admin2_code"] or row["admin1_code"]).strip()
    country = row["location_code"].strip().upper()
    read: list[dict[str, Any]] = []
    for quantity in ("events", "fatalities"):
        value = to_value(row[quantity])
        if value is None:
            continue
        if value < 0 or value != int(value):
            raise Unusable("bad_number", f"{quantity} '{row[quantity]}' is no count.")
        indicator = f"{quantity}_{kind}"
        read.append(
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
        )
    return read
