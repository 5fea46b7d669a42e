"""Boosted trees as arrays: the forecasts of scikit-learn, the values of the shap library."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shap

from data.errors import UnknownName
from models.artefacts.artefact import unpack_artefact
from models.artefacts.card import build_card
from models.estimators.boosted import (
    explain_trees_exactly,
    fit_boosted_trees,
    fit_trees,
    pack_trees,
    trees_log_odds,
)
from models.estimators.ensemble import PARTS, ensemble_log_odds, explain_ensemble
from models.estimators.uncertainty import coefficient_covariance
from models.recipes import RECIPES, SERVED, fit_served
from models.score import score_panel
from models.task import build_task
from models.train import train_model

CREATED_AT = datetime(2020, 1, 15, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def task(panel, settings):
    return build_task(panel, settings, 3)


@pytest.fixture(scope="module")
def closed(task):
    return task.closed_rows(120)


@pytest.fixture(scope="module")
def features(task):
    rows = np.concatenate([task.features.values[row] for row in range(121, 160)])
    holes = np.random.default_rng(1).random(rows.shape) < 0.1
    return np.where(holes, np.nan, rows).astype(np.float32)


def test_the_arrays_forecast_as_the_trees_do(closed, features, settings):
    weights = np.random.default_rng(2).uniform(0.5, 4, len(closed.labels))
    for rows in (closed, replace(closed, weights=weights)):
        trees = fit_boosted_trees(rows, settings.seed)
        assert trees_log_odds(pack_trees(trees), features) == pytest.approx(
            trees.decision_function(features), abs=1e-12
        )


def test_contributions_are_those_of_the_shap_library_and_sum(closed, features, settings):
    trees = fit_boosted_trees(closed, settings.seed)
    base, added = explain_trees_exactly(pack_trees(trees), features)
    theirs = shap.TreeExplainer(trees)
    assert base == pytest.approx(np.full(len(features), np.ravel(theirs.expected_value)[-1]))
    assert added == pytest.approx(theirs.shap_values(features.astype(np.float64)), abs=1e-9)
    total = trees_log_odds(fit_trees(closed, settings.seed), features)
    assert np.abs(base + added.sum(axis=1) - total).max() < 1e-9


@pytest.mark.parametrize("recipe", list(SERVED))
def test_what_can_be_served_is_stored_explained_and_the_same_as_in_a_backtest(
    task, closed, settings, recipe
):
    fitted = fit_served(recipe, closed, settings)
    rows = task.origin_rows(150, np.arange(12))
    said = ensemble_log_odds(fitted, rows)
    assert said.tolist() == RECIPES[recipe](closed, settings)(rows).tolist()
    base, added = explain_ensemble(fitted, rows)
    assert np.abs(base + added.sum(axis=1) - said).max() < 1e-6
    names = ("logit", "counts") if recipe == "mix" else (recipe,)
    assert fitted.parts == names
    assert set(names) <= set(PARTS)
    covariance = coefficient_covariance(fitted, closed, settings.ridge_c)
    assert covariance.shape[0] == covariance.shape[1]
    assert bool(covariance.size) is (recipe != "boosting")


def test_what_is_only_tried_cannot_be_served(closed, settings):
    with pytest.raises(UnknownName, match="tried and not be served"):
        fit_served("stacking", closed, settings)
    with pytest.raises(UnknownName, match="oracle"):
        fit_served("oracle", closed, settings)


@pytest.mark.parametrize("recipe", ["logit", "counts", "boosting"])
def test_a_challenger_is_trained_stored_and_scores(panel, settings, trained, recipe):
    narrow = settings.model_copy(update={"horizons": (3,)})
    found = train_model(panel, narrow, created_at=CREATED_AT, recipe=recipe)
    assert found.manifest["recipe"] == recipe
    assert found.model_version != trained.model_version
    assert found.manifest["horizons"]["3"]["parts"] == [recipe]
    model = replace(found.model, horizons=unpack_artefact(found.artefact))
    run = score_panel(model, panel, narrow)
    assert run == score_panel(found.model, panel, narrow)
    served = [one for one in run.scores if one.model_probability is not None]
    assert served
    for one in served:
        odds = np.log(one.model_probability / (1 - one.model_probability))
        told = one.base_log_odds + sum(each.log_odds for each in one.contributions)
        assert abs(odds - told) < 1e-6
        if one.status == "ok":
            assert (one.low is None) is (one.high is None) is (recipe == "boosting")
    card = build_card(found.manifest)
    assert card["estimator"]["recipe"] == recipe
    assert bool(card["horizons"]["3"]["coefficients"]) is (recipe == "logit")
