"""The service model is the mean of its parts, learns from others by the rule, explains exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from data.errors import UsageError
from models.backtest import run_backtest
from models.estimators.ensemble import ensemble_log_odds, explain_ensemble, fit_ensemble
from models.recipes import RECIPES
from models.task import build_task
from models.train import train_model

REGIONS = np.arange(12)
AT = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def abroad(make_panel):
    """Regions of another country, on a panel that begins two years earlier."""
    panel = make_panel(n_years=17, n_regions=5, seed=9)
    return replace(
        panel,
        region_set="abroad",
        as_of=date(2020, 1, 15),
        region_ids=tuple(f"X{number}" for number in range(5)),
        periods=panel.periods - 24,
        countries=("BBB",),
    )


@pytest.fixture(scope="module")
def task(panel, settings, abroad):
    return build_task(panel, settings, 3, auxiliary=(abroad,))


def test_the_mix_is_the_mean_of_its_parts(task, settings):
    rows = task.origin_rows(130, REGIONS)
    for closed, names in (
        (task.closed_rows(120), ("logit", "counts", "wide")),
        (replace(task.closed_rows(120), others=None), ("logit", "counts")),
    ):
        parts = [RECIPES[name](closed, settings)(rows) for name in names]
        assert fit_ensemble(closed, settings).parts == names
        assert RECIPES["mix"](closed, settings)(rows) == pytest.approx(np.mean(parts, axis=0))


def test_contributions_sum_to_the_log_odds(task, settings):
    fitted = fit_ensemble(task.closed_rows(120), settings)
    rows = task.origin_rows(130, REGIONS)
    base, added = explain_ensemble(fitted, rows)
    assert np.abs(base + added.sum(axis=1) - ensemble_log_odds(fitted, rows)).max() < 1e-9


def test_other_regions_train_at_their_weight_and_are_not_forecast(task, settings):
    closed = task.closed_rows(120)
    assert set(closed.others.region) == set(range(12, 17))
    assert set(closed.others.weights) == {0.3}
    assert set(closed.weights) == {1.0}
    assert set(run_backtest(task, settings).region) == set(REGIONS)


@pytest.mark.parametrize("horizon", [1, 6])
def test_no_window_of_another_set_reaches_past_the_origin(panel, settings, abroad, horizon):
    task = build_task(panel, settings, horizon, auxiliary=(abroad,))
    origin = 130
    others = task.closed_rows(origin).others
    last = panel.periods[origin]
    assert others.period.max() + horizon == last
    values = {name: array.copy() for name, array in abroad.values.items()}
    after = abroad.periods > last
    for name in ("deaths", "events"):
        values[name][after] += 50
    changed = build_task(panel, settings, horizon, auxiliary=(replace(abroad, values=values),))
    assert (changed.closed_rows(origin).others.labels == others.labels).all()
    assert (changed.closed_rows(origin).others.features == others.features)[
        np.isfinite(others.features)
    ].all()
    values["deaths"][abroad.periods == last] += 50
    changed = build_task(panel, settings, horizon, auxiliary=(replace(abroad, values=values),))
    assert (changed.closed_rows(origin).others.labels != others.labels).any()


def test_regions_of_the_own_countries_do_not_train_twice(panel, settings, abroad):
    mixed = replace(
        abroad,
        countries=("AAA", "BBB"),
        country_of=np.array([0, 0, 1, 1, 1]),
        country_values={k: np.repeat(v, 2, axis=1) for k, v in abroad.country_values.items()},
    )
    task = build_task(panel, settings, 3, auxiliary=(mixed,))
    assert set(task.closed_rows(120).others.region) == {14, 15, 16}
    own = replace(abroad, countries=("AAA",))
    with pytest.raises(UsageError, match="no known region outside of AAA"):
        build_task(panel, settings, 3, auxiliary=(own,))


def test_a_set_of_other_periods_or_later_knowledge_is_refused(panel, settings, abroad):
    for other in (replace(abroad, step="week"), replace(abroad, as_of=date(2021, 1, 15))):
        with pytest.raises(UsageError, match="cannot train beside"):
            build_task(panel, settings, 3, auxiliary=(other,))


def test_a_trained_model_says_whom_it_learned_from(panel, settings, abroad):
    quick = settings.model_copy(update={"horizons": (3,)})
    model = train_model(panel, quick, created_at=AT, auxiliary=(abroad,))
    assert [one["region_set"] for one in model.manifest["auxiliary"]] == ["abroad"]
    described = model.manifest["horizons"]["3"]
    assert described["parts"] == ["logit", "counts", "wide"]
    assert described["n_auxiliary"] > 0
    assert all(one["wide_coefficient"] is not None for one in described["features"])
    alone = train_model(panel, quick, created_at=AT)
    assert alone.model_version != model.model_version
    assert alone.manifest["horizons"]["3"]["n_auxiliary"] == 0
