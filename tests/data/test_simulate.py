from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from data.calendar import parse_period, period_end, periods_of, to_epoch_day
from data.errors import UsageError
from data.events import EVENT_COLUMNS, VIOLENCE_TYPES
from data.simulate import (
    World,
    draw_future_deaths,
    reports_as_known,
    simulate_world,
    true_exceedance_probability,
)
from data.simulate.deaths import (
    MEAN_DEATHS,
    MEAN_EVENTS,
    draw_deaths,
    draw_extra_events,
    draw_region_deaths,
)
from data.simulate.marks import NOBODY, draw_marks
from data.simulate.places import N_TOWNS, found_places
from data.simulate.process import (
    EXCITATION,
    OPERATIONS,
    SPILLOVER,
    State,
    branching_ratio,
    operation_rates,
    season,
)
from data.simulate.schematic_map import draw_schematic_map

SEEDS = (0, 1, 2, 42, 20_260_101)


@cache
def world_of(seed: int) -> World:
    return simulate_world(date(2034, 12, 31), seed)


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(20_260_101)


# --- one world, whenever it is looked at


@pytest.mark.parametrize("until", [date(2005, 1, 31), date(2012, 6, 29), date(2019, 12, 31)])
def test_a_later_end_leaves_the_past_bit_for_bit(world: World, until: date) -> None:
    short = simulate_world(until, world.seed)
    n_periods = len(short.periods)
    assert period_end(int(short.periods[-1]), "month") <= until
    assert n_periods < len(world.periods)
    assert np.array_equal(short.periods, world.periods[:n_periods])
    assert np.array_equal(short.intensity, world.intensity[:n_periods])
    assert np.array_equal(short.deaths, world.deaths[:n_periods])
    assert_frame_equal(short.events, world.events.head(len(short.events)))
    earlier = world.reports["event_id"].str[:11] <= short.reports["event_id"].str[:11].max()
    assert_frame_equal(short.reports, world.reports[earlier].reset_index(drop=True))
    for field in ("mood", "tide", "footholds", "offensives", "memory"):
        mine, theirs = getattr(short.states, field), getattr(world.states, field)
        assert np.array_equal(mine, theirs[: n_periods + 1])


def test_seeds_make_different_worlds_on_different_maps() -> None:
    one, other = world_of(1), world_of(2)
    assert one.region_set.regions[0].geometry != other.region_set.regions[0].geometry
    assert not np.array_equal(one.deaths, other.deaths)


def test_the_map_does_not_depend_on_the_end(world: World) -> None:
    assert simulate_world(date(2010, 1, 1), world.seed).region_set == world.region_set


@pytest.mark.parametrize(
    ("until", "seed"), [(date(2005, 1, 30), 1), (date(1999, 1, 1), 1), (date(2010, 1, 1), -1)]
)
def test_an_impossible_world_is_refused(until: date, seed: int) -> None:
    with pytest.raises(UsageError):
        simulate_world(until, seed)


# --- events keep their contract and add up


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


# --- the intensity is the truth


def test_deaths_are_a_fair_draw_around_the_intensity() -> None:
    deaths = np.concatenate([world_of(seed).deaths for seed in SEEDS]).ravel()
    intensity = np.concatenate([world_of(seed).intensity for seed in SEEDS]).ravel()
    # Eight bins of equal size: a wrong season, memory or cluster size shows in one of them.
    for group in np.array_split(np.argsort(intensity), 8):
        surprise = deaths[group] - intensity[group]
        error = np.sqrt(np.square(surprise).sum())
        assert abs(surprise.sum()) < 4 * error


def test_surprises_cannot_be_foretold_from_the_last_ones() -> None:
    for seed in SEEDS:
        here = world_of(seed)
        surprise = (here.deaths - here.intensity) / np.sqrt(here.intensity + 1.0)
        lagged = surprise[1:] * surprise[:-1]
        # Without the excitation in the intensity it is seven standard errors off.
        assert abs(lagged.mean()) < 5 * lagged.std() / np.sqrt(lagged.size)


