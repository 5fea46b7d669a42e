"""The logit is exact, deterministic and unmoved by what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from models.estimators.ridge import (
    CLIP_DEVIATIONS,
    base_log_odds,
    contributions_of,
    fit_logit,
    log_odds_of,
    probability_of,
    standardise,
)


def _rows(n: int = 800, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    features = generator.normal([0, 5, -3, 0], [1, 10, 0.1, 1], (n, 4)).astype(np.float32)
    truth = -1.5 + features[:, 0] - 0.08 * features[:, 1]
    labels = (generator.random(n) < probability_of(truth)).astype(np.float64)
    features[generator.random((n, 4)) < 0.1] = np.nan
    return features, labels


def test_probabilities_are_those_of_scikit_learn():
    features, labels = _rows()
    fitted = fit_logit(features, labels, 0.5)
    expected = fitted.logit.predict_proba(standardise(features, fitted.centre, fitted.scale))[:, 1]
    assert probability_of(log_odds_of(fitted, features)) == pytest.approx(expected, abs=1e-12)


def test_contributions_and_base_sum_to_the_log_odds():
    features, labels = _rows()
    fitted = fit_logit(features, labels, 0.5)
    summed = base_log_odds(fitted) + contributions_of(fitted, features).sum(axis=1)
    assert np.abs(summed - log_odds_of(fitted, features)).max() < 1e-9


def test_a_missing_feature_contributes_nothing():
    features, labels = _rows()
    fitted = fit_logit(features, labels, 0.5)
    added = contributions_of(fitted, features)
    assert (added[np.isnan(features)] == 0).all()
    assert np.abs(added[~np.isnan(features)]).min() > 0


def test_one_broken_number_cannot_carry_a_score():
    features, labels = _rows()
    fitted = fit_logit(features, labels, 0.5)
    broken = np.array([[1e30, 0, 0, 0], [-1e30, 0, 0, 0]], np.float32)
    first = contributions_of(fitted, broken)[:, 0]
    assert np.abs(first) == pytest.approx(CLIP_DEVIATIONS * abs(fitted.logit.coef_[0, 0]))


def test_the_same_rows_give_the_same_bits():
    features, labels = _rows()
    first, second = fit_logit(features, labels, 0.02), fit_logit(features, labels, 0.02)
    assert first.logit.coef_.tobytes() == second.logit.coef_.tobytes()
    assert base_log_odds(first) == base_log_odds(second)


def test_a_feature_that_never_varies_or_is_never_known_is_left_out():
    features, labels = _rows()
    features[:, 2], features[:, 3] = 7.0, np.nan
    fitted = fit_logit(features, labels, 0.5)
    assert fitted.logit.coef_[0, 2:].tolist() == [0.0, 0.0]
    assert np.isfinite(log_odds_of(fitted, features)).all()


def test_a_stronger_penalty_gives_smaller_coefficients():
    features, labels = _rows()
    weak, strong = (np.abs(fit_logit(features, labels, c).logit.coef_).sum() for c in (1, 0.001))
    assert strong < weak / 2


def test_an_average_row_has_the_base_log_odds():
    features, labels = _rows()
    fitted = fit_logit(features, labels, 0.5)
    assert log_odds_of(fitted, fitted.centre[None, :])[0] == pytest.approx(base_log_odds(fitted))
