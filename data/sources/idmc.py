"""IDMC Internal Displacement Updates: new displacements by conflict, as reported, provisional.

CSV as on HDX, or JSON as the API answers. A figure counts movements, not persons who are displaced
at the time. Disasters are left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data.errors import BadInput, MissingInput
from data.observation import ObservationBatch
from data.sources.contract import Access, Query, SourceInfo, read_credential
from data.sources.observed import (
    Unusable,
    collect_observations,
    read_observations,
    to_day,
    to_value,
)
from data.sources.saving import save_json

IDMC = SourceInfo(
    name="idmc",
    title="IDMC Internal Displacement Updates",
    licence="CC-BY-3.0-IGO",
    attribution="Internal Displacement Monitoring Centre (IDMC), Internal Displacement Updates",
    url="https://www.internal-displacement.org",
    redistributable=True,
    is_simulated=False,
    kind="observations",
    credentials=("idmc_client_id",),
)

_RECENT_DAYS = 180
_HINT = "Check TOCSIN_IDMC_CLIENT_ID; IDMC gives one on request."

_COLUMNS = (
    "id",
    "iso3",
    "latitude",
    "longitude",
    "displacement_type",
    "figure",
    "displacement_start_date",
    "displacement_end_date",
)


def read_idmc(path: Path) -> ObservationBatch:
    """Returns `displacements_by_conflict`, persons who fled at a place in a span of days.

    Args:
        path: CSV file, or JSON if its name ends so.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or too little of it can be used.
    """
    if path.suffix != ".json":
        return read_observations(path, IDMC.title, _COLUMNS, _read_row)
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise MissingInput(f"{path} cannot be read: {problem.strerror}.") from None
    except (ValueError, RecursionError):
        raise BadInput(f"{path.name} is no JSON.", "Fetch it again.") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadInput(f"{path.name} is no list of displacements.", "Fetch it again.")
    rows = [
        (number, {key: "" if value is None else str(value) for key, value in entry.items()})
        for number, entry in enumerate(entries, start=1)
    ]
    return collect_observations(path.name, IDMC.title, rows, _read_row)


def fetch_idmc(access: Access, query: Query) -> list[Path]:
    """Returns a JSON file with the displacements of countries, as the API has them now.

    Without `since` the API's newest 180 days, else all that it has.

    Raises:
        SettingsError: There is no client id.
        SourceUnavailable: They cannot be had whole, or there is none.
    """
    client = read_credential(access.settings, IDMC, "idmc_client_id")
    span = f"last-{_RECENT_DAYS}-days" if query.since is None else "all"
    url = f"{access.settings.idmc_url}/external-api/idus/{span}/"
    entries = access.fetcher.get_json(url, params={"client_id": client}, hint=_HINT)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise access.fetcher.fail(url, "its answer is no list of displacements", _HINT)
    for column in _COLUMNS:
        if entries and column not in entries[0]:
            raise access.fetcher.fail(url, f"its displacements have no '{column}'")
    first, last = str(query.since or ""), str(query.until or "9999")
    kept = [
        entry
        for entry in entries
        if (not query.countries or entry.get("iso3") in query.countries)
        and first <= str(entry.get("displacement_end_date"))[:10]
        and str(entry.get("displacement_start_date"))[:10] <= last
    ]
    if not kept:
        raise access.fetcher.fail(
            url, f"none of its {len(entries)} displacements is of what was asked for", _HINT
        )
    target = access.folder / f"idmc-{span}.json"
    save_json(kept, target)
    return [target]


def _read_row(row: dict[str, str]) -> list[dict[str, Any]]:
    if row["displacement_type"] != "Conflict":
        return []
    figure = to_value(row["figure"])
    if figure is None:
        return []
    start, end = to_day(row["displacement_start_date"]), to_day(row["displacement_end_date"])
    latitude, longitude = to_value(row["latitude"]), to_value(row["longitude"])
    if figure < 0 or figure != int(figure):
        raise Unusable("bad_number", f"figure '{row['figure']}' is no number of persons.")
    if start > end:
        raise Unusable("date_order", f"It ends on {end} before it begins on {start}.")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        raise Unusable("impossible_latitude", f"'{latitude}', '{longitude}' is no place.")
    return [
        {
            "observation_key": row["id"],
            "indicator": "displacements_by_conflict",
            "place": "",
            "country": row["iso3"].strip().upper(),
            "latitude": latitude,
            "longitude": longitude,
            "date_start": start,
            "date_end": end,
            "value": figure,
        }
    ]
