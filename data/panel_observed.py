"""Observations as arrays: what other sources say of the regions, by period, as known on a day.

Owns how each quantity becomes a variable of the panel: flows are added up over the days of a
period, of stocks and levels the newest value on its last day counts unless it is too old. What no
source says is absent or NaN, never zero.

Of flows that lie at points (movements of people) one thing is inferred: in a period in which the
source tells of a country at all, its regions without a figure had none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from data.area_placement import find_regions_of_areas
from data.calendar import Step, period_end, to_epoch_day
from data.observation import QUANTITIES
from data.period_shares import share_over_periods
from data.placement import place_events
from data.regions import RegionSet
from data.store import observations_as_known

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

_EVER = 1_000_000
_PUT_TOGETHER: dict[str, Callable[..., Float64]] = {
    "sum": np.nansum,
    "mean": np.nanmean,
    "median": np.nanmedian,
}
NORM_YEARS, LEAST_NORM_YEARS = 5, 3
"""A price is held against the mean of the same month in the years before: so many, at least."""


@dataclass(frozen=True)
class ObservedVariable:
    """How a quantity becomes a variable.

    Attributes:
        quantity: Name in `data.observation.QUANTITIES`.
        rule: `flow`: added up over the days of a period. `newest`: the last one that had ended by
            the period's last day. `in_force`: the last one that had begun by then.
        join: How the places of a region are put together.
        longest_days: How old a `newest` value may be, or how long one `in_force` may have ended,
            days.
        is_seasonal: True for percent above the mean of the same month in the years before.
        normal: Taken off every value.
    """

    quantity: str
    rule: Literal["flow", "newest", "in_force"]
    join: Literal["sum", "mean", "median"]
    longest_days: int = 0
    is_seasonal: bool = False
    normal: float = 0


OBSERVED: dict[str, ObservedVariable] = {
    "persons_displaced": ObservedVariable("displacements_by_conflict", "flow", "sum"),
    "displaced_present": ObservedVariable("displaced_persons", "newest", "sum", 366),
    "food_price_anomaly": ObservedVariable("food_price", "newest", "median", 92, is_seasonal=True),
    "rainfall_mm": ObservedVariable("rainfall_mm", "flow", "mean"),
    "rainfall_anomaly": ObservedVariable(
        "rainfall_3_months_percent", "newest", "mean", 31, normal=100
    ),
    "people_in_food_crisis": ObservedVariable("persons_in_phase_3_plus", "in_force", "sum", 92),
    "food_crisis_share": ObservedVariable("share_in_phase_3_plus", "in_force", "mean", 92),
    "monthly_political_violence": ObservedVariable("events_political_violence", "flow", "sum"),
    "monthly_civilian_targeting": ObservedVariable("events_civilian_targeting", "flow", "sum"),
    "monthly_demonstrations": ObservedVariable("events_demonstration", "flow", "sum"),
    "population": ObservedVariable("population", "newest", "sum", _EVER),
    "poverty_rate": ObservedVariable("poverty_rate", "newest", "mean", _EVER),
    "travel_hours_to_city": ObservedVariable("travel_hours_to_city", "newest", "mean", _EVER),
}
"""Variable of the panel to how it is made."""


def observe_regions(
    connection: Connection, region_set: RegionSet, periods: Int64, as_of: date
) -> dict[str, Float32]:
    """Returns the variables that observations known at the end of a day supply.

    Args:
        connection: Any connection.
        region_set: The regions.
        periods: Consecutive ordinals, shape (n_periods,).
        as_of: The knowledge limit.

    Returns:
        By name in `OBSERVED`, shape (n_periods, n_regions), NaN where not known; names without any
        value are left out.
    """
    tables = {
        source: observations_as_known(connection, source, as_of)
        for source in sorted({QUANTITIES[one.quantity].source for one in OBSERVED.values()})
    }
    found: dict[str, Float32] = {}
    for variable, observed in OBSERVED.items():
        table = tables[QUANTITIES[observed.quantity].source]
        rows = table[table["indicator"] == observed.quantity]
        if len(rows):
            values = arrange(rows, observed, region_set, periods)
            if not np.isnan(values).all():
                found[variable] = values
    return found


def arrange(
    observations: pd.DataFrame, observed: ObservedVariable, region_set: RegionSet, periods: Int64
) -> Float32:
    """Returns one variable of observations, shape (n_periods, n_regions), NaN where not known.

    Where a source speaks of an area and of its parts, the area's own figure counts.

    Args:
        observations: Columns `data.observation.OBSERVATION_COLUMNS`, of one quantity.
        observed: How they become a variable.
        region_set: The regions.
        periods: Consecutive ordinals, shape (n_periods,).
    """
    table = observations.assign(region=_place(observations, region_set))
    table = table[table["region"] >= 0]
    if observed.is_seasonal:
        table = _against_season(table)
    table = table.assign(value=table["value"] - observed.normal)
    result = np.full((len(periods), len(region_set.regions)), np.nan)
    if table.empty:
        return result.astype(np.float32)
    is_point = table["latitude"].notna()
    if observed.rule == "flow" and is_point.all():
        return _add_up_points(table, region_set, periods).astype(np.float32)
    ends = np.array([to_epoch_day(period_end(int(one), region_set.step)) for one in periods])
    # From large areas to small: what stands for the whole region counts before its parts.
    for _, level in table.groupby(table["place"].str.len()):
        series = list(_each_series(level))
        if observed.rule == "flow":
            rows = np.stack([_add_up(own, periods, region_set.step) for _, own in series])
        else:
            rows = np.stack([_newest(own, ends, observed) for _, own in series])
        joined = _join(rows, np.array([region for region, _ in series]), observed, result.shape)
        result = np.where(np.isnan(result), joined, result)
    return result.astype(np.float32)


def _place(observations: pd.DataFrame, region_set: RegionSet) -> Int64:
    """Returns the region of each observation: by its point, else by its code; -1 for none."""
    areas = observations[["place", "country"]].drop_duplicates()
    region_of = find_regions_of_areas(
        areas["place"].tolist(), areas["country"].tolist(), region_set
    )
    at = pd.MultiIndex.from_frame(areas).get_indexer(
        pd.MultiIndex.from_frame(observations[["place", "country"]])
    )
    region = region_of[at]
    is_point = observations["latitude"].notna().to_numpy()
    if is_point.any():
        points = observations.loc[is_point, ["country", "latitude", "longitude"]]
        region[is_point] = place_events(
            points.assign(where_precision=1, admin1=""), region_set
        ).region
    return region


def _each_series(table: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yields the region and the rows, oldest first, of what is comparable over time."""
    ordered = table.sort_values(["date_start", "date_end"], kind="stable")
    keys = ["region", "place", "latitude", "longitude", "item"]
    for _, own in ordered.groupby(keys, dropna=False, sort=True):
        yield int(own["region"].iloc[0]), own