def test_drawn_futures_have_the_intensity_as_their_mean(world: World) -> None:
    for label in ("2005-01", "2014-03", "2023-08"):
        origin = parse_period(label, "month")
        draws = draw_future_deaths(world, origin, 1, n_draws=4000)[:, 0]
        expected = world.intensity[origin + 1 - world.periods[0]]
        error = draws.std(axis=0) / np.sqrt(len(draws)) + 1e-3
        assert (np.abs(draws.mean(axis=0) - expected) < 5 * error).all()


def test_means_of_events_and_deaths_are_those_that_are_drawn() -> None:
    rng = np.random.default_rng(1)
    for kind in range(len(OPERATIONS)):
        kinds = np.full(60_000, kind)
        deaths, events = draw_deaths(kinds, rng), 1 + draw_extra_events(kinds, rng)
        for drawn, mean in ((deaths, MEAN_DEATHS[kind]), (events, MEAN_EVENTS[kind])):
            assert abs(drawn.mean() - mean) <= 4.5 * drawn.std() / np.sqrt(len(drawn))
        assert 0.05 < (deaths == 0).mean() < 0.15
        assert np.quantile(deaths, 0.99) > 5 * np.median(deaths)


def test_region_totals_keep_draws_and_regions_apart() -> None:
    operations = np.zeros((3, len(OPERATIONS), 5), dtype=np.int64)
    operations[1, :, 2] = 50
    totals = draw_region_deaths(operations, np.random.default_rng(2))
    assert totals[1, 2] > 200
    assert totals.sum() == totals[1, 2]
    mean = 50 * (MEAN_DEATHS * MEAN_EVENTS).sum()
    many = draw_region_deaths(np.tile(operations, (200, 1, 1)), np.random.default_rng(3))
    assert many[1::3, 2].mean() == pytest.approx(mean, rel=0.05)


# --- it lives, and does not explode


def test_an_operation_causes_less_than_one_other(world: World) -> None:
    assert branching_ratio() < 0.9
    quiet = first_state_like(world)
    for kind in range(len(OPERATIONS)):
        memory = np.zeros_like(quiet.memory)
        memory[0, kind, 4] = 1.0
        caused = np.zeros(len(OPERATIONS))
        for period in range(480, 600):
            stirred = State(quiet.mood, quiet.tide, quiet.footholds, quiet.offensives, memory)
            extra = operation_rates(world.theatre, stirred, period) - operation_rates(
                world.theatre, quiet, period
            )
            caused += extra[0].sum(axis=1) / season(period)
            memory = memory * 0.7
        assert caused == pytest.approx(EXCITATION[:, kind] * (1 + SPILLOVER), rel=1e-6)
        assert caused.sum() < 0.9


