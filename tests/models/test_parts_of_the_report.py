"""Where and when, strata, alerts at a threshold, cost and loss: each against a slow count."""

from __future__ import annotations

import numpy as np
import pytest

from models.backtest import run_backtest
from models.bootstrap import draw_blocks
from models.estimators.ridge import probability_of
from models.metrics import average_precision
from models.skill.decisions import (
    COST_LOSS_RATIOS,
    OPERATING_THRESHOLDS,
    cost_loss_curve,
    operating_table,
    precision_recall_points,
)
from models.skill.strata import divide, measure_strata
from models.skill.where_when import region_specific_part, split_where_when
from models.task import build_task


@pytest.fixture(scope="module")
def task(panel, settings):
    return build_task(panel, settings, 3)


@pytest.fixture(scope="module")
def forecasts(task, settings):
    return run_backtest(task, settings)


@pytest.fixture(scope="module")
def draws(forecasts):
    return draw_blocks(forecasts.region, forecasts.year, n_draws=100, seed=1)


def test_the_region_specific_part_has_no_common_movement(forecasts):
    generator = np.random.default_rng(3)
    season = generator.normal(size=forecasts.row.max() + 1)[forecasts.row]
    part = region_specific_part(forecasts.log_odds, forecasts.row)
    moved = region_specific_part(forecasts.log_odds + 5 * season, forecasts.row)
    assert moved == pytest.approx(part)
    for row in np.unique(forecasts.row):
        assert part[forecasts.row == row].mean() == pytest.approx(0)


def test_shuffled_timing_keeps_where_and_loses_when(forecasts, draws):
    found = split_where_when(forecasts, forecasts.log_odds, draws, seed=1)
    shuffled, within = found["shuffled_timing"], found["within_region_auc"]
    assert shuffled["within_region_auc"] == pytest.approx(0.5, abs=0.03)
    assert within["model"]["value"] > shuffled["within_region_auc"] + 0.1
    assert within["model"]["low"] <= within["model"]["value"] <= within["model"]["high"]
    assert found == split_where_when(forecasts, forecasts.log_odds, draws, seed=1)


def test_strata_divide_without_looking_at_the_outcome(panel, task, forecasts):
    strata = divide(panel, forecasts)
    for group in ("country", "state", "hard", "year"):
        members = np.stack([one.is_member for one in strata if one.group == group])
        assert (members.sum(axis=0) == 1).all()
    states = {one.name: one.is_member for one in strata if one.group == "state"}
    for at in range(0, len(forecasts), 37):
        row, region = forecasts.row[at], forecasts.region[at]
        deaths = task.history.deaths[: row + 1, region]
        if deaths[-36:].sum() == 0:
            expected = "onset"
        elif deaths[-12:].sum() == 0:
            expected = "re-ignition"
        elif deaths[-6:].sum() > deaths[-12:-6].sum():
            expected = "intensification"
        else:
            expected = "continuation"
        assert states[expected][at]
        hard = next(one for one in strata if one.name == "no event in 60 months").is_member
        assert hard[at] == (panel.values["events"][row - 59 : row + 1, region].sum() == 0)


def test_a_stratum_has_the_figures_of_its_members(panel, forecasts, draws):
    probability = probability_of(forecasts.log_odds)
    strata = divide(panel, forecasts)
    found = measure_strata(strata, forecasts, probability, draws)
    assert sum(one["n_forecasts"] for one in found if one["group"] == "year") == len(forecasts)
    for stratum, one in zip(strata, found, strict=True):
        here = stratum.is_member
        assert one["n_positives"] == forecasts.observed[here].sum()
        if one["n_positives"] < 5:
            assert one["average_precision"] is None
            assert one["brier_skill_climatology"] is None
        else:
            expected = average_precision(probability[here], forecasts.observed[here])
            assert one["average_precision"] == pytest.approx(expected)


def test_alerts_at_a_threshold_by_hand(task, forecasts):
    probability = probability_of(forecasts.log_odds)
    table = operating_table(task.history, forecasts, probability)
    assert [row["threshold"] for row in table] == list(OPERATING_THRESHOLDS)
    for row in table:
        leads, alerts, hits = [], 0, 0
        for at in range(len(forecasts)):
            if probability[at] < row["threshold"]:
                continue
            alerts += 1
            if forecasts.observed[at]:
                hits += 1
                where = forecasts.row[at], forecasts.region[at]
                after = task.history.deaths[where[0] + 1 : where[0] + 4, where[1]].cumsum()
                leads.append(int(np.argmax(after >= task.history.thresholds[where])) + 1)
        assert (row["n_alerts"], row["n_followed"]) == (alerts, hits)
        assert row["precision"] == (pytest.approx(hits / alerts) if alerts else None)
        assert row["median_lead_periods"] == (np.median(leads) if leads else None)
        assert row["alerts_per_region_year"] == pytest.approx(alerts / (len(forecasts) / 12))


def test_a_score_on_the_threshold_is_an_alert(task, forecasts):
    table = operating_table(task.history, forecasts, np.full(len(forecasts), 0.1))
    assert {row["threshold"] for row in table if row["n_alerts"]} == {0.05, 0.1}
    assert table[-1]["precision"] is None


def test_the_value_of_perfection_is_one_and_of_the_base_rate_none():
    observed = np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 1.0])
    assert cost_loss_curve(observed, observed) == pytest.approx([1.0] * len(COST_LOSS_RATIOS))
    base = cost_loss_curve(np.full(10, 0.2), observed)
    assert base == pytest.approx([0.0] * len(base), abs=1e-12)
    wrong = cost_loss_curve(1 - observed, observed)
    assert max(value for value in wrong if value is not None) < 0


def test_the_curve_ends_at_full_recall_and_holds_the_area():
    generator = np.random.default_rng(1)
    observed = (generator.random(300) < 0.2).astype(np.float64)
    probability = np.clip(0.2 * observed + generator.random(300), 0, 1)
    points = precision_recall_points(probability, observed, n_points=10_000)
    steps = np.diff([0.0, *(point["recall"] for point in points)])
    area = sum(step * point["precision"] for step, point in zip(steps, points, strict=True))
    assert area == pytest.approx(average_precision(probability, observed))
    assert points[-1]["recall"] == 1
    assert points[-1]["precision"] == pytest.approx(observed.mean())
    assert len(precision_recall_points(probability, observed, n_points=20)) <= 20
