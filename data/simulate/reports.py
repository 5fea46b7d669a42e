"""From the marks of events to tables: what is true, and what the world's source says when.

The source is late, revises and errs. An event may first be told with another number of deaths, and
now and then the same event is told twice, under two identifiers, until the second is withdrawn.
When all is told, the source holds the true events and no others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import period_label
from data.events import EVENT_COLUMNS, conform_events
from data.regions import RegionSet
from data.simulate.marks import NOBODY, Marks
from data.simulate.places import DISTRICTS, Places
from data.simulate.process import ASSAULT, CLASH, RAID, SWEEP

GROUP_NAMES: tuple[str, ...] = (
    "Dune Column",
    "Lake Faction",
    "Northern Banner",
    "Acacia Front",
    "Plateau Brigade",
)
"""Invented insurgent groups, in the order of `data.simulate.process`."""

_EVENT_TYPES = {
    RAID: "state_based",
    SWEEP: "state_based",
    CLASH: "non_state",
    ASSAULT: "one_sided",
}
_SUB_TYPES = {
    RAID: "raid on a post",
    SWEEP: "army sweep",
    CLASH: "militia clash",
    ASSAULT: "attack on civilians",
}
_UNIDENTIFIED = "Unidentified armed group"
_CIVILIANS = "Civilians"
_NO_ADMIN1_SHARE_AT_5 = 310


def true_events(
    marks: Marks, period_of: npt.NDArray[np.int64], region_set: RegionSet, places: Places
) -> pd.DataFrame:
    """Returns all events as they will be told in the end, one row each.

    Args:
        marks: The marks of all months, one after the other.
        period_of: Ordinal of each event's month, shape (n_events,).
        region_set: The map.
        places: Its places.

    Returns:
        Columns `EVENT_COLUMNS`, then `period` (ordinal of the month in which it happened), `day`
        (when), `region` (position of the region in which it happened) and `reported_on` (day of the
        first report). Place and dates in `EVENT_COLUMNS` are only as good as their precision says.
    """
    rows = _describe(marks, marks["town"], region_set, places)
    rows["event_id"] = _identifiers(period_of)
    extras = {
        "period": period_of,
        "day": marks["day"],
        "region": marks["region"],
        "reported_on": marks["reported_on"],
    }
    return conform_events(rows).assign(**extras)


def all_reports(
    events: pd.DataFrame, marks: Marks, region_set: RegionSet, places: Places
) -> pd.DataFrame:
    """Returns every statement that the source ever makes, in the order in which it makes them.

    Args:
        events: What `true_events` returns.
        marks: The same marks.
        region_set: The map.
        places: Its places.

    Returns:
        Columns `EVENT_COLUMNS`, then `known_on` (day of the statement) and `deleted` (it withdraws
        the event). Per event the newest statement holds.
    """
    final = events[list(EVENT_COLUMNS)]
    is_revised, is_doubled = marks["revised_on"] >= 0, marks["doubled_on"] >= 0
    first = _with_toll(final, marks, marks["first_best"])
    double = _describe(marks, np.maximum(marks["double_town"], 0), region_set, places)
    double["event_id"] = final["event_id"] + "-B"
    double = _with_toll(conform_events(double), marks, marks["first_best"])[is_doubled]
    statements = pd.concat(
        [
            first.assign(known_on=marks["reported_on"], deleted=False),
            final[is_revised].assign(known_on=marks["revised_on"][is_revised], deleted=False),
            double.assign(known_on=marks["doubled_on"][is_doubled], deleted=False),
            double.assign(known_on=marks["withdrawn_on"][is_doubled], deleted=True),
        ],
        ignore_index=True,
    )
    return statements.sort_values(["known_on", "event_id"], ignore_index=True)


def reports_as_known(reports: pd.DataFrame, day: int) -> pd.DataFrame:
    """Returns what the source holds at the end of `day`: `EVENT_COLUMNS`, sorted by `event_id`.

    Args:
        reports: `World.reports`.
        day: Days since 1970-01-01; statements of that day count (`<=`).
    """
    told = reports[reports["known_on"] <= day]
    newest = told.drop_duplicates("event_id", keep="last")
    held = newest.loc[~newest["deleted"], list(EVENT_COLUMNS)]
    return held.sort_values("event_id", ignore_index=True)


def _identifiers(period_of: npt.NDArray[np.int64]) -> list[str]:
    firsts = np.searchsorted(period_of, period_of)
    labels = {period: period_label(period, "month") for period in np.unique(period_of).tolist()}
    return [
        f"SIM-{labels[period]}-{number:04d}"
        for period, number in zip(
            period_of.tolist(), (np.arange(len(period_of)) - firsts + 1).tolist(), strict=True
        )
    ]


def _with_toll(rows: pd.DataFrame, marks: Marks, best: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Returns the rows with another best estimate; the others are drawn along with it."""
    below, above = marks["best"] - marks["low"], marks["high"] - marks["best"]
    civilians = rows["civilian_fatalities"].where(
        marks["best"] == best, np.minimum(rows["civilian_fatalities"], best)
    )
    return rows.assign(
        fatalities_best=best,
        fatalities_low=np.maximum(best - below, 0),
        fatalities_high=best + above,
        civilian_fatalities=civilians.astype("Int64"),
    )