def first_state_like(here: World) -> State:
    start = here.states
    return State(
        start.mood[:1],
        start.tide[:1],
        np.zeros_like(start.footholds[:1]),
        start.offensives[:1],
        np.zeros_like(start.memory[:1]),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_thirty_years_keep_to_the_scale_of_the_sahel(seed: int) -> None:
    here = world_of(seed)
    monthly = here.deaths.sum(axis=1)
    events = np.bincount(here.events["period"] - here.periods[0], minlength=len(here.periods))
    assert len(here.periods) == 360
    assert monthly[:24].mean() < 30
    assert 100 < monthly[180:].mean() < 900
    assert 40 < events[180:].mean() < 260
    assert monthly.max() < 3000
    # The last ten years are no multiple of the ten before.
    assert monthly[240:].mean() < 4 * monthly[120:240].mean()
    assert 0.4 < (here.deaths == 0).mean() < 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_the_front_moves_out_from_where_the_groups_are_born(seed: int) -> None:
    here = world_of(seed)
    held = here.states.footholds.any(axis=1).sum(axis=1)
    assert held[0] == 0
    assert held[60] < held[180]
    assert 5 < held[240:].mean() < 28


@pytest.mark.parametrize("horizon", [1, 3, 6])
def test_escalation_is_neither_rare_nor_usual(horizon: int) -> None:
    shares = []
    for seed in SEEDS:
        here = world_of(seed)
        hits = [sums >= limits for limits, sums in escalations(here, horizon, 150, 350, 4)]
        shares.append(float(np.mean(hits)))
    assert all(0.04 < share < 0.18 for share in shares)
    assert 0.05 < np.mean(shares) < 0.14


def escalations(
    here: World, horizon: int, first: int, last: int, stride: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Thresholds and later sums per origin, straight from the definition."""
    found = []
    for origin in range(first, last, stride):
        past = here.deaths[: origin + 1]
        recent = past[-12:].mean(axis=0)
        ends = range(origin - 35, origin + 1)
        own = [past[end - horizon + 1 : end + 1].sum(axis=0) for end in ends]
        limits = np.maximum(1.5 * horizon * recent, np.quantile(own, 0.9, axis=0))
        sums = here.deaths[origin + 1 : origin + 1 + horizon].sum(axis=0)
        found.append((np.maximum(limits, 10.0), sums))
    return found


# --- the true probability


@pytest.mark.parametrize("horizon", [1, 3])
def test_the_true_probability_is_calibrated_and_better_than_any_constant(horizon: int) -> None:
    chances, hits = [], []
    for seed in (1, 20_260_101):
        here = world_of(seed)
        origins = range(100, 355, 6)
        for origin, (limits, sums) in zip(
            origins, escalations(here, horizon, 100, 355, 6), strict=True
        ):
            period = int(here.periods[origin])
            chances.append(true_exceedance_probability(here, period, horizon, limits, n_draws=300))
            hits.append(sums >= limits)
    chance, hit = np.concatenate(chances), np.concatenate(hits).astype(float)
    assert len(chance) > 2000
    assert abs(chance.mean() - hit.mean()) < 0.02
    # Observed frequency per bin within four standard errors plus 0.02 for the dependence of
    # regions and the draws.
    edges = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.6])
    bins = np.digitize(chance, edges)
    for number in range(len(edges) + 1):
        own = bins == number
        assert own.sum() > 30
        spread = np.sqrt((chance[own] * (1 - chance[own])).sum()) / own.sum()
        assert abs(chance[own].mean() - hit[own].mean()) < 4 * spread + 0.02
    brier, constant = np.square(chance - hit).mean(), hit.mean() * (1 - hit.mean())
    assert 1 - brier / constant > 0.15


def test_the_true_probability_keeps_shape_order_and_gaps(world: World) -> None:
    origin = parse_period("2022-06", "month")
    limits = np.tile(np.array([0.0, 1.0, 10.0, 10_000.0, np.nan])[:, None], (1, 30))
    chance = true_exceedance_probability(world, origin, 3, limits, n_draws=200)
    assert chance.shape == limits.shape
    assert (chance[0] == 1.0).all()
    assert (np.diff(chance[:4], axis=0) <= 0).all()
    assert (chance[3] == 0.0).all()
    assert np.isnan(chance[4]).all()
    sums = draw_future_deaths(world, origin, 3, 200).sum(axis=1)
    assert chance[2] == pytest.approx((sums >= 10).mean(axis=0))


def test_the_future_knows_nothing_of_what_the_world_did_later(world: World) -> None:
    origin = parse_period("2016-02", "month")
    short = simulate_world(date(2016, 2, 29), world.seed)
    futures = [draw_future_deaths(here, origin, 4, 50, seed=3) for here in (short, world)]
    assert np.array_equal(futures[0], futures[1])
    assert not np.array_equal(futures[0], draw_future_deaths(world, origin, 4, 50, seed=4))


@pytest.mark.parametrize(
    ("origin", "horizon", "n_draws"),
    [("2004-12", 1, 10), ("2035-01", 1, 10), ("2020-01", 0, 10), ("2020-01", 1, 0)],
)
def test_an_impossible_future_is_refused(
    world: World, origin: str, horizon: int, n_draws: int
) -> None:
    with pytest.raises(UsageError):
        draw_future_deaths(world, parse_period(origin, "month"), horizon, n_draws)


def test_thresholds_must_be_per_region(world: World) -> None:
    with pytest.raises(UsageError):
        true_exceedance_probability(world, int(world.periods[50]), 1, np.zeros(29))


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
