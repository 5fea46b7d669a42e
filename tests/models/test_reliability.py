"""The reliability curve tells reliable forecasts from others."""

from __future__ import annotations

import numpy as np
import pytest

from models.reliability import equal_count_bins, reliability_table


@pytest.fixture(scope="module")
def probability() -> np.ndarray:
    return np.random.default_rng(3).beta(1, 6, 4000)


def test_bins_hold_equally_many_and_rise_with_the_forecast(probability):
    bins = equal_count_bins(probability)
    assert np.bincount(bins).tolist() == [400] * 10
    assert all(probability[bins == b].max() <= probability[bins == b + 1].min() for b in range(9))


def test_equal_forecasts_share_a_bin():
    bins = equal_count_bins(np.array([0.1] * 95 + [0.2] * 5))
    assert len(set(bins[:95].tolist())) == 1
    assert equal_count_bins(np.full(7, 0.3)).tolist() == [0] * 7


def test_reliable_forecasts_lie_within_most_bars(probability):
    observed = (np.random.default_rng(4).random(len(probability)) < probability).astype(float)
    table = reliability_table(probability, observed, seed=1)
    assert sum(one.n for one in table) == len(probability)
    assert sum(one.bar_low <= one.frequency <= one.bar_high for one in table) >= 7
    assert all(one.bar_low <= one.forecast <= one.bar_high for one in table)


def test_forecasts_that_are_too_low_lie_above_the_bars(probability):
    observed = (np.random.default_rng(4).random(len(probability)) < 3 * probability).astype(float)
    table = reliability_table(probability, observed, seed=1)
    assert all(one.frequency > one.bar_high for one in table)


def test_the_same_seed_draws_the_same_bars(probability):
    observed = np.zeros_like(probability)
    first, second, other = (reliability_table(probability, observed, seed=s) for s in (1, 1, 2))
    assert first == second != other
