"""The backtest forecasts every origin once, from nothing but what was closed by then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.cluster import on_cluster
from models.backtest import backtest_folds, run_backtest
from models.estimators.ensemble import ensemble_log_odds, fit_ensemble
from models.estimators.ridge import probability_of
from models.forecasts import forecast_table
from models.replay import MIN_FIT_POSITIVES
from models.task import Task, build_task


@pytest.fixture(scope="module", params=[1, 6])
def task(request, panel, settings) -> Task:
    return build_task(panel, settings, request.param)


def _relabel(task: Task, from_row: int) -> Task:
    """The same task with every label turned whose window ends after a row."""
    rows = np.arange(len(task.history.labels))[:, None]
    labels = np.where(
        rows + task.history.horizon > from_row, 1 - task.history.labels, task.history.labels
    )
    return replace(task, history=replace(task.history, labels=labels))


def test_folds_cover_the_last_years_in_steps_of_the_refit(task, settings):
    folds = backtest_folds(task, settings)
    n_rows, horizon = len(task.history.periods), task.history.horizon
    assert [row for fold in folds for row in fold] == list(range(n_rows - 60, n_rows - horizon))
    assert {len(fold) for fold in folds[:-1]} == {6}


def test_a_fit_sees_no_window_that_reaches_past_its_origin(task):
    origin = 130
    closed = task.closed_rows(origin)
    features, labels = closed.features, closed.labels
    closed = task.history.labels[task.history.first_row : origin - task.history.horizon + 1]
    assert len(features) == len(labels) == np.isfinite(closed).sum()
    assert labels.sum() == np.nansum(closed)
    after = _relabel(task, origin).closed_labels(origin)
    assert (after == labels).all()
    assert (_relabel(task, origin - 1).closed_labels(origin) != labels).any()


def test_forecasts_of_a_fold_do_not_know_later_labels(task, settings):
    folds = backtest_folds(task, settings)
    whole = run_backtest(task, settings)
    changed = run_backtest(_relabel(task, folds[2][0]), settings)
    known = whole.row <= folds[2][-1]
    assert (whole.log_odds[known] == changed.log_odds[known]).all()
    assert (whole.log_odds[~known] != changed.log_odds[~known]).any()


def test_a_forecast_equals_one_made_by_hand(task, settings):
    forecasts = run_backtest(task, settings)
    refit = backtest_folds(task, settings)[3]
    fitted = fit_ensemble(task.closed_rows(refit[0]), settings)
    rows = task.origin_rows(refit[2], np.arange(12))
    here = forecasts.row == refit[2]
    assert forecasts.log_odds[here] == pytest.approx(ensemble_log_odds(fitted, rows))
    assert (forecasts.observed[here] == task.history.labels[refit[2]]).all()


def test_two_workers_give_the_same_numbers(task, settings):
    one = run_backtest(task, settings)
    two = run_backtest(task, settings.model_copy(update={"n_jobs": 2}))
    assert one.log_odds.tobytes() == two.log_odds.tobytes()
    assert one.row.tolist() == two.row.tolist()


def test_refits_wait_for_something_to_learn_from(make_panel, settings):
    short = build_task(make_panel(n_years=6), settings, 1)
    refits, seen = [origins[0] for origins in backtest_folds(short, settings)], []
    forecasts = run_backtest(short, settings, on_fold=lambda: seen.append(1))
    first = int(forecasts.refit.min())
    assert refits[0] < first
    assert sorted(set(forecasts.refit)) == refits[refits.index(first) :]
    for row in refits:
        assert (row >= first) == (short.closed_labels(row).sum() >= MIN_FIT_POSITIVES)
    assert len(seen) == len(refits)
    quiet = build_task(make_panel(is_quiet=True), settings, 1)
    assert len(run_backtest(quiet, settings)) == 0


def test_the_table_holds_what_others_need_to_recompute(task, settings):
    forecasts = run_backtest(task, settings)
    table = forecast_table(task.history, forecasts, forecasts.log_odds)
    assert list(table.columns[:6]) == [
        "region_id",
        "origin",
        "horizon",
        "outcome",
        "probability",
        "observed",
    ]
    assert table["horizon"].unique().tolist() == [task.history.horizon]
    assert (table.iloc[0]["region_id"], table.iloc[0]["origin"]) == ("R00", "2015-01")
    assert table["probability"].to_numpy() == pytest.approx(probability_of(forecasts.log_odds))
    assert table["baseline_climatology"].between(0, 1).all()
    assert table.iloc[0]["n_known"] == 121
    assert not table.duplicated(["region_id", "origin"]).any()


def test_unknown_regions_have_no_forecast_to_score(panel, settings, blank_rows):
    blanked = build_task(blank_rows(panel, 4, 140), settings, 1)
    forecasts = run_backtest(blanked, settings)
    assert forecasts.row[forecasts.region == 4].max() == 138
    assert forecasts.row.max() == 178


def test_a_cluster_of_two_workers_gives_the_same_bits(task, settings, scheduler):
    here = run_backtest(task, settings)
    with on_cluster(scheduler):
        there = run_backtest(task, settings)
    assert (here.row == there.row).all()
    assert (here.log_odds == there.log_odds).all()
    assert all((here.baselines[name] == there.baselines[name]).all() for name in here.baselines)
