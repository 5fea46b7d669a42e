"""Markers as arrays: coups, withdrawals, elections, blockades, ceasefires by region and period.

A country is watched from its first marker on: from then a blockade that nobody entered is none. A
country without markers, and every period before, is missing. An election lies ahead from the day on
which its day was known: an election called early, and entered as such, was no news before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.area_placement import find_regions_touched
from data.calendar import period_end, to_epoch_day
from data.regions import RegionSet

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

DAYS_PER_MONTH = 30.4375
LONGEST_MONTHS = 120
"""What is longer ago counts as this long ago."""

_SINCE = {
    "months_since_coup": "coup",
    "months_since_withdrawal": "mission_withdrawal",
    "months_since_election": "election",
}
_AHEAD = {"months_to_election": "election"}
_IN_FORCE = {"blockades": "blockade", "ceasefires": "ceasefire"}
MARKED: tuple[str, ...] = (*_SINCE, *_AHEAD, *_IN_FORCE)
"""Variables of the panel that markers supply."""


def mark_regions(
    markers: pd.DataFrame, region_set: RegionSet, periods: Int64
) -> dict[str, Float32]:
    """Returns months since and to what is marked, and how many blockades are in force.

    On the last day of each period. A marker of an area counts in the regions within it, or in the
    region that holds it; one of a whole country in all its regions.

    Args:
        markers: Columns `data.marker.KNOWN_MARKER_COLUMNS`, as known.
        region_set: The regions.
        periods: Consecutive ordinals, shape (n_periods,).

    Returns:
        By name in `MARKED`, shape (n_periods, n_regions), NaN where not known; names without any
        value are left out.
    """
    markers = markers[markers["country"].isin(region_set.countries)]
    ends = np.array([to_epoch_day(period_end(int(one), region_set.step)) for one in periods])
    shape = (len(periods), len(region_set.regions))
    newest = {name: np.full(shape, -np.inf) for name in _SINCE}
    coming = {name: np.full(shape, np.inf) for name in _AHEAD}
    n_in_force = {name: np.zeros(shape) for name in _IN_FORCE}
    watched_from = markers.groupby("country")["date_start"].min()
    is_watched = np.stack(
        [ends >= watched_from.get(region.country, np.inf) for region in region_set.regions], axis=1
    )
    starts = markers["date_start"].to_numpy(np.float64)
    stops = markers["date_end"].to_numpy(np.float64, na_value=np.inf)
    known = markers["date_known"].to_numpy(np.float64)
    named = (markers["kind"], markers["place"], markers["country"])
    for kind_of, place, country, start, end, since in zip(
        *named, starts, stops, known, strict=True
    ):
        regions = find_regions_touched(place, country, region_set)
        for name, kind in _SINCE.items():
            if kind_of == kind:
                begun = np.where(ends >= start, start, -np.inf)[:, None]
                newest[name][:, regions] = np.maximum(newest[name][:, regions], begun)
        for name, kind in _AHEAD.items():
            if kind_of == kind:
                next_one = np.where((ends >= since) & (ends < start), start, np.inf)[:, None]
                coming[name][:, regions] = np.minimum(coming[name][:, regions], next_one)
        for name, kind in _IN_FORCE.items():
            if kind_of == kind:
                n_in_force[name][:, regions] += ((ends >= start) & (ends <= end))[:, None]
    found: dict[str, Float32] = {}
    for name, day in (newest | coming).items():
        months = np.minimum(np.abs(ends[:, None] - day) / DAYS_PER_MONTH, LONGEST_MONTHS)
        found[name] = np.where(np.isfinite(day), months, np.nan).astype(np.float32)
    for name, count in n_in_force.items():
        found[name] = np.where(is_watched, count, np.nan).astype(np.float32)
    return {name: values for name, values in found.items() if not np.isnan(values).all()}
