"""Counting events that are known already, or counts of them, per region and period; pure.

Does not own which region an event falls in (`data.placement`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.actors import ActorTable, shipped_actors
from data.errors import NothingKnown
from data.events import split_violence
from data.gazetteer import CAPITALS, RIVALS
from data.panel.arrays import BASE_VARIABLES, Panel
from data.panel.counts import NEEDED, count_regions
from data.panel.details import (
    DETAIL_VARIABLES,
    RIVAL_VARIABLES,
    ActorActivity,
    list_activity,
    split_actors,
    weigh_details,
)
from data.panel.kinds import WITHOUT_VIOLENCE, blank_uncoded, weigh_kinds
from data.panel.known import find_known
from data.panel.weights import share_out, weigh_base
from data.placement import place_events
from data.regions import RegionSet
from data.store import Coverage


def assemble_panel(
    events: pd.DataFrame,
    coverage: Sequence[Coverage],
    region_set: RegionSet,
    as_of: date,
    *,
    is_simulated: bool,
    actors: ActorTable | None = None,
    is_base_only: bool = False,
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

    Strategic developments are no violence: they count in `data.panel.kinds.WITHOUT_VIOLENCE` and in
    nothing else.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        coverage: Spans per country, touching ones merged, as `coverage_as_known` returns them.
        region_set: The regions.
        as_of: The knowledge limit.
        is_simulated: True if any of the events did not happen.
        actors: Which spelling means which actor; None: the table that comes with Tocsin.
        is_base_only: Count `BASE_VARIABLES` only, and no actors: for who reads nothing else.

    Raises:
        NothingKnown: No whole period of any country of the set is known.
    """
    step, countries = region_set.step, region_set.countries
    periods, country_known, data_cutoff = find_known(coverage, countries, as_of, step)
    events, strategic = split_violence(events)
    country_of = _country_of(region_set)
    known = country_known[:, country_of]
    shares = share_out(events, step, periods)
    row = shares.period - periods[0]
    placement = place_events(events, region_set)

    region = placement.region[shares.item]
    in_region = region >= 0
    cell = row[in_region] * len(region_set.regions) + region[in_region]
    weights = weigh_base(events, placement.is_coarse, step)
    table = actors or shipped_actors()
    sides = None if is_base_only else split_actors(events, table)
    if sides is not None:
        weights |= weigh_details(events, sides, RIVALS.get(region_set.source))
        weights |= weigh_kinds(events, region_set.source)
    values: dict[str, npt.NDArray[np.float32]] = {
        name: _sum_up(cell, (weights[name][shares.item] * shares.share)[in_region], known)
        for name in weights
    }
    activity = None
    if sides is not None:
        for name, added in _count_strategic(strategic, region_set, periods, known).items():
            values[name] = values[name] + added if name in values else added
        blank_uncoded(values, region_set.source)
        # A vague date would be spread over several periods: it tells nothing of who was active
        # when.
        is_dated = in_region & (shares.share == 1) & known[row, region]
        activity = list_activity(
            sides, len(events), shares.item[is_dated], region[is_dated], row[is_dated]
        )

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
        actor_table=None if sides is None else table.sha256,
        actors=activity,
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
    periods, country_known, data_cutoff = find_known(coverage, countries, as_of, region_set.step)
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


def _count_strategic(
    strategic: pd.DataFrame,
    region_set: RegionSet,
    periods: npt.NDArray[np.int64],
    known: npt.NDArray[np.bool_],
) -> dict[str, npt.NDArray[np.float32]]:
    """Returns what strategic developments add to the kinds of events that are no violence."""
    if strategic.empty:
        return {}
    shares = share_out(strategic, region_set.step, periods)
    region = place_events(strategic, region_set).region[shares.item]
    shares, region = shares.of(region >= 0), region[region >= 0]
    cell = (shares.period - periods[0]) * len(region_set.regions) + region
    weights = weigh_kinds(strategic, region_set.source, WITHOUT_VIOLENCE)
    return {
        name: _sum_up(cell, weight[shares.item] * shares.share, known)
        for name, weight in weights.items()
    }


def _sum_up(
    cell: npt.NDArray[np.int64], weight: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Returns sums per cell in the shape of `known`, NaN where it is False."""
    sums = np.bincount(cell, weights=weight, minlength=known.size).reshape(known.shape)
    return np.where(known, sums, np.nan).astype(np.float32)
