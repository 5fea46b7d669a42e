"""Every recipe learns, repeats itself and knows nothing of the future."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import UnknownName
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
