"""Tests of rules that users write: scores in, the events that must come out, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from data.calendar import period_end
from service.alerts.advance import AlertEvent, advance
from service.alerts.conditions import Neighbours
from service.alerts.measures import Key, collect_past
from service.alerts.rule_test_files import (
    RuleTest,
    read_numbers,
    read_scores,
    read_test_file,
    rule_horizon,
)
from service.alerts.rules import Rule
from service.alerts.tracking import States
from service.publications.publication import Publication, PublishedScore

_FIRST_AS_OF = (2001, 1)


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
    file = read_test_file(path)
    return tuple(_run(test, file.rules[test.rule], file.neighbours) for test in file.tests)


def _run(test: RuleTest, rule: Rule, neighbours: Neighbours) -> RuleTestResult:
    courses = _read_courses(test, rule)
    length = len(next(iter(courses.values())))
    indicators = {region: read_numbers(text) for region, text in test.where.items()}
    publications = [
        replace(_publish(test, rule, courses, place), indicators=_keep(rule, indicators, place))
        for place in range(length)
    ]
    # A region that is not named among the neighbours touches none.
    around = dict.fromkeys(test.scores, ()) | dict(neighbours)
    past = collect_past(publications)
    states: States = {}
    happened: dict[str, list[str]] = {region: [] for region in test.scores}
    for number, publication in enumerate(publications, start=1):
        states, events = advance([rule], states, publication, past, neighbours=around)
        for event in events:
            happened.setdefault(event.region_id, []).append(_write(number, event))
    differences = []
    for region, found in happened.items():
        wanted = [" ".join(text.split()) for text in test.expect.get(region, [])]
        if wanted != found:
            differences.append(
                f"{region}: expected {', '.join(wanted) or 'nothing'}; "
                f"happened {', '.join(found) or 'nothing'}"
            )
    return RuleTestResult(test.name, rule.id, tuple(differences))


def _read_courses(test: RuleTest, rule: Rule) -> dict[Key, list[float | None]]:
    horizon = rule_horizon(rule)
    courses: dict[Key, list[float | None]] = {
        (region, rule.selector.outcome, horizon): read_scores(text)
        for region, text in test.scores.items()
    }
    if rule.near is not None:
        for region, text in test.near.items():
            key = (region, rule.near.outcome, rule.near.horizon or horizon)
            courses[key] = read_scores(text)
    return courses


def _keep(
    rule: Rule, values: Mapping[str, list[float | None]], place: int
) -> dict[str, dict[str, float | None]]:
    if rule.where is None:
        return {}
    return {rule.where.indicator: {region: course[place] for region, course in values.items()}}


def _write(number: int, event: AlertEvent) -> str:
    level = "" if event.type == "resolved" else f" {event.level_name}"
    return f"{number} {event.type}{level}"


def _publish(
    test: RuleTest, rule: Rule, courses: Mapping[Key, list[float | None]], place: int
) -> Publication:
    """Returns the publication number `place` of a test: one a month."""
    year, month = divmod(_FIRST_AS_OF[0] * 12 + _FIRST_AS_OF[1] - 1 + place, 12)
    as_of = date(year, month + 1, 15)
    origin = (year - 1970) * 12 + month - 1
    rows = []
    for (region, outcome, horizon), values in courses.items():
        value = values[place]
        before = values[place - 1] if place else None
        rows.append(
            PublishedScore(
                region_id=region,
                region_name=region,
                country=test.country or next(iter(rule.selector.countries), ""),
                outcome=outcome,
                horizon=horizon,
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
