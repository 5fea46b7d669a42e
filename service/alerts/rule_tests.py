"""Tests of rules that users write: scores in, the events that must come out, and no others.

A test file is TOML. Scores are written as `"0.1 0.3x2 - 0.6"`: one for each publication, `x2` for
twice, `-` for none. Events are written as `"2 fired high"`: number of the publication from 1, what
happens, the level after it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from data.calendar import period_end
from data.errors import BadInput, MissingInput
from service.alerts.advance import AlertEvent, advance
from service.alerts.measures import collect_past
from service.alerts.rule_files import read_rules
from service.alerts.rules import Rule
from service.alerts.tracking import States
from service.publication import Publication, PublishedScore

_SCORES = re.compile(r"(-|\d+(?:\.\d+)?)(?:x([1-9]\d{0,3}))?")
_FIRST_AS_OF = (2001, 1)


class RuleTest(BaseModel):
    """One test of a rule; see the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1, description="What is tested, in words.")
    rule: str = Field(description="Id of the rule.")
    scores: dict[str, str] = Field(min_length=1, description="Scores by region id.")
    expect: dict[str, list[str]] = Field(default={}, description="Events by region id, in order.")
    country: str = Field(default="", description="Country of the regions, if the rule asks.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        lengths = {region: len(read_scores(text)) for region, text in self.scores.items()}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{region} {count}" for region, count in lengths.items())
            raise ValueError(f"every region needs as many scores: {counts}")
        for region in self.expect:
            if region not in self.scores:
                raise ValueError(f"events are expected of '{region}', which has no scores")
        return self


@dataclass(frozen=True)
class RuleTestResult:
    """What came of a test.

    Attributes:
        name: Its name.
        rule_id: The rule.
        differences: What was expected and did not happen, or the reverse; empty if it passed.
    """

    name: str
    rule_id: str
    differences: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """True if everything happened that was expected, and nothing else."""
        return not self.differences


def run_rule_tests(path: Path) -> tuple[RuleTestResult, ...]:
    """Returns what came of the tests of a file, in its order.

    Args:
        path: The test file; the rule file that it names lies relative to it.

    Raises:
        MissingInput: There is no such file, or not the rule file.
        BadInput: One of the two is not what it should be.
    """
    rules, tests = _read_tests(path)
    return tuple(_run(test, rules[test.rule]) for test in tests)


def read_scores(text: str) -> list[float | None]:
    """Returns the scores of a text such as `0.1 0.3x2 - 0.6`; None for no score.

    Raises:
        ValueError: It is not written like that, or a score lies outside [0, 1].
    """
    scores: list[float | None] = []
    for word in text.split():
        found = _SCORES.fullmatch(word)
        if found is None:
            raise ValueError(f"'{word}' is no score: write 0.3, 0.3x2 or -")
        value = None if found[1] == "-" else float(found[1])
        if value is not None and value > 1:
            raise ValueError(f"'{word}' is no score: a probability is at most 1")
        scores += [value] * int(found[2] or 1)
    if not scores:
        raise ValueError("there are no scores")
    return scores


def _read_tests(path: Path) -> tuple[dict[str, Rule], list[RuleTest]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise MissingInput(
            f"The test file {path} cannot be read: {problem.strerror}.", "Check the path."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path}: not a TOML file: {problem}.", "Mend that line.") from None
    bodies, file = content.get("tests"), content.get("rules")
    is_complete = set(content) == {"rules", "tests"} and isinstance(file, str)
    if not is_complete or not isinstance(bodies, list) or not bodies:
        raise BadInput(
            f'{path}: a test file holds `rules = "FILE"` and one or more tables [[tests]].',
            "See docs/alerts.md for an example.",
        )
    rules = {rule.id: rule for rule in read_rules(path.parent / str(file))}
    tests = [_read_test(path, number, body) for number, body in enumerate(bodies, start=1)]
    for test in tests:
        if test.rule not in rules:
            raise BadInput(
                f"{path}: test '{test.name}': there is no rule '{test.rule}' in {file}.",
                f"It has: {', '.join(rules)}.",
            )
    return rules, tests


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


def _run(test: RuleTest, rule: Rule) -> RuleTestResult:
    scores = {region: read_scores(text) for region, text in test.scores.items()}
    length = len(next(iter(scores.values())))
    publications = [_publish(test, rule, scores, place) for place in range(length)]
    past = collect_past(publications)
    states: States = {}
    happened: dict[str, list[str]] = {region: [] for region in scores}
    for number, publication in enumerate(publications, start=1):
        states, events = advance([rule], states, publication, past)
        for event in events:
            happened[event.region_id].append(_write(number, event))
    differences = []
    for region, found in happened.items():
        wanted = [" ".join(text.split()) for text in test.expect.get(region, [])]
        if wanted != found:
            differences.append(
                f"{region}: expected {', '.join(wanted) or 'nothing'}; "
                f"happened {', '.join(found) or 'nothing'}"
            )
    return RuleTestResult(test.name, rule.id, tuple(differences))


def _write(number: int, event: AlertEvent) -> str:
    level = "" if event.type == "resolved" else f" {event.level_name}"
    return f"{number} {event.type}{level}"


def _publish(
    test: RuleTest, rule: Rule, scores: Mapping[str, list[float | None]], place: int
) -> Publication:
    """Returns the publication number `place` of a test: one a month."""
    year, month = divmod(_FIRST_AS_OF[0] * 12 + _FIRST_AS_OF[1] - 1 + place, 12)
    as_of = date(year, month + 1, 15)
    origin = (year - 1970) * 12 + month - 1
    rows = []
    for region, values in scores.items():
        value = values[place]
        before = values[place - 1] if place else None
        rows.append(
            PublishedScore(
                region_id=region,
                region_name=region,
                country=test.country or next(iter(rule.selector.countries), ""),
                outcome=rule.selector.outcome,
                horizon=next(iter(rule.selector.horizons), 1),
                status="stale" if value is None else "ok",
                risk_score=value,
                level=None,
                change=None if value is None or before is None else round(value - before, 12),
                model_probability=value,
                climatology=None,
                threshold=None,
                base_log_odds=0.0,
                contributions=(),
                reason="",
            )
        )
    return Publication(
        region_set=rule.selector.region_set or "test",
        as_of=as_of,
        revision=1,
        step="month",
        origin=origin,
        data_cutoff=period_end(origin, "month"),
        published_at=datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC),
        model_version="test",
        outcome_version="test",
        is_simulated=True,
        is_schematic=True,
        attributions=(),
        previous_as_of=None,
        manifest={},
        scores=tuple(rows),
    )
