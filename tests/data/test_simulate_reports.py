"""Events of the simulated world and what is reported of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from data.calendar import parse_period, periods_of, to_epoch_day
from data.events import EVENT_COLUMNS, VIOLENCE_TYPES
from data.simulate import World, reports_as_known
from data.simulate.marks import NOBODY, draw_marks
from data.simulate.places import N_TOWNS, found_places
from data.simulate.process import OPERATIONS
from data.simulate.schematic_map import draw_schematic_map
from tests.data.simulated import SEEDS, world_of


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(SEEDS[-1])


@pytest.mark.parametrize("seed", SEEDS)
def test_events_add_up_to_the_deaths(seed: int) -> None:
    here = world_of(seed)
    totals = np.zeros_like(here.deaths)
    for period, region, best in zip(
        here.events["period"], here.events["region"], here.events["fatalities_best"], strict=True
    ):
        totals[period - here.periods[0], region] += best
    assert np.array_equal(totals, here.deaths)


@pytest.mark.parametrize("seed", SEEDS)
def test_when_all_is_told_the_reports_are_the_events(seed: int) -> None:
    here = world_of(seed)
    told = reports_as_known(here.reports, to_epoch_day(date(2060, 1, 1)))
    expected = here.events[list(EVENT_COLUMNS)].sort_values("event_id", ignore_index=True)
    assert_frame_equal(told, expected)


def test_columns_and_dtypes_are_those_of_the_contract(world: World) -> None:
    for table in (world.events, world.reports):
        assert list(table.columns[: len(EVENT_COLUMNS)]) == list(EVENT_COLUMNS)
        found = {column: str(table[column].dtype) for column in EVENT_COLUMNS}
        assert found == EVENT_COLUMNS
    assert world.events["event_id"].is_unique


def test_codes_and_tolls_lie_within_the_contract(world: World) -> None:
    reports = world.reports
    assert set(reports["event_type"]) == set(VIOLENCE_TYPES)
    assert set(reports["date_precision"]) == {1, 2, 3, 4, 5}
    assert set(reports["where_precision"]) == {1, 2, 3, 4, 5, 6}
    assert set(reports["country"]) == set(world.region_set.countries)
    assert (reports["fatalities_low"] >= 0).all()
    assert (reports["fatalities_low"] <= reports["fatalities_best"]).all()
    assert (reports["fatalities_best"] <= reports["fatalities_high"]).all()
    assert (reports["civilian_fatalities"].dropna() <= reports["fatalities_high"].max()).all()
    said = reports["civilian_fatalities"].notna()
    assert (reports.loc[said, "civilian_fatalities"] <= reports.loc[said, "fatalities_best"]).all()
    assert 0.01 < 1 - said.mean() < 0.1
    assert 0.05 < reports["n_sources"].isna().mean() < 0.2
    assert (reports["actor_a"] != "").all()
    assert (reports["actor_b"] != "").all()
    one_sided = reports["event_type"] == "one_sided"
    assert ((reports["actor_b"] == "Civilians") == one_sided).all()


def test_dates_are_as_wide_as_their_precision(world: World) -> None:
    events = world.events
    length = events["date"] - events["date_start"] + 1
    for code, shortest, longest in ((1, 1, 1), (2, 2, 5), (3, 7, 7), (4, 28, 31), (5, 55, 160)):
        own = length[events["date_precision"] == code]
        assert own.between(shortest, longest).all(), code
    assert (events["date_start"] >= to_epoch_day(date(2005, 1, 1))).all()
    assert (events["date_start"] <= events["day"]).all()
    assert (events["day"] <= events["date"]).all()
    assert np.array_equal(periods_of(events["day"].to_numpy(), "month"), events["period"])
    weeks = events[events["date_precision"] == 3]
    # 1970-01-05 was a Monday.
    assert ((weeks["date_start"] - 4) % 7 == 0).all()
    assert (events["reported_on"] > events["date"]).all()


def test_places_are_as_good_as_their_precision(world: World) -> None:
    events, regions = world.events, world.region_set.regions
    shapes = np.array([region.geometry for region in regions])[events["region"]]
    is_inside = shapely.contains_xy(shapes, events["longitude"], events["latitude"])
    where = events["where_precision"]
    assert is_inside[where <= 4].all()
    assert is_inside[where == 5].mean() > 0.5
    assert not is_inside[where == 6].all()
    names = np.array([region.name for region in regions])[events["region"]]
    countries = np.array([region.country for region in regions])[events["region"]]
    assert (events["country"] == countries).all()
    assert (events.loc[where <= 4, "admin1"] == names[where <= 4]).all()
    assert (events.loc[where <= 3, "admin2"] != "").all()
    assert (events.loc[where == 6, "admin1"] == "").all()
    points = events[["country", "region", "latitude", "longitude"]].assign(where=where)
    coarse = points[points["where"] == 6]
    assert coarse.groupby("country")[["latitude", "longitude"]].nunique().eq(1).all(axis=None)
    centred = points[points["where"] == 4]
    assert centred.groupby("region")[["latitude", "longitude"]].nunique().eq(1).all(axis=None)


def test_some_operations_strike_several_places_on_one_day(world: World) -> None:
    events = world.events
    coordinated = events[events["sub_type"].str.startswith("coordinated")]
    together = coordinated.groupby(["region", "day"]).size()
    assert 0.03 < len(coordinated) / len(events) < 0.3
    assert (together >= 2).all()
    assert together.max() >= 4


def test_violence_falls_on_many_towns_and_most_on_a_few(world: World) -> None:
    exact = world.events[world.events["where_precision"] <= 2]
    for _, own in exact.groupby("region"):
        shares = own.groupby(["latitude", "longitude"]).size() / len(own)
        if len(own) > 150:
            assert 8 <= len(shares) <= N_TOWNS
            assert shares.max() > 2 / N_TOWNS
    coordinated = exact[exact["sub_type"].str.startswith("coordinated")]
    strikes = coordinated.groupby(["region", "day", "sub_type"])[["latitude", "longitude"]]
    several = strikes.nunique()[strikes.size() == 2]
    assert (several["latitude"] == 2).mean() > 0.9


def test_no_date_range_begins_before_the_world() -> None:
    places = found_places(draw_schematic_map(1), 1)
    first_day = to_epoch_day(date(2005, 1, 1))
    operations = np.full((len(OPERATIONS), 30), 20)
    presence = np.ones((5, 30))
    period = parse_period("2005-01", "month")
    rng = np.random.default_rng(1)
    marks = draw_marks(operations, presence, places, period, first_day, rng)
    assert (marks["date_code"] == 5).any()
    assert (marks["date_start"] >= first_day).all()
    assert (np.diff(marks["day"]) >= 0).all()
    assert set(marks["group"]) == {0, 1, 2, 3, 4}
    nobody = draw_marks(operations, 0 * presence, places, period, first_day, rng)
    assert set(nobody["group"]) == {NOBODY}


def test_reports_are_mostly_soon_sometimes_late_revised_or_withdrawn(world: World) -> None:
    delay = world.events["reported_on"] - world.events["date"]
    assert 1 <= delay.median() <= 14
    assert 0.02 < (delay > 90).mean() < 0.10
    reports = world.reports
    first = reports.drop_duplicates("event_id", keep="first").set_index("event_id")
    last = reports.drop_duplicates("event_id", keep="last").set_index("event_id")
    changed = first["fatalities_best"] != last["fatalities_best"].reindex(first.index)
    assert 0.03 < changed.mean() < 0.25
    assert 0.005 < last["deleted"].mean() < 0.03
    assert set(last.index[last["deleted"]].str[-2:]) == {"-B"}
    assert (reports.groupby("event_id")["known_on"].diff().dropna() >= 15).all()


def test_statements_hold_from_their_day_on() -> None:
    row = dict.fromkeys(EVENT_COLUMNS, 0) | {"event_id": "a"}
    reports = pd.DataFrame(
        [
            row | {"fatalities_best": 1, "known_on": 10, "deleted": False},
            row | {"fatalities_best": 2, "known_on": 20, "deleted": False},
            row | {"fatalities_best": 2, "known_on": 30, "deleted": True},
        ]
    )
    held = [reports_as_known(reports, day)["fatalities_best"].tolist() for day in (9, 10, 20, 30)]
    assert held == [[], [1], [2], []]
