"""Distributions of fatalities: scores by slow sums, no look ahead, honest widening."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UsageError
from models.fatalities.adaptive import STEP, AdaptiveWidener
from models.fatalities.conformal import (
    ClosedForecasts,
    knot_ends,
    measure_widening,
    stratify,
    widen,
)
from models.fatalities.measures import N_DRAWS, crps, interval_ends, is_covered, spread_values
from models.fatalities.names import QUANTILES
from models.fatalities.period import (
    draw_conflictology,
    draw_fatalities,
    measure_levels,
    nearest_first,
)
from models.fatalities.trial import run_fatality_trial
from models.fatalities.units import series_of


@pytest.fixture(scope="module")
def series(panel):
    return series_of(panel, "region")


def closed_of(draws, observed, strata):
    return ClosedForecasts(knot_ends(draws), np.log1p(observed), strata)


def test_crps_is_the_double_sum():
    generator = np.random.default_rng(1)
    draws, observed = np.sort(generator.gamma(1, 9, (5, 24))), generator.gamma(1, 9, 5)
    for one, came, score in zip(draws, observed, crps(draws, observed), strict=True):
        apart = np.abs(one[:, None] - one[None, :]).mean()
        assert score == pytest.approx(np.abs(one - came).mean() - apart / 2)


def test_a_point_forecast_has_its_absolute_error():
    assert crps(np.full((1, N_DRAWS), 7.0), np.array([4.0])) == pytest.approx([3.0])


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_an_interval_holds_its_share_of_the_draws(level):
    draws = np.arange(N_DRAWS, dtype=np.float64)
    low, high = interval_ends(draws[None], level)
    assert (high - low + 1) / N_DRAWS == pytest.approx(level)
    assert is_covered(draws[None], low, level).all()
    assert not is_covered(draws[None], high + 1, level).any()


def test_repeating_values_changes_no_score():
    generator = np.random.default_rng(2)
    values, observed = generator.gamma(1, 9, (4, 12)), generator.gamma(1, 9, 4)
    assert spread_values(values).shape == (4, N_DRAWS)
    assert crps(spread_values(values), observed) == pytest.approx(crps(np.sort(values), observed))


def test_a_country_is_its_regions_and_what_has_no_place(panel):
    own = {**panel.country_values, "deaths": np.full((180, 1), 2.0, np.float32)}
    whole = series_of(replace(panel, country_values=own), "country")
    assert whole.unit_ids == ("AAA",)
    assert whole.deaths[:, 0] == pytest.approx(panel.values["deaths"].sum(axis=1) + 2)


def test_draws_know_nothing_after_the_origin(series):
    row, horizons = 120, (1, 6, 12)
    later = series.deaths.copy()
    later[row + 1 :] = 999.0
    changed = replace(series, deaths=later)
    for horizon, draws in draw_fatalities(
        series, measure_levels(series), row, horizons, 24
    ).items():
        again = draw_fatalities(changed, measure_levels(changed), row, (horizon,), 24)[horizon]
        assert draws.tolist() == again.tolist()
        assert (np.diff(draws, axis=-1) >= 0).all()
        assert (draws >= 0).all()


def test_without_enough_histories_the_last_year_speaks_alone(series):
    found = draw_fatalities(series, measure_levels(series), 30, (12,), 18)[12]
    assert found.tolist() == draw_conflictology(series, 30).tolist()
    later = draw_fatalities(series, measure_levels(series), 90, (12,), 18)[12]
    assert (later != draw_conflictology(series, 90)).any()


def test_a_unit_with_a_gap_has_no_draws(series):
    deaths = series.deaths.copy()
    deaths[115, 3] = np.nan
    gap = replace(series, deaths=deaths)
    found = draw_fatalities(gap, measure_levels(gap), 120, (1,), 24)[1]
    assert np.isnan(found[3]).all()
    assert np.isfinite(np.delete(found, 3, axis=0)).all()


def test_widening_makes_too_narrow_intervals_hold_their_share():
    generator = np.random.default_rng(4)
    narrow = np.sort(generator.poisson(30, (400, N_DRAWS)).astype(np.float64))
    observed = np.round(np.exp(generator.normal(3.4, 0.8, 400)))
    strata = np.full(400, 3, np.int64)
    before = is_covered(narrow[200:], observed[200:], 0.9).mean()
    wider = widen(narrow[200:], strata[200:], closed_of(narrow[:200], observed[:200], strata[:200]))
    after = is_covered(wider, observed[200:], 0.9).mean()
    assert before < 0.5
    assert 0.84 < after < 0.97
    for level in (0.5, 0.8, 0.9):
        for old, new, sign in zip(
            interval_ends(narrow[200:], level), interval_ends(wider, level), (1, -1), strict=True
        ):
            assert (sign * (old - new) >= -0.5).all()


def test_intervals_that_were_wide_enough_stay(series):
    wide = np.sort(np.random.default_rng(5).integers(0, 1000, (200, N_DRAWS)).astype(np.float64))
    observed = np.full(200, 500.0)
    strata = np.zeros(200, np.int64)
    assert widen(wide, strata, closed_of(wide, observed, strata)).tolist() == wide.tolist()


def test_too_few_past_forecasts_widen_nothing():
    narrow = np.sort(np.random.default_rng(6).poisson(30, (59, N_DRAWS)).astype(np.float64))
    strata = np.zeros(59, np.int64)
    far = np.full(59, 900.0)
    assert widen(narrow, strata, closed_of(narrow, far, strata)).tolist() == narrow.tolist()
    more = np.concatenate([narrow, narrow[:1]])
    strata = np.zeros(60, np.int64)
    far = np.full(60, 900.0)
    assert (widen(more, strata, closed_of(more, far, strata)) != more).any()


def test_what_lay_above_moves_the_upper_end_more_than_the_lower():
    draws = np.sort(np.random.default_rng(7).poisson(30, (300, N_DRAWS)).astype(np.float64))
    observed = np.full(300, 30.0)
    observed[:45] = np.linspace(60, 400, 45)
    widening = measure_widening(closed_of(draws, observed, np.zeros(300, np.int64)))
    assert (widening[0] > 0).all()
    assert widening[0, 1] > widening[0, 0]
    assert (np.diff(widening, axis=0) <= 0).all()
    few_below = np.where(observed > 30, 0.0, 30.0)
    turned = measure_widening(closed_of(draws, few_below, np.zeros(300, np.int64)))
    assert turned[0, 1] == 0 < turned[0, 0]


def test_units_as_violent_as_each_other_are_drawn_as_if_alone(series):
    deaths = series.deaths.copy()
    deaths[:, 1] = deaths[:, 0]
    deaths[100:, 2:5] = 0.0
    twins = replace(series, deaths=deaths)
    levels = measure_levels(twins)
    found = draw_fatalities(twins, levels, 140, (2,), 24)[2]
    past = draw_conflictology(twins, 140)
    for unit in range(len(series.unit_ids)):
        histories = [
            (
                abs(levels.long[row, other] - levels.long[140, unit])
                + abs(levels.short[row, other] - levels.short[140, unit]),
                row,
                other,
            )
            for row in range(24, 140)
            for other in range(len(series.unit_ids))
            if row + 2 <= 140 and np.isfinite(levels.long[row, other])
        ]
        ratios = [
            np.log1p(deaths[row + 2, other]) - levels.long[row, other]
            for _, row, other in sorted(histories)[:120]
        ]
        ahead = np.maximum(np.expm1(levels.long[140, unit] + np.array(ratios)), 0.0)
        slow = np.round((past[unit] + spread_values(ahead)) / 2)
        assert found[unit].tolist() == slow.tolist()


def test_an_adaptive_level_moves_by_what_was_missed_once_it_is_known():
    generator = np.random.default_rng(8)
    deaths = np.full((40, 2), 30.0)
    deaths[5:, 1] = 5_000.0
    draws = np.sort(generator.poisson(30, (2, N_DRAWS)).astype(np.float64))
    past = np.sort(generator.poisson(30, (200, N_DRAWS)).astype(np.float64))
    came = np.round(np.exp(generator.normal(3.4, 0.8, 200)))
    closed = closed_of(past, came, np.zeros(200, np.int64))
    strata = np.zeros(2, np.int64)
    widener = AdaptiveWidener(deaths)
    said = [widener(draws, strata, closed, row=row, horizon=3) for row in range(30)]
    # The first miss, of period 5, was forecast at row 2 and is known at row 5.
    assert all(one.tolist() == said[0].tolist() for one in said[:3])
    assert said[-1][1, -1] > said[0][1, -1] >= said[-1][0, -1]
    target = np.array([0.1, 0.2, 0.5])
    held, missed = widener._missed_share[3]
    assert held == pytest.approx(target + 27 * STEP * target)
    assert missed == pytest.approx(target + 27 * STEP * target - 25 * STEP)
    later = np.where(np.arange(40)[:, None] > 20, 0.0, deaths)
    again = AdaptiveWidener(later)
    for row in range(21):
        same = again(draws, strata, closed, row=row, horizon=3)
        assert same.tolist() == said[row].tolist()


def test_a_bound_belongs_to_the_lower_stratum():
    assert stratify(np.array([0, 0.1, 2, 2.1, 20, 20.1])).tolist() == [0, 1, 1, 2, 2, 3]


@pytest.fixture(scope="module")
def trial(make_panel, settings):
    return run_fatality_trial(
        make_panel(n_years=16),
        settings.model_copy(update={"train_from": "2005-01"}),
        by="region",
        horizons=(1, 3),
        first="2018-01",
        last="2020-12",
    )


def test_the_figures_are_those_of_the_predictions(trial):
    table, figures = trial.predictions, trial.report["figures"]
    json.dumps(trial.report, allow_nan=False)
    assert figures["n_forecasts"] == len(table) == 12 * (35 + 33)
    assert figures["crps"] == pytest.approx(table["crps"].mean())
    for name, value in figures["crps_of_baselines"].items():
        assert value == pytest.approx(table[f"crps_{name}"].mean())
    whole = figures["coverage"]["all"]["model"]["90%"]
    inside = table["observed"].between(table["q05"], table["q95"])
    assert whole["coverage"] == pytest.approx(inside.mean(), abs=0.01)
    assert whole["coverage"] == pytest.approx(table["in90"].mean())
    quantiles = table[[f"q{round(100 * q):02d}" for q in QUANTILES]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    last = {horizon: table[table["horizon"] == horizon]["origin"].max() for horizon in (1, 3)}
    assert last == {1: "2020-11", 3: "2020-09"}


def test_forecasts_of_the_past_do_not_know_what_came_after(make_panel, settings, trial):
    panel = make_panel(n_years=16)
    deaths = panel.values["deaths"].copy()
    deaths[-12:] = 777
    changed = run_fatality_trial(
        replace(panel, values={**panel.values, "deaths": deaths}),
        settings.model_copy(update={"train_from": "2005-01"}),
        by="region",
        horizons=(1, 3),
        first="2018-01",
        last="2020-12",
    )
    columns = [f"q{round(100 * q):02d}" for q in QUANTILES]
    before = (trial.predictions["origin"] <= "2019-12").to_numpy()
    old, new = trial.predictions[columns], changed.predictions[columns]
    assert old[before].equals(new[before])
    assert not old[~before].equals(new[~before])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first": "2005-06"}, "too little history"),
        ({"last": "2031-01"}, "no origins"),
        ({"horizons": (0,)}, "out of range"),
    ],
)
def test_what_cannot_be_tried_is_said(panel, settings, changes, words):
    asked = {"horizons": (1,), "first": "2018-01", "last": "2019-12", **changes}
    with pytest.raises(UsageError, match=words):
        run_fatality_trial(panel, settings, by="region", **asked)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 40))
def test_the_nearest_are_those_of_a_whole_stable_sort(distances, wanted):
    distance = np.array(distances, np.float64)
    found = nearest_first(distance, wanted)
    expected = sorted(range(len(distances)), key=lambda at: distances[at])
    assert len(found) >= min(wanted, len(distances))
    assert found.tolist() == expected[: len(found)]
