"""Measures agree with scikit-learn and with what one counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from models.metrics import (
    LOG_SCORE_FLOOR,
    auc,
    average_precision,
    brier_score,
    brier_skill,
    log_score,
    murphy_parts,
    within_region_auc,
)

# Few distinct values, so that ties are common.
PROBABILITIES = st.sampled_from([0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0])


@st.composite
def forecasts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, outcomes with both classes, regions and whole weights."""
    n = draw(st.integers(2, 40))
    observed = draw(arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0])))
    observed[0], observed[1] = 0.0, 1.0
    return (
        draw(arrays(np.float64, n, elements=PROBABILITIES)),
        observed,
        draw(arrays(np.int64, n, elements=st.integers(0, 3))),
        draw(arrays(np.int64, n, elements=st.integers(0, 3))).astype(np.float64),
    )


@given(forecasts())
def test_pooled_measures_equal_those_of_scikit_learn(given_forecasts):
    probability, observed, _, _ = given_forecasts
    safe = np.clip(probability, LOG_SCORE_FLOOR, 1 - LOG_SCORE_FLOOR)
    assert average_precision(probability, observed) == pytest.approx(
        average_precision_score(observed, probability)
    )
    assert auc(probability, observed) == pytest.approx(roc_auc_score(observed, probability))
    assert brier_score(probability, observed) == pytest.approx(
        brier_score_loss(observed, probability)
    )
    assert log_score(probability, observed) == pytest.approx(log_loss(observed, safe))


@given(forecasts())
def test_a_weight_counts_a_forecast_that_often(given_forecasts):
    probability, observed, _, weight = given_forecasts
    weight = weight + (np.arange(len(weight)) < 2)
    times = weight.astype(int)
    repeated, truth = np.repeat(probability, times), np.repeat(observed, times)
    rows = np.stack([weight, np.ones_like(weight)])
    assert average_precision(probability, observed, rows) == pytest.approx(
        [
            float(average_precision(repeated, truth)),
            float(average_precision(probability, observed)),
        ]
    )
    assert brier_score(probability, observed, rows)[0] == pytest.approx(
        brier_score(repeated, truth)
    )
    assert log_score(probability, observed, weight) == pytest.approx(log_score(repeated, truth))


@given(forecasts())
def test_within_region_auc_counts_pairs_of_one_region(given_forecasts):
    probability, observed, region, _ = given_forecasts
    won = pairs = 0.0
    for i in np.flatnonzero(observed == 1):
        for j in np.flatnonzero(observed == 0):
            if region[i] == region[j]:
                pairs += 1
                won += 1 if probability[i] > probability[j] else 0
                won += 0.5 if probability[i] == probability[j] else 0
    found = within_region_auc(probability, observed, region)
    assert found == pytest.approx(won / pairs) if pairs else np.isnan(found)


def test_a_region_level_alone_says_nothing_within_regions():
    region = np.repeat([0, 1], 4)
    probability = np.where(region == 0, 0.9, 0.1)
    observed = np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    assert auc(probability, observed) == 0.75
    assert within_region_auc(probability, observed, region) == 0.5


@given(forecasts())
def test_murphy_parts_add_up_to_the_brier_score(given_forecasts):
    probability, observed, bins, _ = given_forecasts
    parts = murphy_parts(probability, observed, bins)
    assert parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins == (
        pytest.approx(float(brier_score(probability, observed)))
    )
    by_value = np.unique(probability, return_inverse=True)[1]
    assert murphy_parts(probability, observed, by_value).within_bins == pytest.approx(0, abs=1e-12)


def test_murphy_parts_of_a_small_case_by_hand():
    probability = np.array([0.2, 0.2, 0.8, 0.8])
    observed = np.array([0.0, 0.0, 1.0, 0.0])
    parts = murphy_parts(probability, observed, np.array([0, 0, 1, 1]))
    assert parts.reliability == pytest.approx((0.2**2 + 0.3**2) / 2)
    assert parts.resolution == pytest.approx(0.25**2)
    assert parts.uncertainty == pytest.approx(0.25 * 0.75)


@pytest.mark.parametrize(
    ("score", "reference", "skill"), [(0.0, 0.1, 1.0), (0.1, 0.1, 0.0), (0.2, 0.1, -1.0)]
)
def test_skill_is_relative_to_the_reference(score, reference, skill):
    assert brier_skill(score, reference) == pytest.approx(skill)


def test_what_has_no_value_is_nan():
    one_class = np.zeros(3)
    assert np.isnan(average_precision(np.array([0.1, 0.2, 0.3]), one_class))
    assert np.isnan(auc(np.array([0.1, 0.2, 0.3]), one_class))
    assert np.isnan(within_region_auc(np.array([0.1, 0.2, 0.3]), one_class, np.zeros(3, np.int64)))
    assert np.isnan(brier_skill(0.1, 0.0))


def test_a_certain_miss_costs_a_finite_log_score():
    assert log_score(np.array([0.0]), np.array([1.0])) == pytest.approx(-np.log(LOG_SCORE_FLOOR))
