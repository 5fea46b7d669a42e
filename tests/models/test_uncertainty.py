"""The interval of a probability: its covariance, its ends, and what it holds on made-up data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.estimators.ensemble import ensemble_log_odds, fit_ensemble
from models.estimators.ridge import fit_logit, log_odds_of, probability_of
from models.estimators.uncertainty import (
    LEVEL,
    coefficient_covariance,
    interval_of_log_odds,
    log_odds_deviation,
)
from models.score import score_panel
from models.settings import ModelSettings
from models.task import ClosedRows, build_task, join_rows

WEAK = ModelSettings(ridge_c=1.0)
"""A weak penalty, so that the coefficients move with the data."""


def make_rows(seed: int, n_blocks: int = 400, size: int = 12) -> ClosedRows:
    """Rows in blocks that share a shock, with known coefficients."""
    generator = np.random.default_rng(seed)
    n_rows = n_blocks * size
    block = np.repeat(np.arange(n_blocks), size)
    features = generator.normal(size=(n_rows, 2)).astype(np.float32)
    shock = generator.normal(0, 0.8, n_blocks)[block]
    mean = np.exp(0.5 + 0.6 * features[:, 0] + shock)
    counts = generator.poisson(mean).astype(np.float64)
    return ClosedRows(
        names=("driver", "deaths_12m"),
        features=features,
        thresholds=np.full(n_rows, 4.0),
        region=block,
        labels=(counts >= 4).astype(np.float64),
        sums=counts,
        weights=np.ones(n_rows),
        period=np.zeros(n_rows, np.int64),
        year=np.full(n_rows, 2020),
    )


def test_the_deviation_is_that_of_models_of_other_draws():
    """The slow way: the same model fitted to eighty other draws of the same world."""
    rows = make_rows(0)
    fitted = fit_ensemble(rows, WEAK)
    few = replace(rows, features=rows.features[:20], thresholds=rows.thresholds[:20])
    deviation = log_odds_deviation(fitted, coefficient_covariance(fitted, rows, 1.0), few)
    said = np.stack(
        [ensemble_log_odds(fit_ensemble(make_rows(seed), WEAK), few) for seed in range(1, 41)]
    )
    assert np.median(deviation / said.std(axis=0)) == pytest.approx(1.0, abs=0.25)


def test_other_regions_share_in_the_covariance_of_the_wide_logit(make_panel, panel, settings):
    abroad = replace(make_panel(n_regions=5, seed=9), region_set="abroad", countries=("BBB",))
    alone = build_task(panel, settings, 3).closed_rows(120)
    wide = build_task(panel, settings, 3, auxiliary=(abroad,)).closed_rows(120)
    sizes = []
    for rows in (alone, wide):
        fitted = fit_ensemble(rows, settings)
        covariance = coefficient_covariance(fitted, rows, settings.ridge_c)
        assert np.allclose(covariance, covariance.T)
        assert np.linalg.eigvalsh(covariance).min() > -1e-10
        sizes.append(len(covariance))
    assert sizes == [3 * 18, 4 * 18]


def test_rows_of_one_block_that_move_together_count_as_few():
    rows = make_rows(3)
    fitted = fit_ensemble(rows, WEAK)
    apart = replace(rows, region=np.arange(len(rows.labels)))
    together = coefficient_covariance(fitted, rows, 1.0)
    assert together[0, 0] > 1.5 * coefficient_covariance(fitted, apart, 1.0)[0, 0]


def test_inputs_open_the_interval_on_their_own_side():
    said, none = np.zeros(3), np.zeros(3)
    low, high = interval_of_log_odds(
        said, none, np.array([-1.0, 0.0, 0.3]), np.array([0.0, 2.0, 0.4])
    )
    assert low.tolist() == [-1.0, 0.0, 0.0]
    assert high.tolist() == [0.0, 2.0, 0.4]
    low, high = interval_of_log_odds(said, np.ones(3), said, said, widening=1.0)
    assert high == pytest.approx(1.6449, abs=1e-3)
    assert low == pytest.approx(-high)


def test_scores_lie_in_their_interval_which_uncertain_counts_widen(trained, panel, settings):
    horizons = {
        horizon: {**described, "gate": {"is_passed": True, "reason": ""}}
        for horizon, described in trained.manifest["horizons"].items()
    }
    model = replace(trained.model, manifest={**trained.manifest, "horizons": horizons})
    deaths = panel.values["deaths"]
    sure, unsure = (
        score_panel(
            model,
            replace(
                panel,
                values={**panel.values, "deaths_low": deaths * less, "deaths_high": deaths * more},
            ),
            settings,
        ).scores
        for less, more in ((1, 1), (0.5, 3))
    )
    for narrow, wide in zip(sure, unsure, strict=True):
        assert 0 < wide.low <= narrow.low <= narrow.risk_score <= narrow.high <= wide.high < 1
        assert narrow.risk_score == wide.risk_score
    assert sum(one.high - one.low for one in unsure) > 1.02 * sum(
        one.high - one.low for one in sure
    )


def test_without_a_model_number_there_is_no_interval(trained, panel, settings):
    horizons = {
        horizon: {**described, "gate": {"is_passed": False, "reason": "No proven skill."}}
        for horizon, described in trained.manifest["horizons"].items()
    }
    model = replace(trained.model, manifest={**trained.manifest, "horizons": horizons})
    for score in score_panel(model, panel, settings).scores:
        assert (score.low, score.high) == (None, None)


def test_the_interval_holds_what_a_model_of_many_worlds_says(make_panel, settings):
    """Twelve panels of one process make the limit; others are judged by it."""
    parts = [
        build_task(make_panel(seed=seed), settings, 3).closed_rows(170) for seed in range(50, 62)
    ]
    limit = fit_ensemble(join_rows(parts), settings)
    held = []
    for seed in range(3):
        task = build_task(make_panel(seed=seed), settings, 3)
        closed = task.closed_rows(140)
        fitted = fit_ensemble(closed, settings)
        covariance = coefficient_covariance(fitted, closed, settings.ridge_c)
        for row in range(140, 170, 3):
            rows = task.origin_rows(row, np.arange(12))
            said = ensemble_log_odds(fitted, rows)
            low, high = interval_of_log_odds(
                said, log_odds_deviation(fitted, covariance, rows), said, said
            )
            far = ensemble_log_odds(limit, rows)
            held.append((low <= far) & (far <= high))
    assert LEVEL - 0.1 <= np.mean(held) <= 1.0


def test_the_logit_alone_has_the_covariance_of_the_textbook():
    """White's sandwich with the penalty, against a plain loop over rows."""
    rows = make_rows(7, n_blocks=200, size=1)
    fitted = fit_ensemble(rows, WEAK)
    found = coefficient_covariance(fitted, rows, 1.0)[:3, :3]
    logit = fit_logit(rows.features, rows.labels, 1.0)
    standard = (rows.features - logit.centre) / logit.scale
    design = np.column_stack([np.ones(200), standard])
    said = probability_of(log_odds_of(logit, rows.features))
    information, meat = np.diag([0.0, 1.0, 1.0]), np.zeros((3, 3))
    for row, p, label in zip(design, said, rows.labels, strict=True):
        information += p * (1 - p) * np.outer(row, row)
        meat += (label - p) ** 2 * np.outer(row, row)
    inverse = np.linalg.inv(information)
    assert found == pytest.approx(inverse @ meat @ inverse * 200 / 199, rel=1e-6)