def _add_up(own: pd.DataFrame, periods: Int64, step: Step) -> Float64:
    """Returns a series' sums by period, shape (n_periods,); NaN unless every day is covered."""
    shares = share_over_periods(
        own["date_start"].to_numpy(np.int64), own["date_end"].to_numpy(np.int64), step
    )
    shares = shares.of((shares.period >= periods[0]) & (shares.period <= periods[-1]))
    row, n = shares.period - periods[0], len(periods)
    sums = np.bincount(row, own["value"].to_numpy()[shares.item] * shares.share, minlength=n)
    bounds = [to_epoch_day(period_end(int(one), step)) for one in (periods[0] - 1, *periods)]
    is_covered = np.bincount(row, shares.n_days, minlength=n) >= np.diff(bounds)
    return np.where(is_covered, sums, np.nan)


def _newest(own: pd.DataFrame, ends: Int64, observed: ObservedVariable) -> Float64:
    """Returns a series' newest value on the last day of each period, shape (n_periods,)."""
    begun = own["date_end" if observed.rule == "newest" else "date_start"].to_numpy(np.int64)
    order = np.argsort(begun, kind="stable")
    last = np.searchsorted(begun[order], ends, side="right") - 1
    chosen = order[np.maximum(last, 0)]
    age = ends - own["date_end"].to_numpy(np.int64)[chosen]
    is_fresh = (last >= 0) & (age <= observed.longest_days)
    return np.where(is_fresh, own["value"].to_numpy()[chosen], np.nan)


