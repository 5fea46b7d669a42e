"""Every recipe learns, repeats itself and knows nothing of the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from data.errors import UnknownName
from models.challengers.counts import fit_counts
from models.metrics import auc
from models.recipes import RECIPES, check_recipe
from models.task import ClosedRows, build_task


@pytest.fixture(scope="module")
def task(panel, settings):
    return build_task(panel, settings, 3)


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_recipe_ranks_what_it_has_not_seen(task, settings, name):
    closed = task.closed_rows(120)
    forecast, again = (RECIPES[name](closed, settings) for _ in range(2))
    region = np.arange(12)
    said, came = [], []
    for row in range(120, 170):
        rows = task.origin_rows(row, region)
        log_odds = forecast(rows)
        assert np.isfinite(log_odds).all()
        assert log_odds.tolist() == again(rows).tolist()
        said.append(log_odds)
        came.append(task.history.labels[row])
    assert auc(np.concatenate(said), np.concatenate(came)) > 0.6


def test_the_mix_is_the_mean_of_its_parts(task, settings):
    closed, rows = task.closed_rows(120), task.origin_rows(130, np.arange(12))
    parts = [RECIPES[name](closed, settings)(rows) for name in ("logit", "counts")]
    assert RECIPES["mix"](closed, settings)(rows) == pytest.approx((parts[0] + parts[1]) / 2)


def test_the_count_model_finds_the_distribution_that_made_the_counts(settings):
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
        labels=(counts >= 8).astype(np.float64),
        sums=counts,
    )
    rows = replace(closed, features=drivers[:500], thresholds=np.full(500, 8.0))
    found = 1 / (1 + np.exp(-fit_counts(closed, settings)(rows)))
    true = stats.nbinom.sf(7, size[:500], (size / (size + mean))[:500])
    assert np.abs(found - true).max() < 0.05
    assert np.abs(found - true).mean() < 0.01


def test_a_threshold_that_is_no_whole_number_needs_the_next_one(task, settings):
    forecast = fit_counts(task.closed_rows(120), settings)
    rows = task.origin_rows(130, np.arange(12))
    at, above = (forecast(replace(rows, thresholds=np.full(12, value))) for value in (11.0, 10.2))
    assert at.tolist() == above.tolist()
    assert (forecast(replace(rows, thresholds=np.full(12, 12.0))) < at).all()


def test_an_unknown_recipe_is_refused():
    with pytest.raises(UnknownName, match="oracle"):
        check_recipe("oracle")
