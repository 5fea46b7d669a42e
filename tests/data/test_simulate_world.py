"""The simulated world: one world whenever it is looked at, alive, and no explosion."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from data.calendar import period_end
from data.errors import UsageError
from data.simulate import World, simulate_world
from data.simulate.deaths import (
    MEAN_DEATHS,
    MEAN_EVENTS,
    draw_deaths,
    draw_extra_events,
    draw_region_deaths,
)
from data.simulate.process import (
    EXCITATION,
    OPERATIONS,
    SPILLOVER,
    State,
    branching_ratio,
    operation_rates,
    season,
)
from tests.data.simulated import SEEDS, escalations, world_of


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(SEEDS[-1])


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
