"""The skill table says what the forecasts were worth."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.backtest import Forecasts, run_backtest
from models.bootstrap import draw_blocks
from models.estimators.ridge import probability_of
from models.metrics import average_precision, brier_score, within_region_auc
from models.skill.table import measure_skill
from models.task import build_task


@pytest.fixture(scope="module")
def forecasts(panel, settings) -> Forecasts:
    return run_backtest(build_task(panel, settings, 3), settings)


def _measure(forecasts: Forecasts, log_odds: np.ndarray) -> dict:
    draws = draw_blocks(forecasts.region, forecasts.year, n_draws=100, seed=1)
    return measure_skill(forecasts, log_odds, draws, seed=1)


def test_figures_are_those_of_the_metrics(forecasts):
    skill = _measure(forecasts, forecasts.log_odds)
    probability, observed = probability_of(forecasts.log_odds), forecasts.observed
    model, past = skill["model"], skill["baselines"]["climatology"]
    assert skill["n_forecasts"] == len(forecasts)
    assert skill["prevalence"] == pytest.approx(observed.mean())
    assert model["average_precision"]["value"] == pytest.approx(
        float(average_precision(probability, observed))
    )
    assert model["within_region_auc"]["value"] == pytest.approx(
        within_region_auc(probability, observed, forecasts.region)
    )
    assert past["brier"] == pytest.approx(
        float(brier_score(forecasts.baselines["climatology"], observed))
    )
    assert skill["skill_against"]["climatology"]["value"] == pytest.approx(
        1 - model["brier"]["value"] / past["brier"]
    )


def test_every_figure_lies_in_its_interval(forecasts):
    skill = _measure(forecasts, forecasts.log_odds)
    for figure in (*skill["skill_against"].values(), skill["model"]["average_precision"]):
        assert figure["low"] <= figure["value"] <= figure["high"]


def test_a_perfect_forecast_has_skill_one(forecasts):
    skill = _measure(forecasts, np.where(forecasts.observed > 0, 40.0, -40.0))
    assert skill["model"]["average_precision"]["value"] == 1
    assert skill["skill_against"]["conflictology"]["low"] == pytest.approx(1)
    assert [one["n_followed"] for one in skill["track_record"]] == [skill["n_positives"]] * 3


def test_the_track_record_counts_forecasts_at_or_above_a_threshold(forecasts):
    quarter = np.log(0.25 / 0.75)
    log_odds = np.where(np.arange(len(forecasts)) < 10, quarter + 1e-12, quarter - 0.01)
    record = {one["threshold"]: one for one in _measure(forecasts, log_odds)["track_record"]}
    assert record[0.25]["n_forecasts"] == 10
    assert record[0.25]["n_followed"] == int(forecasts.observed[:10].sum())
    assert record[0.5] == {"threshold": 0.5, "n_forecasts": 0, "n_followed": 0}


def test_the_table_is_ready_for_json_even_without_a_positive(forecasts):
    quiet = replace(forecasts, observed=np.zeros(len(forecasts)))
    skill = _measure(quiet, forecasts.log_odds)
    assert json.loads(json.dumps(skill, allow_nan=False)) == skill
    assert skill["model"]["average_precision"]["value"] is None
    assert skill["skill_against"]["zeros"]["value"] is None
