"""Recalibration is used where it surely helps, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from models.bootstrap import draw_blocks
from models.estimators.calibration import IDENTITY, Calibration, choose_calibration, fit_calibration
from models.estimators.ridge import probability_of


def _forecasts(n_years: int, n_regions: int, shift: float, slope: float, seed: int = 1):
    """Forecasts whose true log-odds are shift + slope * forecast, by origin and region."""
    generator = np.random.default_rng(seed)
    origin = np.repeat(np.arange(12 * n_years), n_regions)
    region = np.tile(np.arange(n_regions), 12 * n_years)
    log_odds = generator.normal(-2, 1, len(origin))
    true = probability_of(shift + slope * log_odds)
    observed = (generator.random(len(origin)) < true).astype(np.float64)
    return log_odds, observed, origin, region


def _choose(log_odds, observed, origin, region, horizon=3):
    draws = draw_blocks(region, origin // 12, n_draws=200, seed=1)
    return choose_calibration(log_odds, observed, origin, horizon, origin // 12, draws)


def test_reliable_forecasts_are_left_alone():
    choice = _choose(*_forecasts(5, 30, 0, 1))
    assert choice.is_identity
    assert choice.calibration == IDENTITY


def test_forecasts_that_are_far_off_are_moved():
    forecasts = _forecasts(5, 60, 1.0, 1.0)
    choice = _choose(*forecasts)
    assert not choice.is_identity
    assert choice.gain.low > 0
    assert choice.calibration.intercept > 0.5
    # The first year has nothing behind it and is served as it came.
    first_year = forecasts[2] < 12
    assert (choice.log_odds[first_year] == forecasts[0][first_year]).all()
    assert (choice.log_odds[~first_year] > forecasts[0][~first_year]).mean() > 0.95


def test_few_forecasts_hardly_move_the_line():
    log_odds, observed, _, _ = _forecasts(1, 5, 1.0, 1.0)
    few = fit_calibration(log_odds, observed)
    many = fit_calibration(*_forecasts(20, 60, 1.0, 1.0)[:2])
    assert abs(few.intercept) < 0.2
    assert 0.75 < many.intercept < 1.1
    assert many.slope == pytest.approx(1.0, abs=0.1)


def test_the_fit_is_the_greatest_posterior_density():
    log_odds, observed, _, _ = _forecasts(5, 20, 0.7, 0.8)

    def penalised_loss(a: float, b: float) -> float:
        p = probability_of(a + b * log_odds)
        likelihood = np.log(np.where(observed > 0, p, 1 - p)).sum()
        return float(-likelihood + (a**2 + (b - 1) ** 2) / (2 * 0.1**2))

    best = fit_calibration(log_odds, observed)
    least = penalised_loss(best.intercept, best.slope)
    for da, db in ((0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01)):
        assert penalised_loss(best.intercept + da, best.slope + db) > least


def test_a_year_is_recalibrated_by_windows_closed_before_it():
    log_odds, observed, origin, region = _forecasts(5, 60, 1.0, 1.0)
    choice = _choose(log_odds, observed, origin, region)
    assert not choice.is_identity
    for year in range(1, 5):
        here = origin // 12 == year
        line = fit_calibration(*(x[origin + 3 <= 12 * year] for x in (log_odds, observed)))
        assert choice.log_odds[here] == pytest.approx(line.apply(log_odds[here]))


def test_a_line_is_applied_in_log_odds():
    assert Calibration(0.5, 2.0).apply(np.array([-1.0, 0.0])).tolist() == [-1.5, 0.5]
