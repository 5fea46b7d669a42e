"""A backtest on the simulated world stands beside its truth."""

from __future__ import annotations

import json
from datetime import date

import pytest

from data.errors import UsageError
from models.trial import Plan
from service.modelling.backtesting import backtest_fatalities, backtest_set, fold_folder
from service.report.page import render_report

DAY = date(2021, 12, 15)
PLAN = Plan(horizons=(1,), first="2020-06", last="2021-09")


@pytest.fixture(scope="module")
def trial(copy_demo, tmp_path_factory):
    with copy_demo(tmp_path_factory.mktemp("backtesting") / "demo") as demo:
        found = backtest_set(demo.database, demo.settings, PLAN, region_set="demo", as_of=DAY)
        yield found, demo


def test_the_truth_scores_better_than_the_forecast(trial):
    figures = trial[0].report["horizons"]["1"]
    truth = figures["truth"]
    json.dumps(truth, allow_nan=False)
    assert truth["best"]["log_score"] < truth["reached"]["log_score"]
    assert truth["best"]["brier"] < truth["reached"]["brier"]
    assert truth["reached"]["brier"] == pytest.approx(figures["skill"]["model"]["brier"]["value"])
    assert 0 < truth["calibration_error"] < 0.3
    assert truth["mean_truth"] == pytest.approx(figures["skill"]["prevalence"], abs=0.06)


def test_the_model_in_service_is_a_baseline(trial):
    assert "baseline_in_service" in trial[0].predictions.columns
    assert trial[0].report["model_in_service"].startswith("demo-escalation-")


def test_the_report_tells_of_the_truth(trial):
    page = render_report(trial[0].report, made_at=trial[1].clock())
    assert "Against the truth of the simulated world" in page
    assert "The events are simulated" in page


def test_a_file_of_another_kind_is_refused_before_anything_is_done(demo, tmp_path):
    with pytest.raises(UsageError, match="no file of predictions"):
        fold_folder(tmp_path / "predictions.xls")
    with pytest.raises(UsageError, match="no file of predictions"):
        backtest_fatalities(
            demo.database,
            demo.settings,
            region_set="nowhere",
            as_of=DAY,
            by="region",
            horizons=(1,),
            first="2018-01",
            last="2020-12",
            out=tmp_path / "predictions.xls",
        )
    assert list(tmp_path.iterdir()) == [tmp_path / "demo"]
