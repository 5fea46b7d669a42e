"""The panel: what was known on one day, as dense arrays per region and period.

Reading (`build_panel`) is apart from counting (`assemble_panel`), which is pure. Does not own which
region an event falls in (`data.placement`) nor what was known (`data.store`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from data.actors import ActorTable, load_actors, shipped_actors
from data.calendar import Step, last_complete_period, period_of, period_start
from data.errors import NothingKnown
from data.events import VIOLENCE_TYPES, split_violence
from data.gazetteer import CAPITALS, RIVALS
from data.panel_counts import COUNTED, NEEDED, count_regions, require_countable
from data.panel_details import (
    DETAIL_VARIABLES,
    RIVAL_VARIABLES,
    ActorActivity,
    list_activity,
    split_actors,
    weigh_details,
)
from data.panel_kinds import KINDS, WITHOUT_VIOLENCE, blank_uncoded, weigh_kinds
from data.panel_markers import MARKED, mark_regions
from data.panel_observed import OBSERVED, observe_regions
from data.period_shares import Shares, share_over_periods
from data.placement import place_events
from data.regions import RegionSet
from data.store import (
    Coverage,
    coverage_as_known,
    events_as_known,
    list_deliveries,
    markers_as_known,
    observations_as_known,
)

BASE_VARIABLES: tuple[str, ...] = (
    "events",
    "events_state_based",
    "events_non_state",
    "events_one_sided",
    "deaths",
    "deaths_state_based",
    "deaths_non_state",
    "deaths_one_sided",
    "deaths_low",
    "deaths_high",
    "deaths_civilians",
    "deaths_coarse",
)

REPORTED_VARIABLES: tuple[str, ...] = (*KINDS, *OBSERVED, *MARKED)
"""Variables that a panel holds if a source supplies them, per region and period; else absent."""


@dataclass(frozen=True)
class Panel:
    """Dense arrays of base variables for one region set and one as-of.

    Attributes:
        region_set: Name of the region set.
        step: Calendar unit of a period.
        as_of: Knowledge limit: only records known on that day went in.
        data_cutoff: Last day that any delivery known at the as-of speaks for.
        region_ids: Identifiers, shape (n_regions,).
        periods: Consecutive period ordinals, int64, shape (n_periods,), the last being the last
            period that is complete at the as-of.
        values: Base variable to float32 array, shape (n_periods, n_regions): all of
            `BASE_VARIABLES`, those of `DETAIL_VARIABLES` (`data.panel_details`) and
            `REPORTED_VARIABLES` that a source supplies; persons or events per period, >= 0,
            NaN where not known; in `deaths_civilians` also NaN where the source does not say of
            every event.
        known: Bool, shape (n_periods, n_regions): the sources known at the as-of speak for the
            whole period and the region's country.
        countries: Sorted ISO alpha-3 codes, shape (n_countries,).
        country_of: Position in `countries` per region, int64, shape (n_regions,).
        country_values: `events` and `deaths` held at country level because no place within it is
            known, float32, shape (n_periods, n_countries).
        neighbours: For each region the positions of its neighbours.
        is_simulated: True if any delivery behind the panel is simulated.
        centres: Longitude and latitude of a point in the middle of each region, degrees, shape
            (n_regions, 2); None if not given.
        capitals: Longitude and latitude of each country's capital, degrees, shape
            (n_countries, 2), NaN where not given; None if no capital is given.
        actors: Who was active where and when; None if not known.
        actor_table: SHA-256 of the table of actors that named them; None without one.
        is_counted: True if the source tells only counts per area and month: what needs events is
            NaN throughout.
    """

    region_set: str
    step: Step
    as_of: date
    data_cutoff: date
    region_ids: tuple[str, ...]
    periods: npt.NDArray[np.int64]
    values: dict[str, npt.NDArray[np.float32]]
    known: npt.NDArray[np.bool_]
    countries: tuple[str, ...]
    country_of: npt.NDArray[np.int64]
    country_values: dict[str, npt.NDArray[np.float32]]
    neighbours: tuple[tuple[int, ...], ...]
    is_simulated: bool
    centres: npt.NDArray[np.float64] | None = None
    capitals: npt.NDArray[np.float64] | None = None
    actors: ActorActivity | None = None
    actor_table: str | None = None
    is_counted: bool = False

    @property
    def origin(self) -> int:
        """The last period that is known in at least one region: what a forecast starts from."""
        known_periods = np.flatnonzero(self.known.any(axis=1))
        return int(self.periods[known_periods[-1]])


_SPREAD_FROM: dict[Step, int] = {"month": 5, "week": 4}
"""The `date_precision` from which an event is known to no better than a period: 4 is a month."""


def build_panel(connection: Connection, region_set: RegionSet, as_of: date) -> Panel:
    """Returns the panel of a region set from what its source had told by the end of a day (UTC).

    With it comes what other sources had observed of its regions and what markers say of them.

    Args:
        connection: Any connection.
        region_set: The regions.
        as_of: The knowledge limit.

    Raises:
        NothingKnown: Nothing is known of the set's countries, or of no whole period.
        UsageError: The source tells of no events, and of no counts that fit the set.
    """
    require_countable(region_set)
    delivered = list_deliveries(connection, region_set.source, as_of)
    if not delivered:
        later = list_deliveries(connection, region_set.source)
        hint = (
            f"The first delivery became known on {later[0].known_at.date()}."
            if later
            else "Take in a delivery first: see `tocsin ingest --help`."
        )
        raise NothingKnown(f"Nothing from '{region_set.source}' is known as of {as_of}.", hint)
    coverage = coverage_as_known(connection, region_set.source, as_of)
    is_simulated = any(delivery.is_simulated for delivery in delivered)
    if region_set.source in COUNTED:
        panel = assemble_counts(
            observations_as_known(connection, region_set.source, as_of),
            coverage,
            region_set,
            as_of,
            is_simulated=is_simulated,
        )
    else:
        panel = assemble_panel(
            events_as_known(connection, region_set.source, as_of),
            coverage,
            region_set,
            as_of,
            is_simulated=is_simulated,
            actors=load_actors(connection),
        )
    observed = observe_regions(connection, region_set, panel.periods, as_of)
    marked = mark_regions(markers_as_known(connection, as_of), region_set, panel.periods)
    return replace(panel, values=panel.values | observed | marked)


def assemble_panel(
    events: pd.DataFrame,
    coverage: Sequence[Coverage],
    region_set: RegionSet,
    as_of: date,
    *,
    is_simulated: bool,
    actors: ActorTable | None = None,
) -> Panel:
    """Returns the panel of events that are known already.

    Periods run from the first that is known of any country of the set to the last that is complete
    at the as-of. A period is known of a country if the coverage holds every day of it; what falls
    in an unknown period is not shown.

    An event counts in the period of the day it ended. If its date is known to no better than a
    period (`date_precision` 5, year; in weeks also 4, month), it is spread evenly over the days
    from `date_start` to `date`, both included, and so are its deaths.

    `deaths_coarse` are the deaths whose place (`where_precision` >= 4) or time (spread) is known
    only roughly. `deaths_civilians` is NaN, though the period is known, where the source says of
    any event in it not how many of the dead were civilians: their sum would be too low.

    Strategic developments are no violence: they count in `data.panel_kinds.WITHOUT_VIOLENCE` and in
    nothing else.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        coverage: Spans per country, touching ones merged, as `coverage_as_known` returns them.
        region_set: The regions.
        as_of: The knowledge limit.
        is_simulated: True if any of the events did not happen.
        actors: Which spelling means which actor; None: the table that comes with Tocsin.

    Raises:
        NothingKnown: No whole period of any country of the set is known.
    """
    step, countries = region_set.step, region_set.countries
    periods, country_known, data_cutoff = _find_known(coverage, countries, as_of, step)
    events, strategic = split_violence(events)
    country_of = _country_of(region_set)
    known = country_known[:, country_of]
    shares = _share_out(events, step, periods)
    row = shares.period - periods[0]
    placement = place_events(events, region_set)

    region = placement.region[shares.item]
    in_region = region >= 0
    cell = row[in_region] * len(region_set.regions) + region[in_region]
    weights = _weigh(events, placement.is_coarse, step)
    table = actors or shipped_actors()
    sides = split_actors(events, table)
    weights |= weigh_details(events, sides, RIVALS.get(region_set.source))
    weights |= weigh_kinds(events, region_set.source)
    values: dict[str, npt.NDArray[np.float32]] = {
        name: _sum_up(cell, (weights[name][shares.item] * shares.share)[in_region], known)
        for name in weights
    }
    for name, added in _count_strategic(strategic, region_set, periods, known).items():
        values[name] = values[name] + added if name in values else added
    blank_uncoded(values, region_set.source)
    # A vague date would be spread over several periods: it tells nothing of who was active when.
    is_dated = in_region & (shares.share == 1) & known[row, region]

    at_country = placement.method[shares.item] == "country"
    position = {country: number for number, country in enumerate(countries)}
    country = events["country"].map(position).fillna(-1).to_numpy(dtype=np.int64)[shares.item]
    country_cell = row[at_country] * len(countries) + country[at_country]
    return _frame(
        region_set,
        as_of,
        data_cutoff=data_cutoff,
        periods=periods,
        values=values,
        known=known,
        country_values={
            name: _sum_up(
                country_cell,
                (weights[name][shares.item] * shares.share)[at_country],
                country_known,
            )
            for name in ("events", "deaths")
        },
        is_simulated=is_simulated,
        actor_table=table.sha256,
        actors=list_activity(
            sides, len(events), shares.item[is_dated], region[is_dated], row[is_dated]
        ),
    )


def assemble_counts(
    observations: pd.DataFrame,
    coverage: Sequence[Coverage],
    region_set: RegionSet,
    as_of: date,
    *,
    is_simulated: bool,
) -> Panel:
    """Returns the panel of counts per area and month that are known already.

    A region's month is known if the coverage holds every day of it and the source tells both of its
    events and of its deaths. Nothing is held at country level: counts have a place or are totals.

    Args:
        observations: Columns `data.observation.OBSERVATION_COLUMNS`.
        coverage: Spans per country, touching ones merged, as `coverage_as_known` returns them.
        region_set: The regions; identifiers are P-codes.
        as_of: The knowledge limit.
        is_simulated: True if what is counted did not happen.

    Raises:
        NothingKnown: No whole period of any region of the set is known.
    """
    countries = region_set.countries
    periods, country_known, data_cutoff = _find_known(coverage, countries, as_of, region_set.step)
    counted = count_regions(observations, region_set, periods)
    known = country_known[:, _country_of(region_set)]
    for name in NEEDED:
        known = known & ~np.isnan(counted[name])
    if not known.any():
        raise NothingKnown(
            f"'{region_set.source}' counts nothing in any region of '{region_set.name}' as of "
            f"{as_of}.",
            "Counts are found by P-code: import the regions with --id-property naming theirs.",
        )
    unknown = np.full(known.shape, np.nan, np.float32)
    told = [name for name in (*BASE_VARIABLES, *DETAIL_VARIABLES) if name not in RIVAL_VARIABLES]
    return _frame(
        region_set,
        as_of,
        data_cutoff=data_cutoff,
        periods=periods,
        values={name: np.where(known, counted.get(name, unknown), np.nan) for name in told},
        known=known,
        country_values={
            name: np.where(country_known, np.float32(0), np.float32(np.nan)) for name in NEEDED
        },
        is_simulated=is_simulated,
        is_counted=True,
    )


def _frame(
    region_set: RegionSet,
    as_of: date,
    *,
    data_cutoff: date,
    periods: npt.NDArray[np.int64],
    values: dict[str, npt.NDArray[np.float32]],
    known: npt.NDArray[np.bool_],
    country_values: dict[str, npt.NDArray[np.float32]],
    is_simulated: bool,
    actors: ActorActivity | None = None,
    actor_table: str | None = None,
    is_counted: bool = False,
) -> Panel:
    """Returns a panel with what is true of the regions whatever happens in them."""
    countries = region_set.countries
    return Panel(
        region_set=region_set.name,
        step=region_set.step,
        as_of=as_of,
        data_cutoff=data_cutoff,
        region_ids=region_set.region_ids,
        periods=periods,
        values=values,
        known=known,
        countries=countries,
        country_of=_country_of(region_set),
        country_values=country_values,
        neighbours=region_set.neighbours,
        is_simulated=is_simulated,
        centres=np.array(
            [item.geometry.centroid.coords[0] for item in region_set.regions], np.float64
        ),
        capitals=np.array([CAPITALS.get(code, (np.nan, np.nan)) for code in countries]),
        actors=actors,
        actor_table=actor_table,
        is_counted=is_counted,
    )


def _country_of(region_set: RegionSet) -> npt.NDArray[np.int64]:
    countries = region_set.countries
    return np.array([countries.index(item.country) for item in region_set.regions], np.int64)


def _find_known(
    coverage: Sequence[Coverage], countries: Sequence[str], as_of: date, step: Step
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], date]:
    """Returns the periods, which are known by country (n_periods, n_countries), the last day told.

    Raises:
        NothingKnown: No whole period of any of the countries is known.
    """
    relevant = [span for span in coverage if span.country in countries]
    last = last_complete_period(as_of, step)
    spans: list[tuple[int, int, int]] = []
    for span in relevant:
        first = period_of(span.covers_from, step)
        if period_start(first, step) < span.covers_from:
            first += 1
        final = min(last_complete_period(span.covers_to, step), last)
        if first <= final:
            spans.append((countries.index(span.country), first, final))
    if not spans:
        raise NothingKnown(
            f"No whole {step} of {', '.join(countries)} is known as of {as_of}.",
            "Take in a delivery that covers them, or choose a later day.",
        )
    start = min(first for _, first, _ in spans)
    periods = np.arange(start, last + 1, dtype=np.int64)
    known = np.zeros((len(periods), len(countries)), dtype=np.bool_)
    for country, first, final in spans:
        known[first - start : final - start + 1, country] = True
    return periods, known, max(span.covers_to for span in relevant)


def _count_strategic(
    strategic: pd.DataFrame,
    region_set: RegionSet,
    periods: npt.NDArray[np.int64],
    known: npt.NDArray[np.bool_],
) -> dict[str, npt.NDArray[np.float32]]:
    """Returns what strategic developments add to the kinds of events that are no violence."""
    if strategic.empty:
        return {}
    shares = _share_out(strategic, region_set.step, periods)
    region = place_events(strategic, region_set).region[shares.item]
    shares, region = shares.of(region >= 0), region[region >= 0]
    cell = (shares.period - periods[0]) * len(region_set.regions) + region
    weights = weigh_kinds(strategic, region_set.source, WITHOUT_VIOLENCE)
    return {
        name: _sum_up(cell, weight[shares.item] * shares.share, known)
        for name, weight in weights.items()
    }


def _share_out(events: pd.DataFrame, step: Step, periods: npt.NDArray[np.int64]) -> Shares:
    """Returns one share per event, or one per period that a vaguely dated event touches.

    Shares outside the periods of the panel are left out.
    """
    end = events["date"].to_numpy(dtype=np.int64)
    is_spread = events["date_precision"].to_numpy(dtype=np.int64) >= _SPREAD_FROM[step]
    start = np.where(is_spread, events["date_start"].to_numpy(dtype=np.int64), end)
    shares = share_over_periods(start, end, step)
    return shares.of((shares.period >= periods[0]) & (shares.period <= periods[-1]))


def _weigh(
    events: pd.DataFrame, is_coarse: npt.NDArray[np.bool_], step: Step
) -> dict[str, npt.NDArray[np.float64]]:
    """Returns what one whole event adds to each base variable, shape (n_events,) each."""
    deaths = events["fatalities_best"].to_numpy(dtype=np.float64)
    is_vague = events["date_precision"].to_numpy(dtype=np.int64) >= _SPREAD_FROM[step]
    weights = {
        "events": np.ones(len(events)),
        "deaths": deaths,
        # A source may put its best estimate outside its own range: the range is widened to it.
        "deaths_low": np.minimum(deaths, events["fatalities_low"].to_numpy(dtype=np.float64)),
        "deaths_high": np.maximum(deaths, events["fatalities_high"].to_numpy(dtype=np.float64)),
        "deaths_civilians": events["civilian_fatalities"].to_numpy(
            dtype=np.float64, na_value=np.nan
        ),
        "deaths_coarse": np.where(is_coarse | is_vague, deaths, 0.0),
    }
    for event_type in VIOLENCE_TYPES:
        is_type = (events["event_type"] == event_type).to_numpy()
        weights[f"events_{event_type}"] = is_type.astype(np.float64)
        weights[f"deaths_{event_type}"] = np.where(is_type, deaths, 0.0)
    return weights


def _sum_up(
    cell: npt.NDArray[np.int64], weight: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Returns sums per cell in the shape of `known`, NaN where it is False."""
    sums = np.bincount(cell, weights=weight, minlength=known.size).reshape(known.shape)
    return np.where(known, sums, np.nan).astype(np.float32)
