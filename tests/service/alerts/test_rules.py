"""Rules: what is refused and why, files, and versions in the store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.errors import BadInput, MissingInput, UsageError
from service.alerts.audit import list_actions, verify_audit
from service.alerts.rule_files import DEFAULT_RULES, read_rules
from service.alerts.rule_store import (
    active_rules,
    apply_default_rules,
    apply_rules,
    list_rules,
    load_rules,
)
from service.alerts.rules import Rule, parse_rule
from service.settings import Settings


def level(name: str, enter: object, leave: object) -> dict[str, object]:
    return {"name": name, "enter": enter, "exit": leave}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"levels": [level("a", 0.3, 0.3)]}, "level 'a': exit 0.3 is not below enter 0.3"),
        ({"levels": [level("a", 0.3, 0.2), level("b", 0.3, 0.25)]}, "'a' and 'b' do not rise"),
        ({"levels": [level("a", 0.3, 0.2), level("b", 0.4, 0.2)]}, "'a' and 'b' do not rise"),
        ({"levels": []}, "levels: "),
        ({"levels": [level(f"l{n}", n / 10, n / 10 - 0.05) for n in range(1, 6)]}, "levels: "),
        ({"levels": [level("a", 1.2, 0.2)]}, r"risk_score lies in \[0, 1\]"),
        ({"levels": [level("a", 0.2, 0)]}, "exit must be above 0"),
        ({"levels": [level("a", float("nan"), 0.1)]}, "levels.0.enter"),
        ({"levels": [level("a", "0.3", 0.1)]}, "levels.0.enter"),
        ({"levels": [level("a", 0.3, 0.2), level("a", 0.4, 0.3)]}, "level names must differ"),
        ({"levels": [level("none", 0.3, 0.2)]}, "none may be 'none'"),
        ({"levels": [level("Very high", 0.3, 0.2)]}, "levels.0.name"),
        ({"measure": "deaths"}, "measure: "),
        ({"measure": "change", "levels": [level("a", 0.3, -1)]}, r"change lies in \[-1, 1\]"),
        ({"for_n": 0}, "for_n: "),
        ({"clear_n": 1.5}, "clear_n: "),
        ({"stale_n": True}, "stale_n: "),
        ({"repeat_after_days": 0}, "repeat_after_days: "),
        ({"enabled": "yes"}, "enabled: "),
        ({"id": "Risk of all"}, "id: "),
        ({"why": ""}, "why: "),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"selector": {"horizons": [3]}}, "selector.outcome: Field required"),
        ({"selector": {"outcome": "x", "horizons": [0]}}, "a horizon is at least 1"),
        ({"selector": {"outcome": "x", "regions": ["A"], "countries": ["MLI"]}}, "not both"),
    ],
)
def test_a_contradiction_is_refused_with_its_reason(
    build: Any, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason) as caught:
        build.rule(**changes)
    assert "'" in caught.value.message
    assert "\n" not in str(caught.value)


def test_a_change_may_be_watched(build: Any) -> None:
    assert build.rule(measure="change", levels=[level("rise", 0.15, -0.05)]).measure == "change"


@pytest.mark.parametrize(
    ("selector", "is_covered"),
    [
        ({}, True),
        ({"region_set": "sahel"}, True),
        ({"region_set": "asia"}, False),
        ({"regions": ["ML01", "ML05"]}, True),
        ({"regions": ["ML05"]}, False),
        ({"countries": ["MLI"]}, True),
        ({"countries": ["NER"]}, False),
        ({"horizons": [1, 3]}, True),
        ({"horizons": [1]}, False),
        ({"outcome": "onset"}, False),
    ],
)
def test_selector(build: Any, selector: dict[str, Any], is_covered: bool) -> None:
    rule = build.rule(selector={"outcome": "escalation", **selector})
    assert rule.covers("sahel", "ML01", "MLI", "escalation", 3) is is_covered


def test_a_rule_survives_its_body(build: Any) -> None:
    rule = build.rule(labels={"desk": "west"}, repeat_after_days=7)
    assert parse_rule(rule.body, rule.version) == rule


def test_the_default_rule_stands_on_the_risk_levels() -> None:
    (rule,) = read_rules(DEFAULT_RULES)
    levels = Settings().levels
    assert [(item.name, item.enter) for item in rule.levels] == [
        (name, levels[name]) for name in ("high", "very_high")
    ]
    assert rule.selector.region_set is None
    assert rule.selector.horizons == (3,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rules = 1", "one or more tables"),
        ("", "one or more tables"),
        ("[[rule]]\nid = 'x'", "one or more tables"),
        ("[[rules]]\nid = 'x'\nversion = 3", "versions are counted"),
        ("[[rules]]\nid = \n", "not a TOML file.*line 2"),
        ("[[rules]]\nid = 'x'\nwhy = 2022-01-01", "Rule 'x' is refused: name: Field required"),
        ("\udcff", "not a TOML file"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(BadInput, match=reason) as caught:
        read_rules(path)
    assert str(path) in str(caught.value)


def test_a_rule_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(DEFAULT_RULES.read_text() * 2)
    with pytest.raises(BadInput, match="'escalation-risk' is there twice"):
        read_rules(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"no\.toml"):
        read_rules(tmp_path / "no.toml")


def test_only_a_changed_body_makes_a_version(world: Any, build: Any) -> None:
    first, edited = build.rule(), build.rule(clear_n=3)
    other = build.rule(id="other")

    def apply(*rules: Rule) -> list[tuple[str, int]]:
        with world.database.write() as connection:
            stored = apply_rules(connection, rules, actor="awa", now=world.clock())
        return [(rule.id, rule.version) for rule in stored]

    assert apply(first, other) == [("risk", 1), ("other", 1)]
    assert apply(first, other) == []
    assert apply(edited) == [("risk", 2)]
    assert apply(first) == [("risk", 3)]
    with world.database.read() as connection:
        assert [(rule.id, rule.version) for rule in list_rules(connection)] == [
            ("other", 1),
            ("risk", 3),
        ]
        (old,) = load_rules(connection, [("risk", 2), ("risk", 9)])
    assert old == edited.model_copy(update={"version": 2})


def test_the_trail_says_who_applied_each_version(world: Any, build: Any) -> None:
    world.apply(build.rule(), build.rule(id="other", enabled=False))
    world.apply(build.rule(clear_n=3), build.rule(id="other", enabled=False))
    with world.database.write() as connection:
        apply_default_rules(connection, world.clock())
    with world.database.read() as connection:
        said = [
            (entry.actor, entry.action, entry.subject, entry.detail)
            for entry in reversed(list_actions(connection))
        ]
        assert verify_audit(connection).is_good
    assert said == [
        ("awa", "apply_rule", "risk", {"version": 1, "enabled": True}),
        ("awa", "apply_rule", "other", {"version": 1, "enabled": False}),
        ("awa", "apply_rule", "risk", {"version": 2, "enabled": True}),
        ("tocsin", "apply_rule", "escalation-risk", {"version": 1, "enabled": True}),
    ]


def test_rules_without_a_name_behind_them_are_not_stored(world: Any, build: Any) -> None:
    with (
        pytest.raises(UsageError, match="names nobody"),
        world.database.write() as connection,
    ):
        apply_rules(connection, [build.rule()], actor=" ", now=world.clock())
    with world.database.read() as connection:
        assert list_rules(connection) == ()
        assert list_actions(connection) == ()


def test_a_disabled_rule_is_not_active(world: Any, build: Any) -> None:
    world.apply(build.rule(), build.rule(id="other"))
    world.apply(build.rule(enabled=False))
    with world.database.read() as connection:
        assert [rule.id for rule in active_rules(connection)] == ["other"]
        assert len(list_rules(connection)) == 2


def test_twice_the_same_id_is_refused_and_nothing_is_stored(world: Any, build: Any) -> None:
    with pytest.raises(BadInput, match="twice"):
        world.apply(build.rule(), build.rule(clear_n=5))
    with world.database.read() as connection:
        assert list_rules(connection) == ()


def test_what_an_operator_made_of_a_default_rule_stays(
    world: Any, new_world: Callable[[], Any]
) -> None:
    (default,) = read_rules(DEFAULT_RULES)
    with world.database.write() as connection:
        assert apply_default_rules(connection, world.clock()) == (default,)
        assert apply_default_rules(connection, world.clock()) == ()
        apply_rules(
            connection, [default.model_copy(update={"clear_n": 4})], actor="awa", now=world.clock()
        )
        assert apply_default_rules(connection, world.clock()) == ()
        assert [rule.clear_n for rule in active_rules(connection)] == [4]
