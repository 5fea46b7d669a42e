"""Observations as arrays: what other sources say of the regions, by period, as known by its end.

Owns how each quantity becomes a variable of the panel: flows are added up over the days of a
window, of stocks and levels the newest value on a period's last day counts unless it is too old. A
row holds what counts as known on the last day of its period (`data.panel.observed_spells`), so that
training and scoring see alike. What no source says is absent or NaN, never zero.

Of flows that lie at points (movements of people) one thing is inferred: in a period in which the
source tells of a country at all, its regions without a figure had none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from data.area_placement import find_regions_of_areas
from data.calendar import (
    Step,
    months_to_periods,
    period_end,
    period_start,
    periods_of,
    to_epoch_day,
)
from data.observation import LAG_DAYS, QUANTITIES
from data.panel.observed_series import (
    Windows,
    add_up_windows,
    match_windows,
    newest_values,
    share_of_days,
    tells_every_day,
)
from data.panel.observed_spells import spells_of
from data.placement import place_events
from data.regions import RegionSet
from data.store import list_deliveries, observation_versions

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

_EVER = 1_000_000
_PUT_TOGETHER: dict[str, Callable[..., Float64]] = {
    "sum": np.nansum,
    "mean": np.nanmean,
    "median": np.nanmedian,
}


@dataclass(frozen=True)
class ObservedVariable:
    """How a quantity becomes a variable.

    Attributes:
        quantity: Name in `data.observation.QUANTITIES`.
        rule: `flow`: added up over the days of a window. `newest`: the last one that had ended by
            the period's last day. `in_force`: the last one that had begun by then.
        join: How the places of a region are put together.
        months: Window of a flow, which ends a reporting lag (`data.observation.LAG_DAYS`) before
            the period does; 0 for the period itself.
        figure_days: Days that one figure of a flow is about: in weeks, which it straddles, the
            window ends that much earlier.
        longest_days: How old a `newest` value may be, or how long one `in_force` may have ended,
            days.
        is_seasonal: True for percent above the mean of the same month in the years before.
        normal: Taken off every value.
    """

    quantity: str
    rule: Literal["flow", "newest", "in_force"]
    join: Literal["sum", "mean", "median"]
    months: int = 0
    figure_days: int = 0
    longest_days: int = 0
    is_seasonal: bool = False
    normal: float = 0


_FLOWS: tuple[tuple[str, str, Literal["sum", "mean"], tuple[int, ...], int], ...] = (
    ("persons_displaced", "displacements_by_conflict", "sum", (3, 12), 0),
    ("rainfall_mm", "rainfall_mm", "mean", (3,), 11),
    ("monthly_political_violence", "events_political_violence", "sum", (3, 12), 31),
    ("monthly_civilian_targeting", "events_civilian_targeting", "sum", (3, 12), 31),
    ("monthly_demonstrations", "events_demonstration", "sum", (3, 12), 31),
)

OBSERVED: dict[str, ObservedVariable] = {
    **{
        f"{name}_{months}m": ObservedVariable(quantity, "flow", join, months, figure_days)
        for name, quantity, join, windows, figure_days in _FLOWS
        for months in windows
    },
    "displaced_present": ObservedVariable("displaced_persons", "newest", "sum", longest_days=396),
    "food_price_anomaly": ObservedVariable(
        "food_price", "newest", "median", longest_days=123, is_seasonal=True
    ),
    "rainfall_anomaly": ObservedVariable(
        "rainfall_3_months_percent", "newest", "mean", longest_days=62, normal=100
    ),
    "people_in_food_crisis": ObservedVariable(
        "persons_in_phase_3_plus", "in_force", "sum", longest_days=123
    ),
    "food_crisis_share": ObservedVariable(
        "share_in_phase_3_plus", "in_force", "mean", longest_days=123
    ),
    "population": ObservedVariable("population", "newest", "sum", longest_days=_EVER),
    "poverty_rate": ObservedVariable("poverty_rate", "newest", "mean", longest_days=_EVER),
    "travel_hours_to_city": ObservedVariable(
        "travel_hours_to_city", "newest", "mean", longest_days=_EVER
    ),
}
"""Variable of the panel to how it is made."""


def observe_regions(
    connection: Connection, region_set: RegionSet, periods: Int64, as_of: date
) -> dict[str, Float32]:
    """Returns the variables that observations supply.

    Args:
        connection: Any connection.
        region_set: The regions.
        periods: Consecutive ordinals, shape (n_periods,), complete at the as-of.
        as_of: The knowledge limit.

    Returns:
        By name in `OBSERVED`, shape (n_periods, n_regions), NaN where not known; names without any
        value are left out.
    """
    wanted = {QUANTITIES[one.quantity].source for one in OBSERVED.values()}
    delivered = {one.source for one in list_deliveries(connection, as_of=as_of)}
    spells = {
        source: spells_of(observation_versions(connection, source, as_of))
        for source in sorted(wanted & delivered)
    }
    placed: dict[str, pd.DataFrame] = {}
    found: dict[str, Float32] = {}
    for variable, observed in OBSERVED.items():
        quantity = observed.quantity
        if QUANTITIES[quantity].source not in spells:
            continue
        if quantity not in placed:
            table = spells[QUANTITIES[quantity].source]
            placed[quantity] = place_spells(table[table["indicator"] == quantity], region_set)
        if len(placed[quantity]):
            values = arrange(placed[quantity], observed, region_set, periods)
            if not np.isnan(values).all():
                found[variable] = values
    return found


def place_spells(spells: pd.DataFrame, region_set: RegionSet) -> pd.DataFrame:
    """Returns the spells that lie in a region, with its position in a column `region`.

    Args:
        spells: Columns of `data.panel.observed_spells.spells_of`.
        region_set: The regions.
    """
    placed = spells.assign(region=_find_regions(spells, region_set))
    return placed[placed["region"] >= 0]


def arrange(
    spells: pd.DataFrame, observed: ObservedVariable, region_set: RegionSet, periods: Int64
) -> Float32:
    """Returns one variable of observations, shape (n_periods, n_regions), NaN where not known.

    Where a source speaks of an area and of its parts, the area's own figure counts.

    Args:
        spells: What `place_spells` returned, of one quantity.
        observed: How they become a variable.
        region_set: The regions.
        periods: Consecutive ordinals, shape (n_periods,).
    """
    table = spells.assign(value=spells["value"] - observed.normal)
    result = np.full((len(region_set.regions), len(periods)), np.nan)
    if observed.rule == "flow" and table["latitude"].notna().all() and len(table):
        result = _add_up_points(table, observed, region_set, periods)
    else:
        # From large areas to small: what stands for the whole region counts before its parts.
        for _, level in table.groupby(table["place"].str.len()):
            joined = _join_series(level, observed, region_set, periods)
            result = np.where(np.isnan(result), joined, result)
    return np.ascontiguousarray(result.T, np.float32)


def _find_regions(spells: pd.DataFrame, region_set: RegionSet) -> Int64:
    """Returns the region of each observation: by its point, else by its code; -1 for none."""
    where = ["place", "country", "latitude", "longitude"]
    number = spells.groupby(where, dropna=False, sort=False).ngroup().to_numpy(np.int64)
    places = spells[where].drop_duplicates(ignore_index=True)
    region = find_regions_of_areas(places["place"].tolist(), places["country"].tolist(), region_set)
    is_point = places["latitude"].notna().to_numpy()
    if is_point.any():
        points = places.loc[is_point, ["country", "latitude", "longitude"]]
        region[is_point] = place_events(
            points.assign(where_precision=1, admin1=""), region_set
        ).region
    return region[number]


def _windows_of(observed: ObservedVariable, periods: Int64, step: Step) -> tuple[Windows, int]:
    """Returns the window of each period in days, and its length in periods."""
    n_periods, late = 1, 0
    if observed.months:
        n_periods = months_to_periods(observed.months, step)
        late = 1 if step == "month" else math.ceil((LAG_DAYS + observed.figure_days) / 7)
    last = periods - late
    ends, windows_end = (
        np.array([to_epoch_day(period_end(int(one), step)) for one in ordinals])
        for ordinals in (periods, last)
    )
    begin = np.array([to_epoch_day(period_start(int(one), step)) for one in last - n_periods + 1])
    return Windows(ends, begin, windows_end), n_periods


def _join_series(
    table: pd.DataFrame, observed: ObservedVariable, region_set: RegionSet, periods: Int64
) -> Float64:
    """Returns the series of regions put together, shape (n_regions, n_periods).

    A sum of flows lacks nothing: it is NaN where a series pauses that goes on later, and where no
    series tells of a day. A stock leaves out places whose last figure is too old.
    """
    keys = ["region", "place", "latitude", "longitude", "item", "is_history"]
    series = np.asarray(table.groupby(keys, dropna=False).ngroup(), np.int64)
    n_series, n_regions = int(series.max()) + 1, len(region_set.regions)
    region_of = np.empty(n_series, np.int64)
    region_of[series] = table["region"]
    windows, _ = _windows_of(observed, periods, region_set.step)
    if observed.rule == "flow":
        totals = add_up_windows(table, series, n_series, windows)
        if observed.join == "sum":
            region = table["region"].to_numpy(np.int64)
            is_known = tells_every_day(table, region, n_regions, windows)
            np.logical_and.at(is_known, region_of, ~totals.has_gap)
            sums = np.zeros(is_known.shape)
            np.add.at(sums, region_of, totals.total)
            return np.where(is_known, sums, np.nan)
        members = np.where(totals.is_whole, totals.total, np.nan)
    else:
        members = newest_values(
            table,
            series,
            n_series,
            windows.ends,
            begins="date_end" if observed.rule == "newest" else "date_start",
            longest_days=observed.longest_days,
            is_seasonal=observed.is_seasonal,
        )
    result = np.full((n_regions, len(periods)), np.nan)
    for region in np.unique(region_of).tolist():
        own = members[region_of == region]
        is_known = ~np.isnan(own).all(axis=0)
        result[region, is_known] = _PUT_TOGETHER[observed.join](own[:, is_known], axis=0)
    return result


def _add_up_points(
    table: pd.DataFrame, observed: ObservedVariable, region_set: RegionSet, periods: Int64
) -> Float64:
    """Returns sums of what happened at points, shape (n_regions, n_periods).

    0 where there is none, if the source tells of the country in every period of the window.
    """
    windows, n_periods = _windows_of(observed, periods, region_set.step)
    spell, row, days = match_windows(table, windows)
    region = table["region"].to_numpy(np.int64)[spell]
    shape = (len(region_set.regions), len(periods))
    weight = share_of_days(table, spell, days)
    cell = region * shape[1] + row
    sums = np.bincount(cell, weights=weight, minlength=shape[0] * shape[1]).reshape(shape)
    country_of, countries = pd.factorize(
        np.array([one.country for one in region_set.regions], dtype=object)
    )
    tells = np.zeros((len(countries), len(periods), n_periods), np.bool_)
    starts, ends = (table[name].to_numpy(np.int64)[spell] for name in ("date_start", "date_end"))
    before = periods_of(windows.first, region_set.step)[row]
    first = periods_of(np.maximum(starts, windows.first[row]), region_set.step) - before
    last = periods_of(np.minimum(ends, windows.last[row]), region_set.step) - before
    for later in range(int((last - first).max(initial=-1)) + 1):
        reaches = first + later <= last
        tells[country_of[region[reaches]], row[reaches], first[reaches] + later] = True
    is_told = np.all(tells, axis=2)
    return np.where(is_told[country_of], sums, np.nan)
