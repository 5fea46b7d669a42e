"""Numbers and days as people read them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.formats import FORMATS
from service.web import words
from service.web.levels import RAMP_STEPS, describe_levels, level_of
from service.web.set_page import _FORMAT_WORDS


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (None, "no score"),
        (float("nan"), "no score"),
        (0.0, "0%"),
        (0.0001, "under 1%"),
        (0.0049, "under 1%"),
        (0.006, "1%"),
        (0.345, "34%"),
        (0.996, "over 99%"),
        (1.0, "100%"),
    ],
)
def test_percent(share, told):
    assert words.percent(share) == told


@given(st.floats(0, 1, exclude_max=True))
def test_shown_percent_never_leaves_its_level(share):
    levels = describe_levels({"low": 0.0, "moderate": 0.1, "high": 0.25, "very_high": 0.5})
    level = next(level for level in levels.values() if level.low <= share < level.high)
    told = words.percent_within(share, level.low, level.high)
    if told[0].isdigit():
        assert level.low <= float(told[:-1]) / 100 < level.high
        assert abs(float(told[:-1]) / 100 - share) < 0.0051


@pytest.mark.parametrize(
    ("change", "told"),
    [(None, "not known"), (0.074, "+7"), (-0.074, "−7"), (0.004, "0"), (-0.0, "0"), (1.0, "+100")],
)
def test_points(change, told):
    assert words.points(change) == told


@pytest.mark.parametrize(
    ("value", "digits", "told"),
    [
        (None, 1, "not known"),
        (float("nan"), 1, "not known"),
        (0, 1, "0"),
        (-0.01, 1, "0"),
        (1537, 1, "1,537"),
        (100, 0, "100"),
        (2.5, 1, "2.5"),
        (-2.0, 1, "−2"),
    ],
)
def test_number(value, digits, told):
    assert words.number(value, digits) == told


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (-1, "in the future by this machine's clock"),
        (0, "today"),
        (1, "1 day ago"),
        (13, "13 days ago"),
        (14, "2 weeks ago"),
        (60, "8 weeks ago"),
        (61, "2 months ago"),
        (365, "12 months ago"),
        (731, "2 years ago"),
        (1770, "4 years and 10 months ago"),
    ],
)
def test_age(days, told):
    since = date(2021, 1, 1)
    assert words.age(since, since + timedelta(days=days)) == told


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(61, 20_000))
def test_age_in_months_is_within_a_month(since, days):
    told = words.age(since, since + timedelta(days=days)).split()
    units = {"month": 1, "months": 1, "years": 12, "year": 12}
    months = sum(int(n) * units[unit] for n, unit in pairwise(told) if n.isdigit())
    assert abs(months - days / 30.4369) < 1.1


def test_span_names_the_year_once():
    assert words.day_span(date(2022, 1, 1), date(2022, 3, 31)) == "1 January to 31 March 2022"
    assert (
        words.day_span(date(2021, 12, 1), date(2022, 1, 31)) == "1 December 2021 to 31 January 2022"
    )


def test_countries_have_names_and_unknown_codes_stay():
    assert words.country_name("BFA") == "Burkina Faso"
    assert words.country_name("CIV") == "Côte d'Ivoire"
    assert words.country_name("XML") == "country XML"


def test_lists():
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"], "or") == "a, b or c"


@given(st.lists(st.floats(0.01, 0.99), min_size=0, max_size=12, unique=True))
def test_levels_rise_over_the_whole_ramp(bounds):
    named = {f"level_{place}": bound for place, bound in enumerate([0.0, *sorted(bounds)])}
    levels = list(describe_levels(named).values())
    ramps = [level.ramp for level in levels]
    assert ramps == sorted(ramps)
    assert ramps[-1] == RAMP_STEPS
    assert ramps[0] == (1 if bounds else RAMP_STEPS)
    assert [sum(level.pips) for level in levels] == list(range(1, len(levels) + 1))
    assert [level.words for level in levels] == [f"level {place}" for place in range(len(levels))]


def test_level_that_settings_no_longer_know_is_shown_as_a_word():
    levels = describe_levels({"calm": 0.0, "bad": 0.3})
    assert level_of(None, levels) is None
    assert level_of("bad", levels) is levels["bad"]
    assert level_of("very_high", levels).words == "very high"
    assert sum(level_of("very_high", levels).pips) == 0


def test_every_file_of_a_publication_is_described() -> None:
    assert {*FORMATS, "cap.xml", "manifest.json"} <= set(_FORMAT_WORDS)
