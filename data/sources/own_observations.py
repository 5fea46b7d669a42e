"""Observations from somebody's own table: people, poverty, travel time of regions.

Columns: `indicator` (one of `GIVEN`), `country` (ISO alpha-3), `place` (P-code or region
identifier; empty for the whole country), `date` (day from which the value holds), `value`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data.calendar import from_epoch_day
from data.observation import QUANTITIES, ObservationBatch
from data.regions.iso_countries import to_alpha3
from data.sources.contract import SourceInfo
from data.sources.observed import Unusable, read_observations, to_day, to_value

OWN_OBSERVATIONS = SourceInfo(
    name="own_observations",
    title="Own observations",
    licence="as given",
    attribution="the operator of this service",
    url="",
    redistributable=False,
    is_simulated=False,
    kind="observations",
)

GIVEN = tuple(name for name, one in QUANTITIES.items() if one.source == "own_observations")
"""Indicators that such a table may give."""

_COLUMNS = ("indicator", "country", "place", "date", "value")


def read_own_observations(path: Path) -> ObservationBatch:
    """Returns the observations of a table with columns indicator, country, place, date, value.

    Args:
        path: CSV file.

    Raises:
        MissingInput: The file is not there or cannot be read.
        BadInput: It has other columns, or too little of it can be used.
    """
    return read_observations(path, OWN_OBSERVATIONS.title, _COLUMNS, _read_row)


def _read_row(row: dict[str, str]) -> list[dict[str, Any]]:
    indicator, place = row["indicator"].strip(), row["place"].strip()
    country = to_alpha3(row["country"].strip().upper())
    if indicator not in GIVEN:
        raise Unusable("unknown_type", f"indicator '{indicator}' is none of {', '.join(GIVEN)}.")
    if country is None:
        raise Unusable("unknown_country", f"country '{row['country']}' is no ISO code.")
    day, value = to_day(row["date"]), to_value(row["value"])
    if value is None:
        return []
    if value < 0 or (indicator == "poverty_rate" and value > 1):
        raise Unusable("bad_number", f"{indicator} '{row['value']}' is out of range.")
    return [
        {
            "observation_key": f"{indicator}/{place or country}/{from_epoch_day(day)}",
            "indicator": indicator,
            "place": place,
            "country": country,
            "latitude": np.nan,
            "longitude": np.nan,
            "date_start": day,
            "date_end": day,
            "value": value,
        }
    ]
