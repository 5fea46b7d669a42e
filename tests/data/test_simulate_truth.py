"""The true probabilities of the simulated world."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from data.calendar import parse_period
from data.errors import UsageError
from data.simulate import World, draw_future_deaths, simulate_world, true_exceedance_probability
from tests.data.simulated import SEEDS, escalations, world_of


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(SEEDS[-1])


def test_drawn_futures_have_the_intensity_as_their_mean(world: World) -> None:
    for label in ("2005-01", "2014-03", "2023-08"):
        origin = parse_period(label, "month")
        draws = draw_future_deaths(world, origin, 1, n_draws=4000)[:, 0]
        expected = world.intensity[origin + 1 - world.periods[0]]
        error = draws.std(axis=0) / np.sqrt(len(draws)) + 1e-3
        assert (np.abs(draws.mean(axis=0) - expected) < 5 * error).all()


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
