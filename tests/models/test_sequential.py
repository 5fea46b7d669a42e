"""The sequential test: rarely wrong whatever the dependence, and quick where the model is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from models.sequential import weigh_calibration


def forecasts(generator, n_periods, n_regions):
    origin = np.repeat(np.arange(n_periods), n_regions)
    logits = generator.normal(-2.0, 1.2, n_regions)[None] + generator.normal(0, 0.5, (n_periods, 1))
    return origin.astype(np.int64), (1 / (1 + np.exp(-logits))).ravel()


@pytest.mark.parametrize("is_dependent", [False, True])
@pytest.mark.parametrize("horizon", [1, 3])
def test_a_calibrated_model_is_rarely_accused(is_dependent, horizon):
    generator = np.random.default_rng(5)
    peaks = []
    for _ in range(150):
        origin, probability = forecasts(generator, 60, 12)
        # Dependent: one draw for all regions of a period, and for all windows that overlap.
        shape = (60 // horizon, 1) if is_dependent else (60 // horizon, 12)
        draw = np.repeat(generator.random(shape), horizon, axis=0)
        draw = np.broadcast_to(draw, (60, 12)).ravel()
        peaks.append(weigh_calibration(origin, probability, 1.0 * (draw < probability), horizon))
    values = np.array([one.e_value for one in peaks])
    # Ville: at most 5 % reach 20; the bound is loose by three standard errors of 150 runs.
    assert (values >= 20).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)
    assert values.min() >= 1


@pytest.mark.parametrize(
    ("said", "true", "finding"),
    [
        ((0.1, 0.1), (0.2, 0.2), "more often"),
        ((0.2, 0.2), (0.08, 0.08), "less often"),
        ((0.1, 0.9), (0.3, 0.7), "high forecasts are too high and low ones too low"),
        ((0.4, 0.6), (0.2, 0.8), "high forecasts are too low and low ones too high"),
    ],
)
def test_a_wrong_model_is_found_and_told_how(said, true, finding):
    generator = np.random.default_rng(6)
    origin = np.repeat(np.arange(72), 30).astype(np.int64)
    probability, truth = np.tile(said, 72 * 15), np.tile(true, 72 * 15)
    observed = 1.0 * (generator.random(len(truth)) < truth)
    found = weigh_calibration(origin, probability, observed, 1)
    assert found.e_value > 100
    assert finding in found.finding
    assert (found.n_periods, found.n_forecasts) == (72, 72 * 30)


def test_nothing_to_bet_on_is_no_evidence():
    empty = np.zeros(0)
    found = weigh_calibration(empty.astype(np.int64), empty, empty, 3)
    assert (found.e_value, found.n_periods) == (1.0, 0)


def test_a_bet_never_loses_all_and_what_was_impossible_settles_it():
    origin = np.repeat(np.arange(40), 4).astype(np.int64)
    worst = weigh_calibration(origin, np.full(160, 0.99), np.ones(160), 1)
    assert np.isfinite(worst.e_value)
    impossible = weigh_calibration(origin, np.zeros(160), np.ones(160), 1)
    assert impossible.e_value > 1e6
