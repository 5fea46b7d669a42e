"""A sample of training rows keeps every case and what the whole adds up to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.estimators.ridge import fit_logit, log_odds_of, probability_of
from models.sampling import sample_rows
from models.task import build_task


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 400), st.integers(0, 5))
def test_all_cases_are_kept_and_weights_sum_to_the_rows(n_cases, n_rest, most, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat([1.0, 0.0], [n_cases, n_rest]))
    kept, weights = sample_rows(labels, most, seed)
    assert (np.diff(kept) > 0).all()
    assert labels[kept].sum() == n_cases
    assert weights.sum() == pytest.approx(n_cases + n_rest)
    assert (weights[labels[kept] > 0] == 1).all()
    assert len(kept) <= max(most, 2 * n_cases + 1)
    if len(labels) <= most:
        assert len(kept) == len(labels)


def test_the_probability_is_that_of_all_rows():
    generator = np.random.default_rng(4)
    features = generator.normal(size=(60_000, 3)).astype(np.float32)
    labels = (generator.random(60_000) < probability_of(features[:, 0] - 4)).astype(np.float64)
    kept, weights = sample_rows(labels, 6_000, 1)
    assert len(kept) == 6_000
    whole = probability_of(log_odds_of(fit_logit(features, labels, 1.0), features))
    part = fit_logit(features[kept], labels[kept], 1.0, weights)
    sampled = probability_of(log_odds_of(part, features))
    unweighted = fit_logit(features[kept], labels[kept], 1.0)
    assert sampled.mean() == pytest.approx(whole.mean(), rel=0.02)
    assert np.abs(np.log(sampled / whole)).mean() < 0.1
    assert probability_of(log_odds_of(unweighted, features)).mean() > 4 * whole.mean()


def test_a_task_samples_what_trains_and_not_what_is_measured(panel, settings):
    few = settings.model_copy(update={"most_training_rows": 1_000})
    whole, task = build_task(panel, settings, 1), build_task(panel, few, 1)
    closed = task.closed_rows(170)
    assert len(closed.labels) == 1_000
    assert closed.labels.sum() == whole.closed_rows(170).labels.sum()
    assert closed.weights.sum() == pytest.approx(len(whole.closed_rows(170).labels))
    assert (task.closed_labels(170) == whole.closed_labels(170)).all()
    again = task.closed_rows(170)
    assert (again.period == closed.period).all()
    assert (again.region == closed.region).all()
