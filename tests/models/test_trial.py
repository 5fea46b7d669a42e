"""A trial measures the whole protocol, goes on after a kill and does not depend on its workers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from data.errors import NotReady, UnknownName, UsageError
from models import backtest
from models.baselines import BASELINES
from models.checkpoints import FoldFiles, hash_run
from models.metrics import average_precision, brier_score
from models.trial import IN_SERVICE, Plan, run_trial

PLAN = Plan(horizons=(1, 3), first="2013-01", last="2016-12")


@pytest.fixture(scope="module")
def trial(panel, settings, trained):
    return run_trial(panel, settings, replace(PLAN, in_service=trained.manifest))


def test_origins_are_those_whose_window_closes_in_the_span(trial):
    table = trial.predictions
    for horizon, last in ((1, "2016-11"), (3, "2016-09")):
        here = table[table["horizon"] == horizon]
        assert (here["origin"].min(), here["origin"].max()) == ("2013-01", last)
        assert not here.duplicated(["region_id", "origin"]).any()
        assert trial.report["horizons"][str(horizon)]["n_refits"] == 8


def test_every_figure_can_be_recomputed_from_the_predictions(trial):
    json.dumps(trial.report, allow_nan=False)
    for horizon, figures in trial.report["horizons"].items():
        here = trial.predictions[trial.predictions["horizon"] == int(horizon)]
        observed = here["observed"].to_numpy(dtype=np.float64)
        said = here["probability"].to_numpy()
        model = figures["skill"]["model"]
        assert model["average_precision"]["value"] == pytest.approx(
            average_precision(said, observed)
        )
        for name in (*BASELINES, IN_SERVICE):
            values = here[f"baseline_{name}"].to_numpy()
            skill = 1 - brier_score(said, observed) / brier_score(values, observed)
            assert figures["skill"]["skill_against"][name]["value"] == pytest.approx(skill)
            assert figures["paired"][name]["average_precision"]["value"] == pytest.approx(
                average_precision(said, observed) - average_precision(values, observed)
            )


def test_a_model_gains_nothing_over_itself(trial):
    for figures in trial.report["horizons"].values():
        gain = figures["paired"][IN_SERVICE]["log_score"]
        assert gain == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_killed_trial_goes_on_from_its_folds(panel, settings, trial, tmp_path, monkeypatch):
    plan, real, fits = replace(PLAN, in_service=None), backtest._forecast_fold, []

    def count(*arguments):
        if len(fits) == 5:
            raise KeyboardInterrupt
        fits.append(arguments[0].value.refit)
        return real(*arguments)

    monkeypatch.setattr(backtest, "_forecast_fold", count)
    with pytest.raises(KeyboardInterrupt):
        run_trial(panel, settings, plan, folder=tmp_path / "folds")
    kept = sorted((tmp_path / "folds").rglob("*.npz"))
    assert len(kept) == 5
    kept[0].write_bytes(kept[0].read_bytes()[:100])
    again = []
    monkeypatch.setattr(
        backtest, "_forecast_fold", lambda *arguments: again.append(1) or real(*arguments)
    )
    found = run_trial(panel, settings, plan, folder=tmp_path / "folds")
    assert len(again) == 16 - 4
    columns = [name for name in trial.predictions if name != f"baseline_{IN_SERVICE}"]
    pd.testing.assert_frame_equal(found.predictions, trial.predictions[columns], check_exact=True)
    assert not (tmp_path / "folds").exists()


def test_folds_of_other_data_are_not_taken_up(panel, settings):
    values = {**panel.values, "deaths": panel.values["deaths"] + 1}
    described = {"seed": 1}
    assert hash_run([panel], described) == hash_run([replace(panel)], dict(described))
    assert hash_run([replace(panel, values=values)], described) != hash_run([panel], described)
    assert hash_run([panel], {"seed": 2}) != hash_run([panel], described)
    assert hash_run([panel, panel], described) != hash_run([panel], described)


def test_a_fold_comes_back_as_it_was_kept(panel, settings, tmp_path):
    store = FoldFiles(tmp_path, "run", "escalation-1")
    assert store.load(3) is None
    forecasts = _some_forecasts()
    store.save(3, forecasts)
    kept = FoldFiles(tmp_path, "run", "escalation-1").load(3)
    assert kept is not None
    assert kept.log_odds.tobytes() == forecasts.log_odds.tobytes()
    assert list(kept.baselines) == ["zeros"]
    assert FoldFiles(tmp_path, "run", "severe-1").load(3) is None
    assert not list(Path(tmp_path).rglob("*.part"))


def _some_forecasts():
    whole, numbers = np.arange(4), np.linspace(-1, 1, 4)
    return backtest.Forecasts(
        *(whole, whole, whole, whole, whole), *(numbers, numbers, numbers), {"zeros": numbers}
    )


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_two_workers_of_any_kind_give_the_same_bits(panel, settings, trial, backend):
    two = settings.model_copy(update={"n_jobs": 2})
    with joblib.parallel_config(backend=backend):
        found = run_trial(panel, two, replace(PLAN, horizons=(1,)))
    one = trial.predictions[trial.predictions["horizon"] == 1]
    assert found.predictions["probability"].tolist() == one["probability"].tolist()


def test_progress_counts_every_fold(panel, settings):
    seen = []
    run_trial(panel, settings, replace(PLAN, horizons=(1,)), on_progress=lambda *s: seen.append(s))
    assert [done for done, _, _ in seen] == list(range(1, 9))
    assert {total for _, total, _ in seen} == {8}


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"first": "1990-01"}, UsageError, "panel runs from 2005-01 to 2019-12"),
        ({"first": "2016-12", "last": "2013-01"}, UsageError, "no origins from 2016-12"),
        ({"recipe": "oracle"}, UnknownName, "oracle"),
        ({"outcome": "peace"}, UnknownName, "peace"),
        ({"horizons": (40,)}, UsageError, "out of range"),
        ({"first": "2005-01", "last": "2006-12"}, NotReady, "Too early to tell"),
    ],
)
def test_what_cannot_be_tried_is_said(panel, settings, changes, error, words):
    with pytest.raises(error) as refused:
        run_trial(panel, settings, replace(PLAN, **changes))
    assert words in f"{refused.value.message} {refused.value.hint}"
