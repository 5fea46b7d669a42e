"""A trial as known: its report, the model in service, going on after a kill, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from data.calendar import period_label
from data.database import open_database
from data.errors import NothingKnown, NotReady
from models import backtest
from models.settings import ModelSettings
from models.trial import IN_SERVICE, Plan, run_trial
from tests.models.knowing import HORIZON, SETTINGS, know
from tests.told_months import (
    FIRST_MONTH,
    N_AT_ONCE,
    N_MONTHLY,
    delivery_day,
)


@pytest.fixture(scope="module")
def settings() -> ModelSettings:
    return SETTINGS


PLAN = Plan(horizons=(1, HORIZON), also=("beside",))


@pytest.fixture(scope="module")
def trial(told):
    panel, knowledge = know(told)
    return run_trial(panel, SETTINGS, PLAN, knowledge=knowledge, vintage="month 14")


def test_the_report_says_what_was_replayed(trial):
    report = trial.report
    assert report["replay"] == "as known"
    assert report["vintage"] == "month 14"
    told = report["as_known"]
    assert (told["n_origins"], told["n_never_newest"]) == (N_MONTHLY, N_AT_ONCE - 1)
    assert told["auxiliary_known_from"] == {"beside": delivery_day(0).isoformat()}
    assert told["origins"][1] == {
        "origin": period_label(FIRST_MONTH + N_AT_ONCE, "month"),
        "as_of": delivery_day(1).isoformat(),
        "vintages": ["month 1"],
    }
    for horizon, figures in report["horizons"].items():
        here = trial.predictions[trial.predictions["horizon"] == int(horizon)]
        assert figures["skill"]["n_positives"] == here["observed"].sum()
        assert here["origin"].nunique() == N_MONTHLY - int(horizon) + 1
        assert figures["calibration"] == "identity"


@pytest.mark.parametrize("recipe", ["logit", "mix"])
def test_a_model_in_service_is_learned_from_what_was_known(told, settings, recipe):
    panel, knowledge = know(told)
    manifest = {
        "model_version": "other",
        "feature_set": settings.feature_set,
        "recipe": recipe,
        "settings": settings.model_dump(),
        "auxiliary": [{"region_set": "beside"}],
    }
    plan = replace(PLAN, horizons=(1,))
    found = run_trial(panel, settings, replace(plan, in_service=manifest), knowledge=knowledge)
    alone = run_trial(panel, settings, replace(plan, recipe=recipe), knowledge=knowledge)
    said, expected = found.predictions[f"baseline_{IN_SERVICE}"], alone.predictions["probability"]
    pd.testing.assert_series_equal(said, expected, check_names=False, check_exact=True)


def test_a_killed_trial_goes_on_and_reads_no_more_than_it_must(
    told, settings, trial, tmp_path, monkeypatch
):
    reads: list[date] = []
    panel, knowledge = know(told, reads)
    folder, real, fits = tmp_path / "folds", backtest._forecast_fold, []

    def count(*arguments):
        if len(fits) == 2:
            raise KeyboardInterrupt
        fits.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(backtest, "_forecast_fold", count)
    with pytest.raises(KeyboardInterrupt):
        run_trial(panel, settings, PLAN, knowledge=knowledge, vintage="month 14", folder=folder)
    monkeypatch.setattr(backtest, "_forecast_fold", real)
    kept = sorted(folder.rglob("*.npz"))
    assert len(kept) == 2
    reads.clear()
    found = run_trial(panel, settings, PLAN, knowledge=knowledge, vintage="month 14", folder=folder)
    pd.testing.assert_frame_equal(found.predictions, trial.predictions, check_exact=True)
    assert found.report == trial.report
    assert not folder.exists()
    # One panel an origin, and one of the set beside a refit, less those of the two folds that were
    # kept: five origins, two refits.
    n_refits = [figures["n_refits"] for figures in found.report["horizons"].values()]
    assert len(reads) == (N_MONTHLY + N_MONTHLY - 1) + sum(n_refits) - (5 + 2)


def test_folds_of_other_deliveries_are_not_taken_up(told, settings, tmp_path, monkeypatch):
    panel, knowledge = know(told)
    real, folder, runs = backtest._forecast_fold, tmp_path / "folds", []
    monkeypatch.setattr("models.trial.clear_folds", lambda folder: None)
    monkeypatch.setattr(
        backtest, "_forecast_fold", lambda *arguments: runs.append(1) or real(*arguments)
    )
    plan = replace(PLAN, horizons=(1,))
    counts = []
    for digest in ("one", "one", "other"):
        run_trial(panel, settings, plan, knowledge=replace(knowledge, digest=digest), folder=folder)
        counts.append(len(runs))
    assert counts[0] == counts[1]
    assert counts[2] == 2 * counts[0]


def test_one_delivery_is_too_little(snapshots, settings):
    database = open_database(f"sqlite:///{snapshots[4]}")
    panel, knowledge = know(database)
    with pytest.raises(NotReady) as refused:
        run_trial(panel, settings, Plan(horizons=(1,), first="2017-01"), knowledge=knowledge)
    database.close()
    assert "Of 27 months that a closed window of 1 month follows" in refused.value.message
    assert "4 were the newest one known" in refused.value.message
    assert "--known-at" in refused.value.hint


def test_a_set_of_which_nothing_was_known_is_refused(told, settings):
    panel, knowledge = know(told)
    never = replace(knowledge, known_from={})
    with pytest.raises(NothingKnown, match="'beside' was known when"):
        run_trial(panel, settings, PLAN, knowledge=never)
