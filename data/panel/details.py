"""What a panel holds beyond counts: coordination, rivals, sources, and who was active where.

Owns what one event adds to the further base variables, and the list of active actors. Does not own
placing or summing (`data.panel`).

An actor is one name out of `actor_a` or `actor_b`, which may list several with commas, under the
name that the table of actors (`data.actors`) gives it on the day of the event. Civilians are no
actor. Armies are actors, but not of coordinated attacks: they are in many places anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.actors import ActorTable
from data.gazetteer import Rivals

DETAIL_VARIABLES: tuple[str, ...] = (
    "events_coordinated",
    "events_rival_first",
    "events_rival_second",
    "events_rival_clash",
    "events_sourced",
    "events_single_source",
    "sources",
    "events_state_force",
    "events_self_defence",
    "events_outside_force",
)
"""Further base variables; those of rivals are absent where the source names none."""

RIVAL_VARIABLES = ("events_rival_first", "events_rival_second", "events_rival_clash")

ACTOR_VARIABLES = (
    *("events_coordinated", *RIVAL_VARIABLES),
    *("events_state_force", "events_self_defence", "events_outside_force"),
)
"""Those that hang on which spelling means which actor."""

CIVILIANS = "Civilians"
STATE = "state"
_COUNTED_GROUPS = {
    "events_state_force": STATE,
    "events_self_defence": "self_defence",
    "events_outside_force": "outside_force",
}
_EXACT_DAY, _DISTRICT = 1, 3
_PLACE_DEGREES = 0.1


@dataclass(frozen=True)
class ActorActivity:
    """How many events each actor had, by region and period; the entries are sorted and unique.

    Attributes:
        actor: Number of the actor, int64, shape (n_entries,).
        region: Position of the region, same shape.
        row: Row of the period in the panel, same shape.
        n_events: Events, same shape.
    """

    actor: npt.NDArray[np.int64]
    region: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    n_events: npt.NDArray[np.int64]


def weigh_details(
    events: pd.DataFrame, sides: pd.DataFrame, rivals: Rivals | None
) -> dict[str, npt.NDArray[np.float64]]:
    """Returns what one whole event adds to each further base variable, shape (n_events,) each.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        sides: Who took part in them, as `split_actors` returns it.
        rivals: The two groups whose contest is watched; None leaves their variables out.
    """
    n_sources = events["n_sources"].to_numpy(dtype=np.float64, na_value=np.nan)
    is_sourced = n_sources > 0
    weights = {
        "events_coordinated": find_coordinated(events, sides).astype(np.float64),
        "events_sourced": is_sourced.astype(np.float64),
        "events_single_source": (n_sources == 1).astype(np.float64),
        "sources": np.where(is_sourced, n_sources, 0.0),
    }
    for name, group in _COUNTED_GROUPS.items():
        weights[name] = _has_group(sides, group, len(events)).astype(np.float64)
    if rivals is not None:
        first = _has_group(sides, rivals.first, len(events))
        second = _has_group(sides, rivals.second, len(events))
        weights["events_rival_first"] = first.astype(np.float64)
        weights["events_rival_second"] = second.astype(np.float64)
        weights["events_rival_clash"] = (first & second).astype(np.float64)
    return weights


def split_actors(events: pd.DataFrame, actors: ActorTable) -> pd.DataFrame:
    """Returns one row per event and actor in it.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        actors: Which spelling means whom.

    Returns:
        `event` (position), `actor` (name), `group` (empty if it is not known).
    """
    parts = []
    for column in ("actor_a", "actor_b"):
        names = events[column].astype(object).reset_index(drop=True).str.split(",").explode()
        parts.append(
            pd.DataFrame(
                {"event": names.index.to_numpy(np.int64), "actor": names.astype("str").str.strip()}
            )
        )
    sides = pd.concat(parts, ignore_index=True)
    sides = sides[(sides["actor"] != "") & (sides["actor"] != CIVILIANS)]
    at = sides["event"].to_numpy()
    found, groups = actors.resolve(
        sides["actor"].to_numpy(dtype=object),
        events["country"].to_numpy(dtype=object)[at],
        events["date"].to_numpy(dtype=np.int64)[at],
    )
    named = pd.DataFrame({"event": at, "actor": found, "group": groups})
    return named.drop_duplicates(["event", "actor"], ignore_index=True)


def _has_group(sides: pd.DataFrame, group: str, n_events: int) -> npt.NDArray[np.bool_]:
    """Returns which events have an actor of a group, shape (n_events,)."""
    has = np.zeros(n_events, np.bool_)
    has[sides["event"].to_numpy()[(sides["group"] == group).to_numpy()]] = True
    return has


def find_coordinated(events: pd.DataFrame, sides: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Returns which events one actor had in several places on the same or the next day.

    Only events whose day is exact and whose district is known can tell. Two places are apart if
    they round to different tenths of a degree (about 11 km). Armies do not count.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        sides: Who took part in them, as `split_actors` returns it.

    Returns:
        Bool, shape (n_events,).
    """
    exact = (
        (events["date_precision"] == _EXACT_DAY) & (events["where_precision"] <= _DISTRICT)
    ).to_numpy()
    result = np.zeros(len(events), np.bool_)
    sides = sides[exact[sides["event"]] & (sides["group"] != STATE)]
    if sides.empty:
        return result
    position = sides["event"].to_numpy()
    place = pd.MultiIndex.from_arrays(
        [
            np.round(events[name].to_numpy(np.float64)[position] / _PLACE_DEGREES).astype(np.int64)
            for name in ("latitude", "longitude")
        ]
    ).factorize()[0]
    actor = sides["actor"].factorize()[0].astype(np.int64)
    day = events["date"].to_numpy(np.int64)[position]
    for shift in (0, 1):
        # With days paired from either end, each pair of days is one group.
        key = pd.MultiIndex.from_arrays([actor, (day + shift) // 2]).factorize()[0]
        pairs = pd.DataFrame({"key": key, "place": place}).drop_duplicates()
        n_places = np.bincount(pairs["key"].to_numpy(), minlength=int(key.max()) + 1)
        result[position[n_places[key] > 1]] = True
    return result


def list_activity(
    sides: pd.DataFrame,
    n_events: int,
    event: npt.NDArray[np.int64],
    region: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
) -> ActorActivity:
    """Returns the activity of all actors from events that are placed in a region and a period.

    Args:
        sides: Who took part in all events, as `split_actors` returns it.
        n_events: How many events there are, placed or not.
        event: Position of each placed event, shape (n_placed,); each at most once.
        region: Its region, same shape.
        row: Its row in the panel, same shape.
    """
    at = np.full(n_events, -1, np.int64)
    at[event] = np.arange(len(event))
    sides = sides[at[sides["event"]] >= 0]
    number = np.sort(sides["actor"].unique()).searchsorted(sides["actor"])
    place = at[sides["event"].to_numpy()]
    entries = (
        pd.DataFrame({"actor": number, "region": region[place], "row": row[place]})
        .groupby(["region", "actor", "row"], sort=True)
        .size()
        .reset_index(name="n_events")
    )
    return ActorActivity(
        **{
            name: entries[name].to_numpy(dtype=np.int64)
            for name in ("actor", "region", "row", "n_events")
        }
    )
