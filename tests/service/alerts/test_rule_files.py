"""Rule files: each refusal with the line where the mistake stands; the files that are shipped."""

from pathlib import Path

import pytest

from service.alerts.rule_files import SHIPPED, check_rule_file, read_rules
from service.alerts.toml_lines import find_lines, line_of

GOOD = """\
# A comment.
[[rules]]
id = "a"
name = "A"
why = "Because."
measure = "risk_score"

[rules.selector]
outcome = "escalation"

[[rules.levels]]
name = "high"
enter = 0.3
exit = 0.2

[[rules.levels]]
name = "higher"
enter = 0.5
exit = 0.4
"""


def refuse(tmp_path: Path, text: str) -> list[tuple[int | None, str]]:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    return [(item.line, item.reason) for item in check_rule_file(path)[1]]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('"risk_score"', '"deaths"', 6, "measure: "),
        ("enter = 0.5", 'enter = "0.5"', 18, "levels.1.enter: "),
        ("exit = 0.4", "", 16, "levels.1.exit: Field required"),
        ('outcome = "escalation"', "", 8, "selector.outcome: Field required"),
        ('outcome = "escalation"', 'outcome = "x"\nhorizons = [0]', 8, "a horizon is at least 1"),
        ('why = "Because."', "", 2, "why: Field required"),
        ("exit = 0.2", "exit = 0.3", 2, "level 'high': exit 0.3 is not below enter 0.3"),
        ('id = "a"', 'id = "a"\nversion = 2', 4, "versions are counted"),
    ],
)
def test_a_refusal_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert refuse(tmp_path, GOOD) == []
    ((found, words),) = refuse(tmp_path, GOOD.replace(old, new))
    assert reason in words
    assert found == line


CONDITIONS = """
[rules.near]
outcome = "severe"
at_least = 0.3

[rules.where]
indicator = "front_distance_3m"
at_most = 150
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("at_least = 0.3", "at_least = 3", 23, "near.at_least: "),
        ("at_least = 0.3", "at_least = 0.3\nuntil_below = 0.4", 21, "lies above at_least 0.3"),
        ('outcome = "severe"\n', "", 21, "near.outcome: Field required"),
        ("front_distance_3m", "front", 25, "where: no rule can ask for the indicator 'front'"),
        ("at_most = 150", 'at_most = "150"', 27, "where.at_most: "),
        ("at_most = 150", "", 25, "give one of at_least and at_most"),
    ],
)
def test_a_refused_condition_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert refuse(tmp_path, GOOD + CONDITIONS) == []
    ((found, words),) = refuse(tmp_path, GOOD + CONDITIONS.replace(old, new))
    assert reason in words
    assert found == line


def test_all_mistakes_of_a_file_are_told(tmp_path: Path) -> None:
    second = GOOD.replace("enter = 0.3", "enter = 3").replace('"a"', '"b"')
    third = GOOD.replace('name = "A"', "colour = 1")
    size = GOOD.count("\n")
    assert [line for line, _ in refuse(tmp_path, GOOD + second + third)] == [
        size + 2,
        2 * size + 2,
        2 * size + 4,
    ]


def test_the_second_of_two_rules_of_one_id_is_refused(tmp_path: Path) -> None:
    ((line, reason),) = refuse(tmp_path, GOOD + GOOD)
    assert (line, "twice" in reason) == (GOOD.count("\n") + 3, True)


def test_what_is_written_inline_has_the_line_of_its_key(tmp_path: Path) -> None:
    text = GOOD.replace('[rules.selector]\noutcome = "escalation"\n', "").replace(
        'measure = "risk_score"', 'measure = "risk_score"\nselector = {outcome = 3}'
    )
    ((line, reason),) = refuse(tmp_path, text)
    assert (line, "selector.outcome" in reason) == (7, True)


def test_no_line_is_better_than_a_wrong_one(tmp_path: Path) -> None:
    inline = 'rules = [{id = "a"}]'
    assert {line for line, _ in refuse(tmp_path, inline)} == {None}
    hidden = GOOD.replace('"Because."', '"""\n[[rules]]\n"""').replace("0.5", "5.0")
    assert {line for line, _ in refuse(tmp_path, hidden)} == {None}


def test_lines_of_places() -> None:
    (places,) = find_lines(GOOD, "rules")
    assert line_of(places, ()) == 2
    assert line_of(places, ("levels", 0, "enter")) == 13
    assert line_of(places, ("levels", 1, "enter")) == 18
    assert line_of(places, ("selector", "horizons", 0)) == 8
    assert line_of({}, ("id",)) is None


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_rule_says_why(name: str) -> None:
    rules = read_rules(SHIPPED[name])
    assert all(rule.why.endswith(".") and len(rule.why.split()) > 10 for rule in rules)
    # One horizon each: the horizons of a region rise together.
    assert all(len(rule.selector.horizons) == 1 for rule in rules)


def test_the_desk_begins_with_the_default_rule() -> None:
    """Applying the desk's file leaves the default rule as it is: no second alert about the same."""
    (default,) = read_rules(SHIPPED["default"])
    assert read_rules(SHIPPED["sahel-desk"])[0].body == default.body
