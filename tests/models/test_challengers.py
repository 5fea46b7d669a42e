"""Every recipe learns, repeats itself and knows nothing of the future."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import UnknownName
from models.challengers.tree_drivers import explain_trees
from models.metrics import auc
from models.recipes import RECIPES, check_recipe
from models.task import build_task


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


def test_an_unknown_recipe_is_refused():
    with pytest.raises(UnknownName, match="oracle"):
        check_recipe("oracle")


@pytest.mark.parametrize(("name", "unit"), [("boosting", "log-odds"), ("trees", "probability")])
def test_drivers_of_trees_sum_to_what_they_forecast(task, settings, name, unit):
    closed, rows = task.closed_rows(120), task.origin_rows(150, np.arange(12))
    found = explain_trees(name, closed, rows, settings)
    assert found.unit == unit
    assert found.added.shape == (12, len(task.features.names))
    assert np.abs(found.base + found.added.sum(axis=1) - found.total).max() < 1e-6
    forecast = RECIPES[name](closed, settings)(rows)
    same = found.total if unit == "log-odds" else np.log(found.total / (1 - found.total))
    assert same == pytest.approx(forecast, abs=1e-9)


def test_only_trees_are_explained_so(task, settings):
    with pytest.raises(UnknownName, match="no trees"):
        explain_trees("mix", task.closed_rows(120), task.origin_rows(150, np.arange(12)), settings)
