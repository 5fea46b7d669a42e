"""How much of a period is usually known so soon after its end: learnt from past deliveries.

For a period whose newest delivery came n days after its end, the settled periods before it are
looked at as they were known from the delivery that came nearest to n days after theirs, and held
against what is known of them now. The share is that of all settled periods together, per region,
drawn towards the country's by as much as the region has few events. After Lawless (1994),
"Adjustments for reporting delays and the prediction of occurred but not reported events", Canadian
Journal of Statistics 22(1), doi:10.2307/3315826, with the empirical distribution of delays instead
of a parametric one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from data.calendar import (
    Step,
    end_of_day,
    last_complete_period,
    period_end,
    period_of,
    period_start,
    periods_of,
    to_epoch_day,
)
from data.events import split_violence
from data.panel.counts import COUNTED
from data.placement import place_events
from data.regions import RegionSet
from data.store import (
    STILL,
    Coverage,
    Delivery,
    coverage_as_known,
    is_covered,
    list_deliveries,
    read_versions,
)

SETTLED_DAYS = 365
"""A period counts as settled if a delivery that came so long after its end speaks for it."""

LEARNT_FROM_DAYS = 3 * 365
"""Settled periods that ended longer ago than this, before the oldest looked at, teach nothing."""

_DAY_SECONDS = 86_400
_NEAREST_DAYS: dict[Step, int] = {"month": 16, "week": 4}
"""Releases come on other days of the month or week; one further off is another release."""

_LEAST_EVENTS = 20
_WEIGHT_OF_COUNTRY = 20.0


@dataclass(frozen=True)
class Completeness:
    """What share of a region's recent periods is probably known.

    Attributes:
        periods: Consecutive period ordinals, int64, shape (n_periods,), the last being the last
            that is complete at the as-of.
        region_ids: Identifiers, shape (n_regions,).
        n_known: Events of violence that are known, shape (n_periods, n_regions); NaN where the
            period is not known.
        events: Share of the eventual events that is known, in [0, 1], same shape; 1 where the
            period is settled; NaN where the period is not known, or where past deliveries do not
            tell (no single one speaks for the whole period, or less than 20 events of the country
            in settled periods that were known as soon).
        deaths: The same for deaths (best estimates).
    """

    periods: npt.NDArray[np.int64]
    region_ids: tuple[str, ...]
    n_known: npt.NDArray[np.float64]
    events: npt.NDArray[np.float64]
    deaths: npt.NDArray[np.float64]


def estimate_completeness(
    connection: Connection, region_set: RegionSet, as_of: date, *, n_periods: int = 12
) -> Completeness:
    """Returns how complete the newest periods probably are, as known at the end of a day (UTC).

    Args:
        connection: Any connection.
        region_set: The regions.
        as_of: The knowledge limit.
        n_periods: How many periods are looked at.

    Returns:
        All NaN for a set whose source tells counts: they are no events that could still come.
    """
    step = region_set.step
    last = last_complete_period(as_of, step)
    periods = np.arange(last - n_periods + 1, last + 1, dtype=np.int64)
    if region_set.source in COUNTED:
        nothing = np.full((n_periods, len(region_set.regions)), np.nan)
        return Completeness(periods, region_set.region_ids, nothing, nothing, nothing)
    oldest = period_start(int(periods[0]), step)
    since_day = to_epoch_day(oldest) - SETTLED_DAYS - LEARNT_FROM_DAYS
    deliveries = list_deliveries(connection, region_set.source, as_of)
    coverage = coverage_as_known(connection, region_set.source, as_of)
    versions, _ = split_violence(
        read_versions(connection, region_set.source, end_of_day(as_of), since_day=since_day)
    )
    first = period_of(date.fromordinal(date(1970, 1, 1).toordinal() + since_day), step)
    learner = _Learner(versions, deliveries, region_set, np.arange(first, last + 1))
    return learner.judge(periods, coverage)


class _Learner:
    """Versions of events by cell, and which delivery spoke for which country's periods."""

    def __init__(
        self,
        versions: pd.DataFrame,
        deliveries: Sequence[Delivery],
        region_set: RegionSet,
        periods: npt.NDArray[np.int64],
    ) -> None:
        period = periods_of(versions["date"].to_numpy(dtype=np.int64), region_set.step)
        region = place_events(versions, region_set).region
        is_inside = (region >= 0) & (period >= periods[0]) & (period <= periods[-1])
        self._row = (period - periods[0])[is_inside]
        self._region = region[is_inside]
        self._deaths = versions["fatalities_best"].to_numpy(dtype=np.float64)[is_inside]
        self._from = versions["known_from"].to_numpy(dtype=np.int64)[is_inside]
        self._until = versions["known_until"].to_numpy(dtype=np.int64)[is_inside]
        self._periods = periods
        self._region_set = region_set
        self._country_of = np.array([item.country for item in region_set.regions])
        self._ends = np.array([_end_second(int(p), region_set.step) for p in periods])
        self._moments = np.array([int(d.known_at.timestamp()) for d in deliveries], np.int64)
        self._speaks = self._find_spoken_for(deliveries)

    def judge(self, periods: npt.NDArray[np.int64], coverage: Sequence[Coverage]) -> Completeness:
        step = self._region_set.step
        shape = (len(periods), len(self._region_set.regions))
        n_known, events, deaths = (np.full(shape, np.nan) for _ in range(3))
        now = np.full(len(self._periods), STILL - 1)
        counted = np.bincount(
            self._row * shape[1] + self._region,
            weights=(self._until == STILL).astype(np.float64),
            minlength=len(self._periods) * shape[1],
        ).reshape(len(self._periods), shape[1])
        for country in self._region_set.countries:
            is_own = self._country_of == country
            speaks = self._speaks[country]
            told = np.where(speaks, self._moments[:, np.newaxis], 0).max(axis=0, initial=0)
            ages = told - self._ends
            settled = (told > 0) & (ages >= SETTLED_DAYS * _DAY_SECONDS)
            for index, period in enumerate(periods.tolist()):
                row = period - int(self._periods[0])
                days = period_start(period, step), period_end(period, step)
                if is_covered(coverage, country, *days):
                    n_known[index, is_own] = counted[row, is_own]
                if told[row] == 0:
                    continue
                if settled[row]:
                    events[index, is_own] = deaths[index, is_own] = 1
                    continue
                then, is_near = self._nearest(speaks, self._ends + ages[row])
                usable = settled & is_near
                for target, weight in ((events, None), (deaths, self._deaths)):
                    was = self._sum(then, usable, weight)[is_own]
                    became = self._sum(now, usable, weight)[is_own]
                    target[index, is_own] = _share(was, became)
        return Completeness(periods, self._region_set.region_ids, n_known, events, deaths)

    def _find_spoken_for(self, deliveries: Sequence[Delivery]) -> dict[str, npt.NDArray[np.bool_]]:
        """Returns which deliveries speak for which whole periods, (n_deliveries, n_periods)."""
        step, countries = self._region_set.step, self._region_set.countries
        shape = (len(deliveries), len(self._periods))
        speaks = {country: np.zeros(shape, dtype=np.bool_) for country in countries}
        for number, delivery in enumerate(deliveries):
            start = period_of(delivery.covers_from, step)
            if period_start(start, step) < delivery.covers_from:
                start += 1
            end = last_complete_period(delivery.covers_to, step)
            for country in set(countries).intersection(delivery.countries):
                speaks[country][number] = (self._periods >= start) & (self._periods <= end)
        return speaks

    def _nearest(
        self, speaks: npt.NDArray[np.bool_], wanted: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Returns per period the delivery's moment nearest to the one wanted, and if it is near."""
        distance = np.where(speaks, np.abs(self._moments[:, np.newaxis] - wanted), STILL)
        nearest = distance.argmin(axis=0)
        is_near = distance.min(axis=0) <= _NEAREST_DAYS[self._region_set.step] * _DAY_SECONDS
        return self._moments[nearest], is_near

    def _sum(
        self,
        moments: npt.NDArray[np.int64],
        usable: npt.NDArray[np.bool_],
        weight: npt.NDArray[np.float64] | None,
    ) -> npt.NDArray[np.float64]:
        """Returns events or deaths per region, in usable periods, as each was known at a moment."""
        at = moments[self._row]
        stood = usable[self._row] & (self._from <= at) & (at < self._until)
        n_regions = len(self._region_set.regions)
        weights = np.ones(len(stood)) if weight is None else weight
        sums = np.bincount(self._region[stood], weights=weights[stood], minlength=n_regions)
        return np.asarray(sums, dtype=np.float64)


def _share(
    was: npt.NDArray[np.float64], became: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    if became.sum() < _LEAST_EVENTS:
        return np.full(len(was), np.nan)
    of_country = was.sum() / became.sum()
    share = (was + _WEIGHT_OF_COUNTRY * of_country) / (became + _WEIGHT_OF_COUNTRY)
    return np.asarray(np.minimum(share, 1.0), dtype=np.float64)


def _end_second(period: int, step: Step) -> int:
    return int(end_of_day(period_end(period, step)).timestamp())
