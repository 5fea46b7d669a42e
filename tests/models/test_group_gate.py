"""A country with enough cases is judged by itself; what is served there follows from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.errors import UsageError
from models.bootstrap import draw_blocks
from models.forecasts import Forecasts
from models.score import score_panel
from models.skill.group_gate import group_regions, groups_without, judge_by_group

COUNTRIES = ("AAA", "AAA", "BBB", "BBB", "CCC")


@pytest.fixture(scope="module")
def forecasts() -> Forecasts:
    """Five regions over ten years; the forecasts are right in AAA and blind in BBB and CCC."""
    generator = np.random.default_rng(5)
    row, region = (part.reshape(-1) for part in np.mgrid[0:120, 0:5])
    observed = (generator.random(len(row)) < np.where(region == 4, 0.1, 0.5)).astype(np.float64)
    known = region < 2
    log_odds = np.where(known, 3 * (2 * observed - 1), 3 * generator.choice([-1, 1], len(row)))
    half = np.full(len(row), 0.5)
    return Forecasts(
        row=row,
        region=region,
        year=2000 + row // 12,
        refit=row,
        n_known=row,
        threshold=half,
        log_odds=log_odds,
        observed=observed,
        baselines={"climatology": half, "conflictology": half},
    )


def five(panel, countries):
    """The panel with five regions in these countries."""
    names = tuple(sorted(set(countries)))
    return replace(
        panel,
        region_ids=panel.region_ids[:5],
        countries=names,
        country_of=np.array([names.index(one) for one in countries]),
    )


@pytest.fixture(scope="module")
def verdict(forecasts, panel, settings):
    few = settings.model_copy(update={"gate_group_cases": 50})
    draws = draw_blocks(forecasts.region, forecasts.year, n_draws=100, seed=1)
    probability = 1 / (1 + np.exp(-forecasts.log_odds))
    return judge_by_group(forecasts, probability, draws, five(panel, COUNTRIES), few)


def test_each_country_with_enough_cases_is_judged_by_itself(verdict):
    groups = verdict["groups"]
    assert list(groups) == ["AAA", "BBB", "CCC"]
    assert (groups["AAA"]["is_own"], groups["AAA"]["is_passed"]) == (True, True)
    assert (groups["BBB"]["is_own"], groups["BBB"]["is_passed"]) == (True, False)
    assert groups["BBB"]["reason"].startswith("In BBB: No proven Brier skill against climatology")
    assert groups_without(verdict) == ["BBB"]


def test_a_country_with_few_cases_goes_with_the_whole(verdict):
    small = verdict["groups"]["CCC"]
    assert small["n_positives"] < 50
    assert not small["is_own"]
    assert (small["is_passed"], small["reason"]) == (verdict["is_passed"], verdict["reason"])


def test_without_countries_of_their_own_there_is_one_verdict(forecasts, panel, settings):
    draws = draw_blocks(
        forecasts.region, forecasts.year, n_draws=settings.bootstrap_draws, seed=settings.seed
    )
    probability = 1 / (1 + np.exp(-forecasts.log_odds))
    found = judge_by_group(forecasts, probability, draws, five(panel, ("AAA",) * 5), settings)
    assert found["groups"]["AAA"]["is_passed"] == found["is_passed"]


def test_groups_that_the_settings_name_are_judged_apart(forecasts, panel, settings):
    regions = five(panel, ("AAA",) * 5)
    named = {"plain": {"basin": ("R02", "R03")}}
    few = settings.model_copy(update={"gate_group_cases": 50, "gate_groups": named})
    draws = draw_blocks(forecasts.region, forecasts.year, n_draws=100, seed=1)
    probability = 1 / (1 + np.exp(-forecasts.log_odds))
    found = judge_by_group(forecasts, probability, draws, regions, few)
    assert list(found["groups"]) == ["AAA", "basin"]
    assert found["group_of"] == {"R02": "basin", "R03": "basin"}
    assert groups_without(found) == ["basin"]
    assert found["groups"]["basin"]["n_forecasts"] == 240
    assert found["groups"]["basin"]["reason"].startswith("In basin: ")


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"basin": ("R09",)}, "R09, which 'plain' has not"),
        ({"basin": ("R01",), "hills": ("R01",)}, "'hills' holds R01, as another does"),
        ({"AAA": ("R01",)}, "called like a country"),
    ],
)
def test_groups_that_make_no_sense_are_refused(panel, settings, groups, words):
    asked = settings.model_copy(update={"gate_groups": {"plain": groups}})
    with pytest.raises(UsageError, match=words):
        group_regions(five(panel, ("AAA",) * 5), asked)


def test_a_group_that_fails_is_served_its_baseline_and_its_neighbours_are_not(
    trained, panel, settings
):
    passed = {"is_passed": True, "reason": ""}
    failed = {"is_passed": False, "reason": "In basin: No proven skill."}
    gate = {
        **passed,
        "groups": {"AAA": passed, "basin": failed},
        "group_of": {"R03": "basin"},
    }
    horizons = {
        horizon: {**described, "gate": gate}
        for horizon, described in trained.manifest["horizons"].items()
    }
    model = replace(trained.model, manifest={**trained.manifest, "horizons": horizons})
    for score in score_panel(model, panel, settings).scores:
        assert score.status == ("baseline_only" if score.region_id == "R03" else "ok")


def test_a_country_that_fails_is_served_its_baseline(trained, panel, settings):
    half = replace(
        panel,
        countries=("AAA", "BBB"),
        country_of=np.repeat([0, 1], 6),
        country_values={k: np.repeat(v, 2, axis=1) for k, v in panel.country_values.items()},
    )
    passed = {"is_passed": True, "reason": ""}
    failed = {"is_passed": False, "reason": "In BBB: No proven skill."}
    horizons = {
        horizon: {**described, "gate": {**passed, "groups": {"AAA": passed, "BBB": failed}}}
        for horizon, described in trained.manifest["horizons"].items()
    }
    model = replace(trained.model, manifest={**trained.manifest, "horizons": horizons})
    for place, score in enumerate(score_panel(model, half, settings).scores):
        is_good = place % 12 < 6
        assert score.status == ("ok" if is_good else "baseline_only")
        assert score.reason.startswith("" if is_good else "In BBB: No proven skill.")
        served = score.model_probability if is_good else score.climatology
        assert score.risk_score == served
