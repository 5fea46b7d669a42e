"""Comparison, guard and card of a model."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.artefacts.card import build_card
from models.backtest import run_backtest
from models.comparison import compare_scores, share_of_level_changes
from models.estimators.ridge import probability_of
from models.score import score_panel
from models.skill.guard import check_magnitude, measure_range
from models.task import build_task
from models.trial import settings_of


def _level(score: float) -> str:
    return "high" if score >= 0.25 else "low"


@pytest.fixture(scope="module")
def run(trained, panel, settings):
    return score_panel(trained.model, panel, settings)


def test_every_region_and_horizon_is_compared_once(run):
    changes = compare_scores(run, run, _level)
    assert [(one.region_id, one.horizon) for one in changes] == [
        (one.region_id, one.horizon) for one in run.scores
    ]
    assert not any(one.is_level_change for one in changes)
    assert share_of_level_changes(changes) == 0


def test_level_changes_are_counted_and_a_missing_score_is_one(run):
    first, second = run.scores[0], run.scores[1]
    moved = (
        replace(first, risk_score=0.25),
        replace(second, risk_score=None, status="stale"),
        *run.scores[2:],
    )
    low = replace(run, scores=tuple(replace(one, risk_score=0.2) for one in run.scores[:2])
                  + run.scores[2:])  # fmt: skip
    changes = compare_scores(low, replace(run, scores=moved), _level)
    assert [one.is_level_change for one in changes[:3]] == [True, True, False]
    assert (changes[0].level_before, changes[0].level_after) == ("low", "high")
    assert changes[1].level_after is None
    assert share_of_level_changes(changes) == pytest.approx(2 / len(changes))


def test_without_a_model_in_service_there_is_no_before(run):
    changes = compare_scores(None, run, _level)
    assert {one.before for one in changes} == {None}
    assert {one.status_before for one in changes} == {None}


def test_the_range_is_that_of_the_means_of_origins(trained):
    table = trained.backtest[trained.backtest["horizon"] == 3]
    means = table.groupby("origin")["probability"].mean()
    measured = trained.manifest["horizons"]["3"]["guard"]
    assert measured["lowest_mean"] == pytest.approx(means.min())
    assert measured["highest_mean"] == pytest.approx(means.max())


@pytest.mark.parametrize(
    ("mean", "is_odd"),
    [(0.05, False), (0.2, False), (0.018, False), (0.016, True), (0.42, False), (0.44, True)],
)
def test_scores_three_times_beyond_the_range_in_odds_are_out_of_proportion(mean, is_odd):
    measured = {"lowest_mean": 0.05, "highest_mean": 0.2}
    assert bool(check_magnitude(np.full(7, mean), measured)) is is_odd


def test_what_is_no_number_is_out_of_proportion_and_nothing_is_not():
    measured = {"lowest_mean": 0.05, "highest_mean": 0.2}
    assert "not numbers" in check_magnitude(np.array([0.1, np.nan]), measured)
    assert check_magnitude(np.empty(0), measured) == ""


def test_a_run_out_of_proportion_is_served_as_the_baseline(trained, panel, settings):
    described = dict(trained.manifest["horizons"])
    described["3"] = {**described["3"], "gate": {"is_passed": True, "reason": ""},
                      "guard": {"lowest_mean": 0.9, "highest_mean": 0.95}}  # fmt: skip
    broken = replace(trained.model, manifest={**trained.manifest, "horizons": described})
    scores = [one for one in score_panel(broken, panel, settings).scores if one.horizon == 3]
    assert {one.status for one in scores} == {"baseline_only"}
    for one in scores:
        assert one.risk_score == one.climatology
        assert "out of proportion" in one.reason


def test_the_range_ignores_the_order_of_forecasts(trained, panel, settings):
    forecasts = run_backtest(build_task(panel, settings, 1), settings)
    probability = probability_of(forecasts.log_odds)
    flipped = replace(
        forecasts, **{name: getattr(forecasts, name)[::-1] for name in ("row", "region", "year")}
    )
    assert measure_range(flipped, probability[::-1]) == pytest.approx(
        measure_range(forecasts, probability)
    )


def test_the_card_tells_what_training_measured(trained):
    card = build_card(trained.manifest)
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    for horizon, one in card["horizons"].items():
        described = trained.manifest["horizons"][horizon]
        assert one["is_served"] == described["gate"]["is_passed"]
        assert one["average_precision"] == described["skill"]["model"]["average_precision"]
        sizes = [abs(row["coefficient"]) for row in one["coefficients"]]
        assert sizes == sorted(sizes, reverse=True)
        assert len(sizes) == len(described["features"])
    assert card["not_for"]
    assert card["limits"]


def test_settings_of_a_stored_model_make_it_again(trained, settings):
    other = settings.model_copy(update={"ridge_c": 9.0, "train_from": "2010-01"})
    assert settings_of(other, trained.manifest) == settings
