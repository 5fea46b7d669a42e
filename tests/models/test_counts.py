"""The count model finds what made the counts, and its explanation is exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.estimators.counts import (
    THRESHOLD_FEATURE,
    counts_log_odds,
    explain_counts,
    fit_counts,
    reach_log_odds,
)
from models.estimators.ridge import probability_of
from models.task import ClosedRows, build_task


@pytest.fixture(scope="module")
def made():
    """Counts whose mean and dispersion are known, as closed rows."""
    generator = np.random.default_rng(2)
    n_rows = 20_000
    drivers = generator.normal(size=(n_rows, 2)).astype(np.float32)
    mean = np.exp(1.0 + 0.8 * drivers[:, 0])
    size = np.exp(-(0.2 - 0.6 * drivers[:, 1]))
    counts = generator.negative_binomial(size, size / (size + mean)).astype(np.float64)
    closed = ClosedRows(
        names=("driver", "deaths_12m"),
        features=drivers,
        thresholds=np.full(n_rows, 8.0),
        region=np.arange(n_rows),
        labels=(counts >= 8).astype(np.float64),
        sums=counts,
        weights=np.ones(n_rows),
        period=np.zeros(n_rows, np.int64),
        year=np.zeros(n_rows, np.int64),
    )
    return closed, stats.nbinom.sf(7, size, size / (size + mean))


@pytest.fixture(scope="module")
def task(panel, settings):
    return build_task(panel, settings, 3)


def test_it_finds_the_distribution_that_made_the_counts(made):
    closed, true = made
    found = probability_of(counts_log_odds(fit_counts(closed), closed))
    assert np.abs(found - true).max() < 0.05
    assert np.abs(found - true).mean() < 0.01


def test_a_row_of_weight_two_is_two_rows(made):
    closed, _ = made
    first = np.arange(2_000)
    twice = np.concatenate([first, first[:500]])

    def pick(at, weights):
        names = ("features", "thresholds", "region", "labels", "sums", "period", "year")
        return replace(
            closed, weights=weights, **{name: getattr(closed, name)[at] for name in names}
        )

    weighted = fit_counts(pick(first, np.where(first < 500, 2.0, 1.0)))
    repeated = fit_counts(pick(twice, np.ones(len(twice))))
    assert weighted.centre == pytest.approx(repeated.centre)
    assert weighted.mean == pytest.approx(repeated.mean, abs=1e-3)
    assert weighted.dispersion == pytest.approx(repeated.dispersion, abs=1e-3)


@given(st.floats(-14, 11), st.floats(-5, 7), st.floats(1, 500), st.booleans())
def test_the_chance_to_reach_is_scipys(log_mean, log_dispersion, threshold, is_whole):
    bar = np.ceil(threshold) if is_whole else threshold
    found = reach_log_odds(np.array([log_mean]), np.array([log_dispersion]), np.array([bar]))[0]
    size, mean = np.exp(-log_dispersion), np.exp(log_mean)
    law = stats.nbinom(size, size / (size + mean))
    with np.errstate(divide="ignore"):
        expected = np.clip(law.logsf(np.ceil(bar) - 1) - law.logcdf(np.ceil(bar) - 1), -12, 12)
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_threshold_that_is_no_whole_number_needs_the_next_one(task):
    fitted = fit_counts(task.closed_rows(120))
    rows = task.origin_rows(130, np.arange(12))
    at, above, beyond = (
        counts_log_odds(fitted, replace(rows, thresholds=np.full(12, value)))
        for value in (11.0, 10.2, 12.0)
    )
    assert at.tolist() == above.tolist()
    assert (beyond < at).all()


@pytest.mark.parametrize("has_threshold_feature", [True, False])
def test_contributions_sum_to_the_log_odds(task, has_threshold_feature):
    fitted = fit_counts(task.closed_rows(120))
    for row in (120, 140, 170):
        rows = task.origin_rows(row, np.arange(12))
        if not has_threshold_feature:
            names = tuple("else" if n == THRESHOLD_FEATURE else n for n in rows.names)
            rows = replace(rows, names=names)
        base, added = explain_counts(fitted, rows)
        assert np.abs(base + added.sum(axis=1) - counts_log_odds(fitted, rows)).max() < 1e-9
        assert bool(np.ptp(base) < 1e-12) is has_threshold_feature


def test_an_average_row_is_explained_by_the_base_alone(task):
    fitted = fit_counts(task.closed_rows(120))
    rows = replace(
        task.origin_rows(130, np.arange(1)),
        features=fitted.centre[None, :],
        thresholds=np.array([fitted.threshold]),
    )
    base, added = explain_counts(fitted, rows)
    assert base[0] == pytest.approx(counts_log_odds(fitted, rows)[0])
    assert np.abs(added).max() < 1e-9


def test_what_each_of_the_three_adds_is_its_mean_over_all_orders(task):
    """The Shapley value against the slow way: every order in which the three can be moved."""
    fitted = fit_counts(task.closed_rows(120))
    rows = task.origin_rows(130, np.arange(12))
    design = np.clip((rows.features - fitted.centre) / fitted.scale, -8, 8)
    moves = [
        (fitted.mean[0] + design @ fitted.mean[1:], np.full(12, fitted.mean[0])),
        (fitted.dispersion[0] + design @ fitted.dispersion[1:], np.full(12, fitted.dispersion[0])),
        (rows.thresholds, np.full(12, fitted.threshold)),
    ]
    gained = np.zeros((3, 12))
    for order in permutations(range(3)):
        state = [rest for _, rest in moves]
        for player in order:
            before = reach_log_odds(*state)
            state[player] = moves[player][0]
            gained[player] += (reach_log_odds(*state) - before) / 6
    _, added = explain_counts(fitted, rows)
    bar = rows.names.index(THRESHOLD_FEATURE)
    without = replace(rows, names=tuple("else" for _ in rows.names))
    by_features = explain_counts(fitted, without)[1]
    assert added[:, bar] - by_features[:, bar] == pytest.approx(gained[2])
    assert by_features.sum(axis=1) == pytest.approx(gained[0] + gained[1])
