"""Coordination, rivals and active actors against words and slow loops."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.actors import ActorAlias, ActorTable
from data.events import conform_events
from data.gazetteer import CAPITALS, Rivals
from data.panel.details import find_coordinated, list_activity, split_actors, weigh_details

RIVALS = Rivals("red", "blue")
ACTORS = ActorTable(
    [
        ActorAlias("Reds", "", "red"),
        ActorAlias("Blues", "", "blue"),
        ActorAlias("Government of*", "", "state"),
        ActorAlias("Guards", "Home Guard", "self_defence"),
        ActorAlias("Home-Guard", "Home Guard", "self_defence"),
        ActorAlias("Legion", "", "outside_force"),
    ]
)


def make_events(rows: list[dict[str, object]]) -> pd.DataFrame:
    plain = {
        "date": 100,
        "date_precision": 1,
        "latitude": 15.0,
        "longitude": 0.0,
        "where_precision": 1,
        "country": "MLI",
        "admin1": "",
        "admin2": "",
        "event_type": "non_state",
        "sub_type": "",
        "actor_a": "Reds",
        "actor_b": "Civilians",
        "fatalities_best": 1,
        "fatalities_low": 1,
        "fatalities_high": 1,
        "civilian_fatalities": None,
        "n_sources": 1,
    }
    full = [{"event_id": str(n), **plain, **row} for n, row in enumerate(rows)]
    table = pd.DataFrame(full)
    table["date_start"] = table["date"]
    return conform_events(table)


def has_pattern(events: pd.DataFrame) -> list[bool]:
    """Every pair of events by two loops."""
    result = [False] * len(events)
    rows = events.to_dict("records")
    for one, first in enumerate(rows):
        for other, second in enumerate(rows):
            both = [
                {side for name in ("actor_a", "actor_b") for side in row[name].split(", ")}
                - {"Civilians", "Government of Mali"}
                for row in (first, second)
            ]
            places = [(round(row["latitude"] * 10), round(row["longitude"] * 10)) for row in rows]
            exact = all(
                r["date_precision"] == 1 and r["where_precision"] < 4 for r in (first, second)
            )
            near = abs(first["date"] - second["date"]) <= 1
            if exact and near and both[0] & both[1] and places[one] != places[other]:
                result[one] = True
    return result


rows = st.fixed_dictionaries(
    {
        "date": st.integers(98, 104),
        "date_precision": st.sampled_from((1, 1, 1, 2)),
        "where_precision": st.sampled_from((1, 3, 4)),
        "latitude": st.sampled_from((15.0, 15.02, 15.4)),
        "actor_a": st.sampled_from(("Reds", "Blues", "Reds, Blues", "Government of Mali")),
        "actor_b": st.sampled_from(("Civilians", "Greens", "Reds")),
    }
)


@settings(max_examples=100, deadline=None)
@given(drawn=st.lists(rows, min_size=1, max_size=12))
def test_coordination_equals_two_loops(drawn) -> None:
    events = make_events(drawn)
    assert find_coordinated(events, split_actors(events, ACTORS)).tolist() == has_pattern(events)


def test_no_events_are_no_pattern() -> None:
    events = make_events([{}]).iloc[:0]
    sides = split_actors(events, ACTORS)
    assert sides.empty
    assert find_coordinated(events, sides).shape == (0,)


def test_rivals_and_sources_are_weighed() -> None:
    events = make_events(
        [
            {"actor_a": "Reds", "actor_b": "Blues", "n_sources": 3},
            {"actor_a": "Reds, Greens", "actor_b": "Civilians", "n_sources": 1},
            {"actor_a": "Greens", "actor_b": "Blues", "n_sources": None},
        ]
    )
    weights = weigh_details(events, split_actors(events, ACTORS), RIVALS)
    assert weights["events_rival_first"].tolist() == [1, 1, 0]
    assert weights["events_rival_second"].tolist() == [1, 0, 1]
    assert weights["events_rival_clash"].tolist() == [1, 0, 0]
    assert weights["events_sourced"].tolist() == [1, 1, 0]
    assert weights["events_single_source"].tolist() == [0, 1, 0]
    assert weights["sources"].tolist() == [3, 1, 0]


def test_without_rivals_there_are_no_numbers_of_them() -> None:
    events = make_events([{}])
    weights = weigh_details(events, split_actors(events, ACTORS), None)
    assert not [name for name in weights if "rival" in name]


def test_groups_of_actors_are_weighed_once_an_event() -> None:
    events = make_events(
        [
            {"actor_a": "Government of Mali, Legion", "actor_b": "Reds"},
            {"actor_a": "Guards", "actor_b": "home guard"},
            {"actor_a": "Greens"},
        ]
    )
    sides = split_actors(events, ACTORS)
    weights = weigh_details(events, sides, None)
    assert weights["events_state_force"].tolist() == [1, 0, 0]
    assert weights["events_outside_force"].tolist() == [1, 0, 0]
    assert weights["events_self_defence"].tolist() == [0, 1, 0]
    # Two spellings of one actor are one side.
    assert sides[sides["event"] == 1]["actor"].tolist() == ["Home Guard"]


def test_activity_counts_actors_where_events_are_placed() -> None:
    events = make_events([{}, {"actor_b": "Blues"}, {"actor_a": "Greens"}, {"actor_a": "Greens"}])
    placed = np.array([0, 1, 3])
    activity = list_activity(
        split_actors(events, ACTORS), len(events), placed, np.array([5, 5, 6]), np.array([2, 2, 7])
    )
    found = sorted(zip(activity.region, activity.row, activity.n_events, strict=True))
    assert [tuple(map(int, one)) for one in found] == [(5, 2, 1), (5, 2, 2), (6, 7, 1)]


@pytest.mark.parametrize("code", sorted(CAPITALS))
def test_a_capital_is_a_point_of_its_continent(code) -> None:
    longitude, latitude = CAPITALS[code]
    assert len(code) == 3
    assert code.isupper()
    assert -26 < longitude < 52
    assert -35 < latitude < 38
    assert math.isfinite(longitude + latitude)