def _join(
    rows: Float64, regions: Int64, observed: ObservedVariable, shape: tuple[int, int]
) -> Float64:
    """Returns series put together by region, shape (n_periods, n_regions).

    A sum of flows lacks nothing: it is NaN where a series pauses that goes on later. A stock leaves
    out places whose last figure is too old.
    """
    result = np.full(shape, np.nan)
    for region in np.unique(regions).tolist():
        members = rows[regions == region]
        known = ~np.isnan(members)
        is_known = known.any(axis=0)
        if observed.rule == "flow" and observed.join == "sum":
            has_begun = np.maximum.accumulate(known, axis=1)
            goes_on = np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
            is_known &= ~(has_begun & goes_on & ~known).any(axis=0)
        result[is_known, region] = _PUT_TOGETHER[observed.join](members[:, is_known], axis=0)
    return result


def _add_up_points(table: pd.DataFrame, region_set: RegionSet, periods: Int64) -> Float64:
    """Returns sums of what happened at points; 0 where the source tells of the country only."""
    shares = share_over_periods(
        table["date_start"].to_numpy(np.int64),
        table["date_end"].to_numpy(np.int64),
        region_set.step,
    )
    shares = shares.of((shares.period >= periods[0]) & (shares.period <= periods[-1]))
    shape = (len(periods), len(region_set.regions))
    row, region = shares.period - periods[0], table["region"].to_numpy(np.int64)[shares.item]
    weight = table["value"].to_numpy()[shares.item] * shares.share
    sums = np.bincount(row * shape[1] + region, weight, minlength=shape[0] * shape[1])
    country_of = pd.factorize(np.array([one.country for one in region_set.regions], dtype=object))
    tells = np.zeros((shape[0], len(country_of[1])), np.bool_)
    tells[row, country_of[0][region]] = True
    return np.where(tells[:, country_of[0]], sums.reshape(shape), np.nan)


def _against_season(table: pd.DataFrame) -> pd.DataFrame:
    """Returns percent above the mean of the same month in the years before, of nominal values.

    As food price monitors do: a price is compared with the mean of the last five years' same month,
    so that the harvest does not look like a crisis and its eve like the end of one. Values without
    three such years are left out.
    """
    series = table.groupby(["region", "latitude", "longitude", "place", "item"], dropna=False)
    month = table["date_start"].to_numpy().astype("datetime64[D]").astype("datetime64[M]")
    keyed = pd.DataFrame(
        {
            "series": series.ngroup().to_numpy(),
            "month": month.astype(np.int64),
            "value": table["value"].to_numpy(),
        }
    )
    held = keyed.groupby(["series", "month"])["value"].mean()
    before = np.stack(
        [
            held.reindex(
                pd.MultiIndex.from_arrays([keyed["series"], keyed["month"] - 12 * years])
            ).to_numpy()
            for years in range(1, NORM_YEARS + 1)
        ]
    )
    n_known = (~np.isnan(before)).sum(axis=0)
    has_norm = n_known >= LEAST_NORM_YEARS
    norm = np.nansum(before, axis=0)[has_norm] / n_known[has_norm]
    kept = table[has_norm]
    percent = 100 * (kept["value"].to_numpy() / norm - 1)
    rated: pd.DataFrame = kept.assign(value=percent).loc[np.isfinite(percent)]
    return rated
