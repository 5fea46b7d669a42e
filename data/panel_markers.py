"""Markers as arrays: coups, withdrawals, blockades and ceasefires by region and period.

A country is watched from its first marker on: from then a blockade that nobody entered is none. A
country without markers, and every period before, is missing.
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

_SINCE = {"months_since_coup": "coup", "months_since_withdrawal": "mission_withdrawal"}
_IN_FORCE = {"blockades": "blockade", "ceasefires": "ceasefire"}
MARKED: tuple[str, ...] = (*_SINCE, *_IN_FORCE)
"""Variables of the panel that markers supply."""


def mark_regions(
    markers: pd.DataFrame, region_set: RegionSet, periods: Int64
) -> dict[str, Float32]:
    """Returns months since the last coup or withdrawal, and how many blockades are in force.

    On the last day of each period. A marker of an area counts in the regions within it, or in the
    region that holds it; one of a whole country in all its regions.

    Args:
        markers: Columns `data.marker.MARKER_COLUMNS`, as known.
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
    n_in_force = {name: np.zeros(shape) for name in _IN_FORCE}
    watched_from = markers.groupby("country")["date_start"].min()
    is_watched = np.stack(
        [ends >= watched_from.get(region.country, np.inf) for region in region_set.regions], axis=1
    )
    starts = markers["date_start"].to_numpy(np.float64)
    stops = markers["date_end"].to_numpy(np.float64, na_value=np.inf)
    told = zip(markers["kind"], markers["place"], markers["country"], starts, stops, strict=True)
    for kind_of, place, country, start, end in told:
        regions = find_regions_touched(place, country, region_set)
        for name, kind in _SINCE.items():
            if kind_of == kind:
                begun = np.where(ends >= start, start, -np.inf)[:, None]
                newest[name][:, regions] = np.maximum(newest[name][:, regions], begun)
        for name, kind in _IN_FORCE.items():
            if kind_of == kind:
                n_in_force[name][:, regions] += ((ends >= start) & (ends <= end))[:, None]
    found: dict[str, Float32] = {}
    for name, last in newest.items():
        months = np.minimum((ends[:, None] - last) / DAYS_PER_MONTH, LONGEST_MONTHS)
        found[name] = np.where(np.isfinite(last), months, np.nan).astype(np.float32)
    for name, count in n_in_force.items():
        found[name] = np.where(is_watched, count, np.nan).astype(np.float32)
    return {name: values for name, values in found.items() if not np.isnan(values).all()}
