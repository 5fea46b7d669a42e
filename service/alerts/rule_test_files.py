"""Files of tests of rules: what users write down, read and checked.

A test file is TOML. Scores are written as `"0.1 0.3x2 - 0.6"`: one for each publication, `x2` for
twice, `-` for none. Events are written as `"2 fired high"`: number of the publication from 1, what
happens, the level after it. What the conditions of a rule look at is written the same way.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.errors import BadInput, MissingInput
from service.alerts.conditions import Neighbours
from service.alerts.rule_files import read_rules
from service.alerts.rules import Rule

_NUMBERS = re.compile(r"(-|-?\d+(?:\.\d+)?)(?:x([1-9]\d{0,3}))?")


class RuleTest(BaseModel):
    """One test of a rule; see the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, description="What is tested, in words.")
    rule: str = Field(description="Id of the rule.")
    scores: dict[str, str] = Field(min_length=1, description="Scores by region id.")
    expect: dict[str, list[str]] = Field(default={}, description="Events by region id, in order.")
    country: str = Field(default="", description="Country of the regions, if the rule asks.")
    near: dict[str, str] = Field(
        default={}, description="Scores of the outcome that `near` of the rule asks for, by region."
    )
    where: dict[str, str] = Field(
        default={}, description="Values of the indicator that `where` of the rule asks for."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        lengths = {region: len(read_scores(text)) for region, text in self.scores.items()}
        lengths |= {f"near {name}": len(read_scores(text)) for name, text in self.near.items()}
        lengths |= {f"where {name}": len(read_numbers(text)) for name, text in self.where.items()}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{region} {count}" for region, count in lengths.items())
            raise ValueError(f"every region needs as many scores: {counts}")
        for region in self.expect:
            if region not in self.scores:
                raise ValueError(f"events are expected of '{region}', which has no scores")
        return self


@dataclass(frozen=True)
class RuleTestFile:
    """A test file.

    Attributes:
        rules: The rules that it names, by id.
        tests: The tests.
        neighbours: Regions that touch; a region that is not named touches none.
    """

    rules: Mapping[str, Rule]
    tests: Sequence[RuleTest]
    neighbours: Neighbours


def read_test_file(path: Path) -> RuleTestFile:
    """Returns a test file with the rules that it names.

    Args:
        path: The test file; the rule file that it names lies relative to it.

    Raises:
        MissingInput: There is no such file, or not the rule file.
        BadInput: One of the two is not what it should be.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise MissingInput(
            f"The test file {path} cannot be read: {problem.strerror}.", "Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path}: not a TOML file: {problem}.", "Mend that line.") from None
    bodies, file = content.get("tests"), content.get("rules")
    is_complete = {*content, "neighbours"} == {"rules", "tests", "neighbours"}
    is_complete = is_complete and isinstance(file, str)
    if not is_complete or not isinstance(bodies, list) or not bodies:
        raise BadInput(
            f'{path}: a test file holds `rules = "FILE"` and one or more tables [[tests]].',
            "See docs/alerts.md for an example.",
        )
    rules = {rule.id: rule for rule in read_rules(path.parent / str(file))}
    neighbours = _read_neighbours(path, content.get("neighbours", {}))
    tests = [_read_test(path, number, body) for number, body in enumerate(bodies, start=1)]
    for test in tests:
        if test.rule not in rules:
            raise BadInput(
                f"{path}: test '{test.name}': there is no rule '{test.rule}' in {file}.",
                f"It has: {', '.join(rules)}.",
            )
        if lacking := _lacks(test, rules[test.rule], "neighbours" in content):
            raise BadInput(f"{path}: test '{test.name}': {lacking}.", "Mend the test.")
    return RuleTestFile(rules, tests, neighbours)


def _lacks(test: RuleTest, rule: Rule, has_neighbours: bool) -> str:
    """Returns what a test does not say of what its rule asks for, or says in vain."""
    near = rule.near
    is_own = near is not None and (near.outcome, near.horizon or rule_horizon(rule)) == (
        rule.selector.outcome,
        rule_horizon(rule),
    )
    if near is not None and not has_neighbours:
        return f"rule '{rule.id}' asks for neighbours: write [neighbours] and which regions touch"
    if near is not None and not is_own and not test.near:
        return f"rule '{rule.id}' asks for neighbours: write their {near.outcome} under 'near'"
    if test.near and (near is None or is_own):
        return f"rule '{rule.id}' asks for no other scores: remove 'near'"
    if rule.where is not None and not test.where:
        return f"rule '{rule.id}' asks for {rule.where.indicator}: write it under 'where'"
    if test.where and rule.where is None:
        return f"rule '{rule.id}' asks for no indicator: remove 'where'"
    return ""


def _read_neighbours(path: Path, table: Any) -> Neighbours:
    """Returns who touches whom, told from either side."""
    is_read = isinstance(table, dict) and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names)
        for names in table.values()
    )
    if not is_read:
        raise BadInput(
            f"{path}: [neighbours] names the regions that a region touches.",
            'Write it like ML05 = ["ML01", "ML04"].',
        )
    touching: dict[str, set[str]] = defaultdict(set)
    for region, names in table.items():
        for name in names:
            touching[region].add(name)
            touching[name].add(region)
    return {region: tuple(sorted(names)) for region, names in touching.items()}


def _read_test(path: Path, number: int, body: Any) -> RuleTest:
    try:
        return RuleTest.model_validate(body)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        raise BadInput(
            f"{path}: test {number}: {place + ': ' if place else ''}{reason}.", "Mend the test."
        ) from None


def rule_horizon(rule: Rule) -> int:
    """Returns the horizon that scores of a test have: the first that the rule follows."""
    return next(iter(rule.selector.horizons), 1)


def read_scores(text: str) -> list[float | None]:
    """Returns the scores of a text such as `0.1 0.3x2 - 0.6`; None for no score.

    Raises:
        ValueError: It is not written like that, or a score lies outside [0, 1].
    """
    scores = read_numbers(text)
    for value in scores:
        if value is not None and not 0 <= value <= 1:
            raise ValueError(f"'{value:g}' is no score: a probability lies between 0 and 1")
    return scores


def read_numbers(text: str) -> list[float | None]:
    """Returns the numbers of a text such as `-12.5 30x2 -`; None for none.

    Raises:
        ValueError: It is not written like that.
    """
    numbers: list[float | None] = []
    for word in text.split():
        found = _NUMBERS.fullmatch(word)
        if found is None:
            raise ValueError(f"'{word}' is no score: write 0.3, 0.3x2 or -")
        value = None if found[1] == "-" else float(found[1])
        numbers += [value] * int(found[2] or 1)
    if not numbers:
        raise ValueError("there are no scores")
    return numbers
