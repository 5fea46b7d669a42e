"""What others forecast for the same units and windows, beside what was published here.

Only sets whose regions are the units of others have company: countries and PRIO-GRID cells. Others
mean other events by their numbers, so that they are compared as rankings: average precision for
the outcome that was published here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection

from data.calendar import Step, period_end, period_start, to_epoch_day
from data.forecast import FORECAST_QUANTITIES
from data.regions import RegionSet
from data.store import forecasts_as_known
from models.metrics import average_precision
from models.verification import VerifiedForecast

_UNITS = {"country": "country", "priogrid": "grid"}

Key = tuple[str, str]
"""Source and quantity."""


def compare_with_others(
    connection: Connection, regions: RegionSet, verified: Sequence[VerifiedForecast]
) -> list[dict[str, Any]]:
    """Returns how others ranked the same cases, ready for JSON; empty where nobody did.

    What counts is what others had published by the as-of of each forecast, for exactly its window.

    Args:
        connection: An open transaction.
        regions: The region set.
        verified: Forecasts of one outcome and horizon, with what came.

    Returns:
        Per source and quantity: `source`, `quantity`, `meaning`, `n_forecasts`, `n_positives`,
        `average_precision` and `own_average_precision` on the same cases, None without a case.
    """
    found = _match(connection, regions, verified)
    observed = np.array([one.observed for one in verified])
    served = np.array([one.forecast.risk_score for one in verified])
    rows = []
    for (source, quantity), values in sorted(found.items()):
        known = np.isfinite(values)
        rows.append(
            {
                "source": source,
                "quantity": quantity,
                "meaning": FORECAST_QUANTITIES[quantity],
                "n_forecasts": int(known.sum()),
                "n_positives": int(observed[known].sum()),
                "average_precision": _precision(values[known], observed[known]),
                "own_average_precision": _precision(served[known], observed[known]),
            }
        )
    return rows


def _match(
    connection: Connection, regions: RegionSet, verified: Sequence[VerifiedForecast]
) -> dict[Key, Any]:
    """Returns per source and quantity the value of each case, NaN where there is none."""
    kind = _UNITS.get(regions.kind)
    found: dict[Key, Any] = {}
    if kind is None:
        return found
    unit_of = {
        region.region_id: region.country if kind == "country" else region.region_id
        for region in regions.regions
    }
    for as_of in sorted({one.forecast.as_of for one in verified}):
        known = _read(connection, as_of, kind)
        for at, one in enumerate(verified):
            if one.forecast.as_of != as_of:
                continue
            window = _window(one, regions.step)
            for key, value in known.get((unit_of.get(one.forecast.region_id), *window), {}).items():
                found.setdefault(key, np.full(len(verified), np.nan))[at] = value
    return found


def _read(
    connection: Connection, as_of: date, kind: str
) -> dict[tuple[str | None, int, int], dict[Key, float]]:
    """Returns the newest run of each source as known on a day, by unit and window."""
    table = forecasts_as_known(connection, as_of)
    found: dict[tuple[str | None, int, int], dict[Key, float]] = {}
    table = table[table["unit_kind"] == kind]
    columns = ("unit_id", "target_from", "target_to", "source", "quantity", "value")
    for unit, first, last, source, quantity, value in zip(
        *(table[name].tolist() for name in columns), strict=True
    ):
        found.setdefault((unit, first, last), {})[(source, quantity)] = value
    return found


def _window(one: VerifiedForecast, step: Step) -> tuple[int, int]:
    origin, horizon = one.forecast.origin, one.forecast.horizon
    first, last = period_start(origin + 1, step), period_end(origin + horizon, step)
    return to_epoch_day(first), to_epoch_day(last)


def _precision(probability: Any, observed: Any) -> float | None:
    if not len(observed):
        return None
    value = float(average_precision(probability, observed))
    return value if np.isfinite(value) else None
