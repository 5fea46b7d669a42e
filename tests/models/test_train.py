"""Training gives the same model for the same data, and says when it is too early."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from data.calendar import period_label, period_of
from data.errors import NotReady
from models.score import score_panel
from models.train import train_model

LATER = datetime(2024, 6, 1, tzinfo=UTC)


def test_training_twice_gives_the_same_model(panel, settings, trained):
    again = train_model(panel, settings, created_at=LATER, vintages=("plain 1",))
    assert again.model_version == trained.model_version
    first, second = dict(trained.manifest), dict(again.manifest)
    for own in ("created_at", "artefact_sha256"):
        del first[own], second[own]
    assert first == second
    assert again.backtest.equals(trained.backtest)
    for horizon, part in trained.model.horizons.items():
        other = again.model.horizons[horizon]
        assert (
            part.estimator.logit.logit.coef_.tobytes()
            == other.estimator.logit.logit.coef_.tobytes()
        )
        assert part.calibration == other.calibration


def test_the_number_of_threads_changes_no_bit(panel, settings, trained):
    with threadpool_limits(limits=2):
        again = train_model(panel, settings, created_at=LATER, vintages=("plain 1",))
    assert again.model_version == trained.model_version


def test_the_version_names_set_outcome_day_and_content(panel, settings, trained):
    head, _, digest = trained.model_version.rpartition("-")
    assert head == "plain-escalation-20200115"
    assert len(digest) == 8
    int(digest, 16)
    stronger = settings.model_copy(update={"ridge_c": 0.001, "horizons": (1,)})
    assert train_model(panel, stronger, created_at=LATER).model_version != trained.model_version


def test_the_manifest_answers_what_a_user_may_ask(trained):
    manifest = json.loads(trained.manifest_bytes)
    assert manifest == trained.manifest
    assert manifest["artefact_sha256"] == hashlib.sha256(trained.artefact).hexdigest()
    assert manifest["created_at"] == "2020-01-15T06:00:00+00:00"
    assert manifest["outcome"]["version"] == "escalation-1"
    assert manifest["replay"] == "final data"
    assert manifest["data"] == {
        "as_of": "2020-01-15",
        "origin": "2019-12",
        "cutoff": "2019-12-31",
        "vintages": ["plain 1"],
        "is_simulated": True,
    }
    assert set(manifest["libraries"]) == {"python", "scikit-learn", "numpy", "joblib"}
    assert list(manifest["horizons"]) == ["1", "3", "6"]
    for horizon, described in manifest["horizons"].items():
        assert described["backtest"]["first_origin"] == "2015-01"
        assert described["backtest"]["embargo"] == int(horizon)
        assert described["n_positives"] >= 20
        assert described["calibration"]["kind"] in {"identity", "linear in log-odds"}
        assert isinstance(described["gate"]["is_passed"], bool)
        assert len({one["name"] for one in described["features"]}) == 17
        assert described["skill"]["n_forecasts"] > 0


def test_the_coefficients_in_the_manifest_are_those_that_score(trained):
    for horizon, part in trained.model.horizons.items():
        described = trained.manifest["horizons"][str(horizon)]
        assert [one["coefficient"] for one in described["features"]] == (
            part.estimator.logit.logit.coef_[0].tolist()
        )
        assert described["intercept"] == part.estimator.logit.logit.intercept_[0]


def test_the_backtest_is_one_table_of_all_horizons(trained):
    table = trained.backtest
    assert sorted(table["horizon"].unique()) == [1, 3, 6]
    assert not table.duplicated(["region_id", "origin", "horizon"]).any()
    for horizon, described in trained.manifest["horizons"].items():
        here = table[table["horizon"] == int(horizon)]
        assert len(here) == described["skill"]["n_forecasts"]
        assert here["observed"].sum() == described["skill"]["n_positives"]


def test_progress_runs_from_one_to_the_whole(panel, settings):
    seen = []
    quick = settings.model_copy(update={"horizons": (1, 3)})
    train_model(panel, quick, created_at=LATER, on_progress=lambda *step: seen.append(step))
    total = seen[0][1]
    assert [done for done, _, _ in seen] == list(range(1, total + 1))
    assert {count for _, count, _ in seen} == {total}
    assert seen[-1][2] == "horizon 3: fit"


@pytest.mark.parametrize(
    ("made_with", "missing"),
    [
        ({"n_years": 7}, "windows are closed over 48 months, 60 are needed"),
        ({"is_quiet": True}, "0 closed windows held the outcome"),
        ({"n_years": 9, "n_regions": 1, "seed": 3}, "20 of each are needed"),
    ],
)
def test_too_little_history_is_said_and_nothing_trained(make_panel, settings, made_with, missing):
    with pytest.raises(NotReady, match="Too early to tell") as refused:
        train_model(make_panel(**made_with), settings, created_at=LATER)
    assert missing in refused.value.message
    assert refused.value.hint


def test_quiet_last_years_leave_nothing_to_measure(panel, settings):
    values = dict(panel.values)
    for name in ("deaths", "events"):
        values[name] = values[name].copy()
        values[name][110:] = 0
    with pytest.raises(NotReady, match="nothing to measure skill on"):
        train_model(replace(panel, values=values), settings, created_at=LATER)


def test_forecasts_of_the_past_do_not_know_what_came_after(panel, settings, trained):
    last_unaltered = 150
    values = {name: array.copy() for name, array in panel.values.items()}
    for name in ("deaths", "events"):
        values[name][last_unaltered + 1 :] = values[name][last_unaltered + 1 :][::-1] + 40
    altered = train_model(replace(panel, values=values), settings, created_at=LATER)
    before, after = trained.backtest, altered.backtest
    baselines = [name for name in before.columns if name.startswith("baseline_")]
    is_past = (before["origin"] <= "2017-07").to_numpy()
    assert is_past.sum() == 3 * 31 * 12
    for name in ("probability", *baselines):
        assert (before[name][is_past] == after[name][is_past]).all()
    assert (before["probability"][~is_past] != after["probability"][~is_past]).mean() > 0.9


@pytest.mark.parametrize("outcome", ["escalation", "severe", "onset"])
def test_a_weekly_panel_is_trained_and_scored_in_weeks(make_panel, settings, outcome):
    monthly = make_panel(n_years=55, n_regions=6)
    first = period_of(date(2004, 1, 5), "week")
    weekly = replace(
        monthly,
        step="week",
        periods=np.arange(first, first + len(monthly.periods), dtype=np.int64),
    )
    chosen = settings.model_copy(update={"horizons": (4,)})
    model = train_model(weekly, chosen, created_at=LATER, outcome=outcome)
    described = model.manifest["horizons"]["4"]
    assert model.manifest["step"] == "week"
    assert described["backtest"]["n_refits"] == 10
    assert model.backtest["origin"].iloc[0] == period_label(int(weekly.periods[-261]), "week")
    run = score_panel(model.model, weekly, chosen)
    assert {(one.outcome, one.horizon) for one in run.scores} == {(outcome, 4)}
    if outcome != "onset":
        assert described["skill"]["n_forecasts"] == 6 * (round(60 * 30.4375 / 7) - 4)
