"""Bootstrap figures equal those of a slow loop over explicit resamples."""

from __future__ import annotations

import numpy as np
import pytest

from models.bootstrap import (
    BlockDraws,
    average_precision_draws,
    draw_blocks,
    interval_of,
    mean_draws,
    within_region_auc_draws,
)
from models.metrics import average_precision, within_region_auc

GENERATOR = np.random.default_rng(7)
N = 300
REGION = GENERATOR.integers(0, 5, N)
YEAR = 2010 + GENERATOR.integers(0, 4, N)
PROBABILITY = np.round(GENERATOR.random(N), 1)
OBSERVED = (GENERATOR.random(N) < PROBABILITY).astype(float)


@pytest.fixture(scope="module")
def draws() -> BlockDraws:
    return draw_blocks(REGION, YEAR, n_draws=40, seed=5)


def _resample(draws: BlockDraws, draw: int) -> np.ndarray:
    blocks = np.repeat(np.arange(draws.counts.shape[1]), draws.counts[draw].astype(int))
    return np.concatenate([np.flatnonzero(draws.block == block) for block in blocks])


def test_a_block_is_one_region_in_one_year(draws):
    pairs = {(b, r, y) for b, r, y in zip(draws.block, REGION, YEAR, strict=True)}
    assert len(pairs) == len({b for b, _, _ in pairs}) == len({(r, y) for _, r, y in pairs}) == 20
    assert (draws.counts.sum(axis=1) == 20).all()


def test_figures_equal_those_of_explicit_resamples(draws):
    precision = average_precision_draws(PROBABILITY, OBSERVED, draws)
    within = within_region_auc_draws(PROBABILITY, OBSERVED, REGION, draws)
    mean = mean_draws(PROBABILITY, draws)
    for draw in range(len(draws.counts)):
        chosen = _resample(draws, draw)
        p, y, r = PROBABILITY[chosen], OBSERVED[chosen], REGION[chosen]
        assert precision[draw] == pytest.approx(average_precision(p, y))
        assert within[draw] == pytest.approx(within_region_auc(p, y, r))
        assert mean[draw] == pytest.approx(p.mean())


def test_draws_are_those_of_one_multinomial_and_means_do_not_hang_on_the_part():
    draws = draw_blocks(REGION, YEAR, n_draws=150, seed=5)
    whole = np.random.default_rng(5).multinomial(20, np.full(20, 1 / 20), size=150)
    np.testing.assert_array_equal(draws.counts, whole)
    totals = np.bincount(draws.block, OBSERVED)
    sizes = np.bincount(draws.block)
    np.testing.assert_array_equal(mean_draws(OBSERVED, draws), whole @ totals / (whole @ sizes))


def test_a_region_without_pairs_changes_nothing(draws):
    quiet = np.where(REGION == 0, 0.0, OBSERVED)
    some = BlockDraws(draws.block[REGION > 0], draws.counts)
    np.testing.assert_array_equal(
        within_region_auc_draws(PROBABILITY, quiet, REGION, draws),
        within_region_auc_draws(
            PROBABILITY[REGION > 0], quiet[REGION > 0], REGION[REGION > 0], some
        ),
    )


def test_the_seed_decides():
    same = [draw_blocks(REGION, YEAR, n_draws=10, seed=s).counts for s in (5, 5, 6)]
    assert (same[0] == same[1]).all()
    assert (same[0] != same[2]).any()


def test_the_interval_holds_95_percent_of_the_draws():
    interval = interval_of(0.5, np.append(np.arange(1001) / 1000, np.nan))
    assert (interval.value, interval.low, interval.high) == pytest.approx((0.5, 0.025, 0.975))
    assert np.isnan(interval_of(0.5, np.array([np.nan])).low)


def test_more_data_give_narrower_intervals():
    widths = []
    for n_regions in (8, 200):
        region = np.repeat(np.arange(n_regions), 5)
        noise = np.random.default_rng(1).normal(size=n_regions)[region]
        drawn = mean_draws(noise, draw_blocks(region, region * 0, n_draws=400, seed=2))
        interval = interval_of(noise.mean(), drawn)
        widths.append(interval.high - interval.low)
    assert widths[1] < widths[0] / 2
