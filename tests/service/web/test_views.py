"""Views: warnings, ranks, drivers; the arithmetic behind what a page says."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import NotReady, UnknownName
from models.score import Contribution
from service.publications.publication import PublishedScore
from service.web.banners import choose_banners
from service.web.drivers_view import DRIVERS_SHOWN, view_drivers
from service.web.levels import describe_levels
from service.web.region_view import escalation_words
from service.web.score_view import rank_scores, value_words, view_change
from service.web.set_view import choose_horizon
from service.web.skill_view import view_skill

LEVELS = describe_levels({"low": 0.0, "moderate": 0.1, "high": 0.25, "very_high": 0.5})
FINITE = st.floats(-6, 6)


def make_score(log_odds=(), base=-2.0, **changes):
    total = base + math.fsum(log_odds)
    contributions = tuple(
        Contribution(f"f{place}", f"Driver {place}", 1.0, "deaths", value)
        for place, value in enumerate(sorted(log_odds, key=abs, reverse=True))
    )
    probability = 1 / (1 + math.exp(-total))
    score = PublishedScore(
        "R1",
        "Region",
        "AAA",
        "escalation",
        3,
        "ok",
        probability,
        "low",
        None,
        probability,
        0.1,
        12.0,
        base,
        contributions,
        "",
    )
    return replace(score, **changes)


def read_signed(text):
    return float(text.replace("−", "-"))


@given(st.lists(FINITE, max_size=40), FINITE)
def test_drivers_add_up(log_odds, base):
    view = view_drivers(make_score(log_odds, base))
    assert len(view.rows) == min(len(log_odds), DRIVERS_SHOWN + 1)
    shown = sum(read_signed(row.log_odds) for row in view.rows)
    assert shown == pytest.approx(math.fsum(log_odds), abs=0.005 * (len(view.rows) + 1))
    told = read_signed(view.start_log_odds) + read_signed(view.total_log_odds)
    assert told == pytest.approx(read_signed(view.end_log_odds), abs=0.0151)


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_bars_stay_in_the_picture_on_their_side(log_odds):
    for row in view_drivers(make_score(log_odds)).rows:
        assert -50 <= row.bar_start <= 0
        assert 0 <= row.bar_length <= 50
        assert row.bar_start == (0 if row.raises else -row.bar_length)


def test_no_model_number_means_no_drivers():
    assert view_drivers(make_score(model_probability=None, status="stale")) is None


def test_effect_is_a_factor_on_the_odds():
    rows = view_drivers(make_score([math.log(2), -math.log(4), 0.0001])).rows
    assert [row.effect for row in rows] == ["odds ÷ 4.00", "odds × 2.00", "hardly any"]


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (None, "deaths", "not known"),
        (0.335, "share", "34%"),
        (1537.4, "deaths", "1,537 deaths"),
        (2.25, "ratio", "2.2"),
        (0.707, "1", "0.71"),
        (0.0, "events", "0 events"),
    ],
)
def test_values_carry_their_unit(value, unit, told):
    assert value_words(Contribution("f", "F", value, unit, 0.1)) == told


@given(st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=30))
def test_ranks_follow_the_score_and_missing_has_none(risks):
    scores = [
        make_score(
            region_id=f"R{place}",
            region_name=f"Region {place:02}",
            risk_score=risk,
            level=None if risk is None else "low",
        )
        for place, risk in enumerate(risks)
    ]
    rows = rank_scores(scores, LEVELS)
    ranked = [row for row in rows if row.rank is not None]
    assert [row.rank for row in ranked] == list(range(1, len(ranked) + 1))
    assert [row.score.risk_score for row in ranked] == sorted(
        (risk for risk in risks if risk is not None), reverse=True
    )
    assert all(row.level is None and row.percent == "no score" for row in rows[len(ranked) :])


@pytest.mark.parametrize(
    ("change", "arrow", "spoken"),
    [
        (None, "–", "no earlier score to compare with"),
        (0.0, "=", "no change"),
        (0.012, "▲", "up 1 percentage point"),
        (-0.2, "▼", "down 20 percentage points"),
    ],
)
def test_change_has_arrow_and_words(change, arrow, spoken):
    view = view_change(change)
    assert (view.arrow, view.spoken) == (arrow, spoken)


def test_escalation_is_told_in_whole_deaths(make_publication):
    publication = make_publication()
    assert (
        escalation_words(publication, 1, 12.0)
        == "at least 12 deaths between 1 January and 31 January 2022"
    )
    assert escalation_words(publication, 3, 12.1).startswith("at least 13 deaths")
    assert escalation_words(publication, 3, 1.0).startswith("at least 1 death between")
    assert escalation_words(publication, 3, None).startswith("No threshold is known")


def banners_of(publication, today=date(2022, 1, 16), newest=date(2022, 1, 15)):
    chosen = choose_banners(publication, today=today, newest=newest, warning_days=40)
    return {banner.kind: banner for banner in chosen}


def test_no_banner_without_reason(make_publication):
    assert banners_of(make_publication()) == {}


def test_simulated_comes_first(rich_publication):
    told = banners_of(replace(rich_publication, is_simulated=True, is_schematic=True))
    assert list(told) == ["simulated", "baseline", "missing", "schematic"]
    assert told["baseline"].title == "Baseline only: 1 month"
    assert "Tillabéri" in told["missing"].text


@pytest.mark.parametrize(("days", "is_stale"), [(40, False), (41, True)])
def test_stale_begins_after_the_warning_age(make_publication, days, is_stale):
    today = date(2022, 1, 15) + timedelta(days=days)
    assert ("stale" in banners_of(make_publication(), today)) is is_stale


def test_stale_says_which_windows_have_passed(make_publication):
    publication = make_publication()
    assert (
        "The window of 1 month has passed."
        in banners_of(publication, date(2022, 3, 1))["stale"].text
    )
    assert "Every window" in banners_of(publication, date(2023, 1, 1))["stale"].text


def test_older_publication_is_not_called_stale(make_publication):
    told = banners_of(make_publication(), date(2023, 1, 1), newest=date(2022, 12, 15))
    assert list(told) == ["older"]


def test_horizon_defaults_to_three_else_the_nearest(make_publication):
    publication = make_publication()
    assert choose_horizon(publication, None) == 3
    assert choose_horizon(publication, 1) == 1
    only_one = replace(publication, scores=tuple(s for s in publication.scores if s.horizon == 1))
    assert choose_horizon(only_one, None) == 1
    with pytest.raises(UnknownName, match="6 months ahead"):
        choose_horizon(publication, 6)
    with pytest.raises(NotReady):
        choose_horizon(replace(publication, scores=()), None)


@pytest.mark.parametrize(
    "manifest",
    [{}, {"model": None}, {"model": {"skill": {"3": 0.1}}}, {"model": {"skill": 3}}],
)
def test_manifest_without_record_is_not_measured(make_publication, manifest):
    view = view_skill(make_publication(manifest=manifest), 3, "an escalation")
    assert not view.is_measured
    assert {row.brier_skill for row in view.rows} == {"not measured"}
    assert view.record == ()
    assert view.reliability == ()


def test_unreliable_group_is_marked(rich_publication):
    assert [
        row.is_consistent for row in view_skill(rich_publication, 3, "an escalation").reliability
    ] == [
        True,
        False,
    ]
