"""What a rule sees in a score: its measure, and whether its conditions hold."""

from __future__ import annotations

from dataclasses import dataclass

from service.alerts.conditions import Finding, Surroundings
from service.alerts.measures import BOUNDS, Measuring
from service.alerts.rules import Rule
from service.publications.publication import PublishedScore


@dataclass(frozen=True)
class Assessment:
    """A score under a rule.

    Attributes:
        value: The measure; None without a score.
        counted: What is compared with the levels: the measure, or its least value where a condition
            does not hold; None where nothing can be told.
        findings: What was found of each condition; empty without a score.
    """

    value: float | None
    counted: float | None
    findings: tuple[Finding, ...] = ()

    def note(self, rule: Rule, level: int) -> str:
        """Returns which condition left a series at a level below that of its own measure.

        Args:
            rule: The rule.
            level: The level after the publication.

        Returns:
            A sentence; empty if the measure alone would have led there.
        """
        if self.value is None or (self.counted is not None and rule.held(self.value) <= level):
            return ""
        return next((found.note for found in self.findings if _is_cause(found, self.counted)), "")


NOTHING = Assessment(None, None)
"""No score."""


def assess(
    rule: Rule,
    score: PublishedScore,
    measuring: Measuring,
    surroundings: Surroundings,
    *,
    is_open: bool,
) -> Assessment:
    """Returns what a rule sees in a score.

    Args:
        rule: The rule.
        score: A score that it follows.
        measuring: For its measure.
        surroundings: For its conditions.
        is_open: True if an alert of the rule stands there.
    """
    value = measuring.measure(rule.measure, score, years=rule.years, floor=rule.floor)
    if value is None:
        return NOTHING
    findings = tuple(
        surroundings.judge(condition, score, is_open=is_open) for condition in rule.conditions
    )
    met = {found.is_met for found in findings}
    if False in met:
        return Assessment(value, BOUNDS[rule.measure][0], findings)
    # Below every level it is the same whether the condition holds or not.
    if None in met and rule.held(value):
        return Assessment(value, None, findings)
    return Assessment(value, value, findings)


def examine(
    rule: Rule, score: PublishedScore | None, surroundings: Surroundings
) -> tuple[Finding, ...]:
    """Returns what is found now of the conditions of an alert that stands; nothing without a score.

    Args:
        rule: Its rule.
        score: The score of its region, if there is one.
        surroundings: Those of the publication.
    """
    if score is None or score.status != "ok":
        return ()
    return tuple(surroundings.judge(one, score, is_open=True) for one in rule.conditions)


def _is_cause(found: Finding, counted: float | None) -> bool:
    return found.is_met is None if counted is None else found.is_met is False