def _describe(
    marks: Marks, towns: npt.NDArray[np.int64], region_set: RegionSet, places: Places
) -> pd.DataFrame:
    """Returns event rows without identifier, at the given towns as far as the place is known."""
    regions, where = marks["region"], marks["where"]
    names = np.array([region.name for region in region_set.regions], dtype=object)[regions]
    countries = np.array([region.country for region in region_set.regions], dtype=object)[regions]
    country_of = np.searchsorted(np.array(region_set.countries), countries.astype(str))
    districts = places.district_of[towns]
    town_points = places.towns[regions, towns]
    seats = places.district_seats[regions, districts]
    # A place that is only known along a road or near a border lies between a town and the middle.
    between = np.round((town_points + places.regions[regions]) / 2, 4)
    points = np.choose(
        where[:, None] - 1,
        [
            town_points,
            town_points,
            seats,
            places.regions[regions],
            between,
            places.countries[country_of],
        ],
    )
    is_unnamed = (where == 6) | ((where == 5) & (marks["actor_draw"] < _NO_ADMIN1_SHARE_AT_5))
    district_names = names + " " + np.array(DISTRICTS, dtype=object)[districts]
    actors = _actors(marks, names, countries, district_names)
    kinds = marks["kind"]
    sub_types = np.array([_SUB_TYPES[kind] for kind in sorted(_SUB_TYPES)], dtype=object)[kinds]
    return pd.DataFrame(
        {
            "date_start": marks["date_start"],
            "date": marks["date_end"],
            "date_precision": marks["date_code"],
            "latitude": points[:, 1],
            "longitude": points[:, 0],
            "where_precision": where,
            "country": countries,
            "admin1": np.where(is_unnamed, "", names),
            "admin2": np.where(where <= 3, district_names, ""),
            "event_type": np.array([_EVENT_TYPES[kind] for kind in sorted(_EVENT_TYPES)])[kinds],
            "sub_type": np.where(
                marks["is_coordinated"] > 0, "coordinated " + sub_types, sub_types
            ),
            "actor_a": actors[0],
            "actor_b": actors[1],
            "fatalities_best": marks["best"],
            "fatalities_low": marks["low"],
            "fatalities_high": marks["high"],
            "civilian_fatalities": _or_unsaid(marks["civilians"]),
            "n_sources": _or_unsaid(marks["n_sources"]),
        }
    )


def _actors(
    marks: Marks,
    names: npt.NDArray[np.object_],
    countries: npt.NDArray[np.object_],
    district_names: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Returns both sides of each event, the army first as UCDP GED does."""
    kinds, draw = marks["kind"], marks["actor_draw"]
    groups = np.array([*GROUP_NAMES, _UNIDENTIFIED], dtype=object)[marks["group"]]
    army = "Armed forces of " + countries
    militia = "Militia of " + names
    is_state = (kinds == RAID) | (kinds == SWEEP)
    has_group = marks["group"] != NOBODY
    attacker = np.where((draw < 700) & has_group, groups, np.where(draw < 850, militia, army))
    rival = np.where((draw < 500) & has_group, groups, "Militia of " + district_names)
    first = np.where(is_state, army, np.where(kinds == CLASH, militia, attacker))
    second = np.where(is_state, groups, np.where(kinds == CLASH, rival, _CIVILIANS))
    return first, second


def _or_unsaid(values: npt.NDArray[np.int64]) -> pd.Series:
    return pd.Series(values, dtype="Int64").mask(values < 0)
