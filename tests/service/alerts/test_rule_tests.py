"""Tests that users write for rules: what passes, what fails and why, what is refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadInput, MissingInput
from service.alerts.rule_files import SHIPPED
from service.alerts.rule_test_files import read_scores
from service.alerts.rule_tests import RuleTestResult, run_rule_tests

DOCS = Path(__file__).resolve().parents[3] / "docs" / "alerts.md"
HEAD = 'rules = "rules.toml"\n'
Run = Callable[[str], tuple[RuleTestResult, ...]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "rules.toml").write_text(SHIPPED["sahel-desk"].read_text())

    def run_text(text: str) -> tuple[RuleTestResult, ...]:
        path = tmp_path / "rules_test.toml"
        path.write_text(text)
        return run_rule_tests(path)

    return run_text


def one(scores: str, expect: str = "", more: str = "", rule: str = "escalation-risk") -> str:
    return (
        f'{HEAD}[[tests]]\nname = "t"\nrule = "{rule}"\nscores = {{{scores}}}\n'
        f"expect = {{{expect}}}\n{more}"
    )


def test_the_documented_tests_pass(run: Run) -> None:
    found = re.findall(r'```toml\n(rules = "rules\.toml".*?)```', DOCS.read_text(), re.DOTALL)
    assert [[result.is_passed for result in run(text)] for text in found] == [[True, True]] * 2


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ("", "A: expected nothing; happened 2 fired high"),
        ('A = ["1 fired high"]', "A: expected 1 fired high; happened 2 fired high"),
        ('A = ["2 fired very_high"]', "A: expected 2 fired very_high; happened 2 fired high"),
        ('A = ["2 fired high", "3 resolved"]', "3 resolved; happened 2 fired high"),
    ],
)
def test_a_difference_is_told(run: Run, expect: str, difference: str) -> None:
    (result,) = run(one('A = "0.1 0.3"', expect))
    assert not result.is_passed
    assert difference in result.differences[0]


def test_silence_is_expected_of_what_is_not_named(run: Run) -> None:
    (result,) = run(one('A = "0.3", B = "0.3"', 'A = [" 1  fired high"]'))
    assert result.differences == ("B: expected nothing; happened 1 fired high",)


@pytest.mark.parametrize(
    ("rule", "scores", "expect"),
    [
        ("sharp-rise", 'A = "0.10 0.25 0.25"', 'A = ["2 fired rise", "3 resolved"]'),
        ("sharp-rise", 'A = "0.10 - 0.50"', ""),
        ("record-risk", 'A = "0.10x36 0.20"', 'A = ["37 fired record"]'),
        ("record-risk", 'A = "0.10x35 0.20"', ""),
        ("record-risk", 'A = "0.10x36 0.14"', ""),
        (
            "top-of-the-list",
            'A = "0.1x2", B = "0.2x2", C = "0.3x2"',
            'C = ["2 fired top_tenth"]',
        ),
    ],
)
def test_the_desk_does_what_it_says(run: Run, rule: str, scores: str, expect: str) -> None:
    (result,) = run(one(scores, expect, rule=rule))
    assert result.differences == ()


NEIGHBOURS = '[neighbours]\nA = ["B"]\n'


@pytest.mark.parametrize(
    ("near", "expect"),
    [
        ('B = "0.30x5"', '"1 fired high"'),
        ('B = "0.29x5"', ""),
        ('B = "0.30 0.20x4"', '"1 fired high"'),
        ('B = "0.30 0.19x4"', '"1 fired high", "3 resolved"'),
        ('B = "0.30 0.19 0.20 0.19 0.20"', '"1 fired high"'),
        ('B = "0.30 - 0.30x3"', '"1 fired high", "2 stale high", "3 restored high"'),
        ('B = "0.30 -x4"', '"1 fired high", "2 stale high"'),
        ('B = "-x5"', ""),
        ('C = "0.90x5"', ""),
    ],
)
def test_an_onset_needs_an_active_neighbour(run: Run, near: str, expect: str) -> None:
    text = one('A = "0.30x5"', f"A = [{expect}]", f"near = {{{near}}}", "onset-in-calm")
    (result,) = run(text.replace("[[tests]]", f"{NEIGHBOURS}[[tests]]"))
    assert result.differences == ()


def test_a_region_that_touches_none_has_no_active_neighbour(run: Run) -> None:
    text = one('D = "0.30x2"', "", 'near = {B = "0.90x2"}', "onset-in-calm")
    (result,) = run(text.replace("[[tests]]", f"{NEIGHBOURS}[[tests]]"))
    assert result.is_passed


@pytest.mark.parametrize(
    ("where", "expect"),
    [
        ("150x4", '"1 fired watch"'),
        ("151x4", ""),
        ("150 250x3", '"1 fired watch"'),
        ("150 251x3", '"1 fired watch", "3 resolved"'),
        ("150 -x3", '"1 fired watch", "3 resolved"'),
        ("-x4", ""),
        ("-5x4", '"1 fired watch"'),
    ],
)
def test_a_capital_needs_a_front_that_is_near(run: Run, where: str, expect: str) -> None:
    text = one(
        'ML09 = "0.10x4", ML05 = "0.24x4"',
        f"ML09 = [{expect}]",
        f'where = {{ML09 = "{where}", ML05 = "1x4"}}',
        "capital-risk",
    )
    (result,) = run(text)
    assert result.differences == ()


def test_neighbours_of_the_same_outcome_stand_under_scores(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(path.read_text().replace('outcome = "severe"', 'outcome = "onset"'))
    text = one('A = "0.30", B = "0.10"', 'B = ["1 fired watch"]', "", "onset-in-calm")
    (result,) = run(text.replace("[[tests]]", f"{NEIGHBOURS}[[tests]]"))
    assert result.differences == ()


def test_regions_lie_in_the_country_that_is_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(path.read_text().replace("horizons = [3]", 'countries = ["MLI"]', 1))
    (inside,) = run(one('A = "0.3"', 'A = ["1 fired high"]'))
    (outside,) = run(one('A = "0.3"', "", 'country = "NER"'))
    assert inside.is_passed
    assert outside.is_passed


NEAR_TEST = one('A = "0.3"', rule="onset-in-calm").replace("[[tests]]", f"{NEIGHBOURS}[[tests]]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "one or more tables"),
        (HEAD, "one or more tables"),
        (HEAD + "tests = []", "one or more tables"),
        ("x = \n", "not a TOML file.*line 1"),
        (one('A = "0.3"', rule="no"), "there is no rule 'no'"),
        (one('A = "0.3", B = "0.3x2"'), "as many scores: A 1, B 2"),
        (one('A = "0.3"', "B = []"), "'B', which has no scores"),
        (one('A = "high"'), "'high' is no score"),
        (one('A = "0.3x0"'), "'0.3x0' is no score"),
        (one('A = "1.3"'), "lies between 0 and 1"),
        (one('A = "-0.1"'), "lies between 0 and 1"),
        (one('A = "0.3"', rule="onset-in-calm"), r"write \[neighbours\]"),
        (NEAR_TEST, "write their severe under 'near'"),
        (NEAR_TEST + 'near = {B = "0.1x2"}', "as many scores: A 1, near B 2"),
        (NEAR_TEST.replace('["B"]', '"B"'), "names the regions that a region touches"),
        (one('A = "0.3"', more='near = {B = "0.1"}'), "no other scores: remove 'near'"),
        (one('A = "0.3"', more='where = {A = "1"}'), "no indicator: remove 'where'"),
        (one('A = "0.3"', rule="capital-risk"), "write it under 'where'"),
        (one('A = "0.3"', more='where = {A = "near"}', rule="capital-risk"), "'near' is no score"),
        (one('A = ""'), "there are no scores"),
        (one('A = "0.3"', more="colour = 1"), "test 1: colour: "),
    ],
)
def test_what_cannot_be_run_is_refused(run: Run, text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        run(text)


def test_missing_files(run: Run, tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="test file"):
        run_rule_tests(tmp_path / "no.toml")
    with pytest.raises(MissingInput, match="rule file"):
        run(one('A = "0.3"').replace("rules.toml", "no.toml"))


@given(st.lists(st.none() | st.integers(0, 100).map(lambda n: n / 100), min_size=1))
def test_scores_are_read_as_they_are_written(values: list[float | None]) -> None:
    words = ["-" if value is None else f"{value:.2f}" for value in values]
    assert read_scores(" ".join(words)) == values
    assert read_scores(" ".join(f"{word}x2" for word in words)) == [v for v in values for _ in "ab"]
