"""IOM Displacement Tracking Matrix: displaced persons present in an area when a round counted them.

A stock: persons who are displaced at the time, whenever they fled. The difference of two rounds is
no flow, for rounds differ in what they reach. CSV as on HDX (`global-iom-dtm-from-api`), or as the
API v3 answers.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from data.calendar import from_epoch_day
from data.observation import ObservationBatch
from data.regions.iso_countries import to_alpha3
from data.sources.contract import Access, Query, SourceInfo, read_credential
from data.sources.observed import (
    Unusable,
    collect_observations,
    read_table,
    to_day,
    to_value,
)
from data.sources.saving import save_rows

DTM = SourceInfo(
    name="dtm",
    title="IOM Displacement Tracking Matrix",
    licence="CC-BY-4.0",
    attribution="International Organization for Migration (IOM), Displacement Tracking Matrix",
    url="https://dtm.iom.int",
    redistributable=True,
    is_simulated=False,
    kind="observations",
    credentials=("dtm_subscription_key",),
)
LEVELS = ("admin1", "admin2", "admin0")
"""Tables of the API; the first is fetched if none is named."""

_COLUMNS = ("operation", "admin0Pcode", "numPresentIdpInd", "reportingDate", "roundNumber")
_AREAS = ("admin2Pcode", "admin1Pcode")
_SITES = "SA"
_HINT = "Check TOCSIN_DTM_SUBSCRIPTION_KEY; IOM gives one at dtm.iom.int."


def fetch_dtm(access: Access, query: Query) -> list[Path]:
    """Returns a CSV file with the rounds of countries and days.

    Raises:
        SettingsError: There is no subscription key.
        SourceUnavailable: They cannot be had whole, or there is none.
    """
    key = read_credential(access.settings, DTM, "dtm_subscription_key")
    level = query.part or LEVELS[0]
    url = f"{access.settings.dtm_url}/v3/displacement/{level}"
    found: list[dict[str, Any]] = []
    for number, country in enumerate(query.countries, start=1):
        asked: dict[str, str | int] = {"Admin0Pcode": country}
        if query.since is not None:
            asked["FromReportingDate"] = str(query.since)
        if query.until is not None:
            asked["ToReportingDate"] = str(query.until)
        answer = access.fetcher.get_json(
            url, params=asked, headers={"Ocp-Apim-Subscription-Key": key}, hint=_HINT
        )
        rows = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise access.fetcher.fail(url, "its answer has no rows in 'result'", _HINT)
        if answer.get("isSuccess") is not True:
            raise access.fetcher.fail(url, f"it says {answer.get('errorMessages')}", _HINT)
        kept = [row for row in rows if to_alpha3(str(row.get("admin0Pcode", country))) == country]
        if not kept:
            raise access.fetcher.fail(
                url, f"it answers with no round of {country}", "Check the country and the days."
            )
        found += kept
        if access.on_progress is not None:
            access.on_progress(number, len(query.countries))
    target = access.folder / f"dtm-{level}-{'-'.join(query.countries)}.csv"
    save_rows(access.fetcher, url, found, target)
    return [target]


def read_dtm(path: Path, _query: Query, _known_at: date) -> ObservationBatch:
    """Returns `displaced_persons` per area and round.

    A round gives an area in several rows (by origin or reason): they are added up. An area that a
    round assessed as a whole and by sites counts as a whole.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It is no such file, or too little of it can be used.
    """
    rows = read_table(path, DTM.title, _COLUMNS)
    groups: dict[tuple[str, ...], list[tuple[int, dict[str, str]]]] = {}
    for line, row in rows:
        groups.setdefault(_identify(row), []).append((line, row))
    merged: list[tuple[int, dict[str, str]]] = []
    for group in groups.values():
        whole = [item for item in group if item[1].get("assessmentType") != _SITES] or group
        line, first = whole[0]
        if any(first == other for _, other in whole[1:]):
            merged += whole
            continue
        parts = [_count(row["numPresentIdpInd"]) for _, row in whole]
        if len(parts) > 1 and None not in parts:
            first = {**first, "numPresentIdpInd": str(sum(part or 0 for part in parts))}
            merged.append((line, first))
        else:
            merged += whole
    return collect_observations(path.name, DTM.title, merged, _read_row)


def _count(text: str) -> int | None:
    """Returns a number of persons, `50` or `50.0`; None if it is none."""
    try:
        number = float(text)
        return int(number) if number >= 0 and number == int(number) else None
    except (ValueError, OverflowError):
        return None


def _identify(row: dict[str, str]) -> tuple[str, ...]:
    names = ("operation", "roundNumber", "reportingDate", "admin0Pcode", *_AREAS)
    return tuple(row.get(name, "").strip() for name in names)


def _read_row(row: dict[str, str]) -> list[dict[str, Any]]:
    persons = to_value(row["numPresentIdpInd"])
    if persons is None:
        return []
    if persons < 0 or persons != int(persons):
        raise Unusable("bad_number", f"'{row['numPresentIdpInd']}' is no number of persons.")
    country = to_alpha3(row["admin0Pcode"])
    if country is None:
        raise Unusable("unknown_country", f"admin0Pcode '{row['admin0Pcode']}' is no country.")
    day = to_day(row["reportingDate"])
    place = next((code for name in _AREAS if (code := row.get(name, "").strip())), "")
    if not place and any(row.get(f"admin{level}Name", "").strip() for level in (1, 2)):
        raise Unusable("unknown_place", "The area has a name and no P-code.")
    operation, number = row["operation"].strip(), row["roundNumber"].strip()
    return [
        {
            "observation_key": (
                f"displaced_persons/{place or country}/{from_epoch_day(day)}/{number}/"
                f"{operation[:80]}"
            ),
            "indicator": "displaced_persons",
            "place": place,
            "country": country,
            "latitude": np.nan,
            "longitude": np.nan,
            "date_start": day,
            "date_end": day,
            "value": persons,
            "item": operation,
        }
    ]
