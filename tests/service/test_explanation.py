"""Explanations are exact sums, and say the same in both languages."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from models.score import Contribution
from service.languages import LANGUAGES
from service.pipeline import run_cycle
from service.publications.explanation import (
    compare_families,
    explain_change,
    explain_no_comparison,
    explain_score,
    group_by_family,
    name_family,
)
from service.publications.explanation_words import FAMILIES, PHRASES
from service.publications.publication import FamilyShare, PublishedScore
from service.publications.store import find_publication

FIRST, SECOND = date(2021, 12, 15), date(2022, 1, 15)
NAMES = ("deaths_3m", "deaths_12m", "season_sin", "escalation_threshold", "unheard_of")

SCORE = PublishedScore(
    region_id="R", region_name="Ségou", country="MLI", outcome="escalation", horizon=3,
    status="ok", risk_score=0.34, level="high", change=0.06, model_probability=0.34,
    climatology=0.1, threshold=10.0, base_log_odds=-2.0, contributions=(), reason="",
)  # fmt: skip


def made(**log_odds: float) -> tuple[Contribution, ...]:
    return tuple(Contribution(name, name, 1.0, "1", value) for name, value in log_odds.items())


drivers = st.dictionaries(
    st.sampled_from(NAMES), st.floats(-8, 8, allow_subnormal=False), max_size=5
).map(lambda given: made(**given))


@given(drivers, drivers)
def test_families_and_changes_sum_to_all_drivers(now, before):
    families = group_by_family(now)
    assert math.fsum(one.log_odds for one in families) == pytest.approx(
        math.fsum(one.log_odds for one in now), abs=1e-9
    )
    sizes = [abs(one.log_odds) for one in families]
    assert sizes == sorted(sizes, reverse=True)
    changes = compare_families(
        replace(SCORE, contributions=now),
        replace(SCORE, contributions=before, base_log_odds=-2.5),
        is_same_model=True,
    )
    total = math.fsum(one.log_odds for one in now) - math.fsum(one.log_odds for one in before)
    assert math.fsum(one.log_odds for one in changes.families) == pytest.approx(
        total + 0.5, abs=1e-9
    )


def test_why_there_is_nothing_to_compare_with():
    assert compare_families(SCORE, None, is_same_model=True).reason == "first"
    assert compare_families(SCORE, SCORE, is_same_model=False).reason == "model_changed"
    silent = replace(SCORE, model_probability=None)
    assert compare_families(SCORE, silent, is_same_model=True).reason == "not_scored"
    assert compare_families(SCORE, SCORE, is_same_model=True).reason is None
    for reason in ("first", "model_changed", "not_scored"):
        for language in LANGUAGES:
            assert explain_no_comparison(replace(SCORE, changed_reason=reason), language)
    assert explain_no_comparison(replace(SCORE, changed_reason=None), "fr") == ""


MOVED = replace(
    SCORE,
    contributions=made(deaths_3m=1.0, season_sin=0.4, escalation_threshold=-0.7, deaths_12m=0.1),
    changed_families=(FamilyShare("season", 0.3), FamilyShare("threshold", -0.1)),
    changed_reason=None,
)


@pytest.mark.parametrize(
    ("score", "english", "french"),
    [
        (
            MOVED,
            "Ségou: 34% over 3 months (escalation, high), raised most by recent deaths and the "
            "season, lowered most by the distance to the region’s own threshold, 6 points more "
            "than before, mainly from the season.",
            "Ségou : 34\u202f% sur 3 mois (escalade, niveau élevé), tiré vers le haut surtout par "
            "les décès récents et la saison, tiré vers le bas surtout par l’écart au seuil propre "
            "à la région, 6 points de plus qu’avant (surtout la saison).",
        ),
        (
            replace(SCORE, change=-0.011, horizon=1),
            "Ségou: 34% over 1 month (escalation, high), with nothing far from the average, 1 "
            "point less than before.",
            "Ségou : 34\u202f% sur 1 mois (escalade, niveau élevé), sans rien qui s’écarte de la "
            "moyenne, 1 point de moins qu’avant.",
        ),
        (
            replace(SCORE, status="baseline_only", risk_score=0.1, change=None),
            "Ségou: no forecast of the model over 3 months (escalation), which came in 10% of such "
            "periods in the region’s own past.",
            "Ségou : pas de prévision du modèle sur 3 mois (escalade) ; dans le passé de la "
            "région, 10\u202f% de telles périodes en ont été marquées.",
        ),
        (
            replace(SCORE, status="stale", risk_score=None, level=None, change=None),
            "Ségou: no score over 3 months, which does not mean no risk.",
            "Ségou : sans valeur sur 3 mois, ce qui ne veut pas dire sans risque.",
        ),
    ],
)
def test_one_plain_sentence(score, english, french):
    assert explain_score(score, "month", "en") == english
    assert explain_score(score, "month", "fr") == french


def test_a_change_names_only_what_points_its_way():
    fallen = replace(MOVED, change=-0.02)
    assert explain_change(fallen, "en") == (
        "2 points less than before, mainly from the distance to the region’s own threshold",
    )
    assert explain_change(replace(MOVED, change=0.001), "en") == ("as before",)
    assert explain_change(replace(MOVED, change=None), "en") == ()


def test_both_languages_have_words_for_everything():
    families = {one.family for one in CATALOGUE.values()}
    assert families <= set(FAMILIES), (
        "name the new family in service/publications/explanation_words.py"
    )
    for language in LANGUAGES:
        assert all(name_family(family, language) for family in families)
        assert all(FAMILIES[family][language] for family in FAMILIES)
    english, french = PHRASES["en"], PHRASES["fr"]
    assert set(english) == set(french)
    for key in english:
        assert sorted(re.findall(r"{\w+}", english[key])) == sorted(
            re.findall(r"{\w+}", french[key])
        )
    assert name_family("brand new", "fr") == "brand new"


def test_what_is_published_sums_to_the_models_number_and_to_its_change(demo):
    for as_of in (FIRST, SECOND):
        run_cycle(demo.database, demo.settings, demo.clock, region_set="demo", as_of=as_of)
    with demo.database.read() as connection:
        before = find_publication(connection, "demo", FIRST)
        after = find_publication(connection, "demo", SECOND)
    assert {score.changed_reason for score in before.scores} == {"first"}
    n_compared = 0
    for old, new in zip(before.scores, after.scores, strict=True):
        if new.model_probability is None or old.model_probability is None:
            assert new.changed_reason == "not_scored"
            continue
        log_odds = math.log(new.model_probability / (1 - new.model_probability))
        told = new.base_log_odds + math.fsum(
            one.log_odds for one in group_by_family(new.contributions)
        )
        assert told == pytest.approx(log_odds, abs=1e-6)
        earlier = math.log(old.model_probability / (1 - old.model_probability))
        moved = math.fsum(one.log_odds for one in new.changed_families)
        assert moved == pytest.approx(log_odds - earlier, abs=1e-6)
        n_compared += 1
    assert n_compared > 40
