"""Conditions: what must hold around a region besides the measure of its own score.

A condition does not move the measure. Where it does not hold, the measure counts as below every
level, so that all that a level knows (`for_n`, `clear_n`) goes for it too. Like a level it has two
bounds: one from where it begins to hold, and a wider one within which an open alert stands.

What a condition looks at is stored with the publication (its scores, its indicators) or named by
it (the borders, from which the neighbours follow), so that a replay finds the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.alerts.measures import Key, key_of
from service.publications.indicators import RULE_INDICATORS
from service.publications.publication import Publication, PublishedScore

NEIGHBOURS_CALM = (
    "Its own score has not fallen below the level: no neighbour is as active any more as the rule "
    "asks."
)
INDICATOR_LEFT = (
    "Its own score has not fallen below the level: the indicator that the rule asks for has left "
    "its bounds."
)
INDICATOR_GONE = (
    "Its own score has not fallen below the level: the indicator that the rule asks for has no "
    "value there now."
)
NEIGHBOURS_UNKNOWN = "It has a score, but neighbours have none, and the rule asks for theirs."
INDICATOR_UNKNOWN = (
    "It has a score, but the publication does not hold the indicator that the rule asks for."
)
"""What is stored of an event that a condition brought about: see `Finding.note`."""

Neighbours = Mapping[str, tuple[str, ...]]
"""Region to the regions that it touches; a region that it does not hold has unknown neighbours."""


class RulePart(BaseModel):
    """A part of a rule: strict, with no field that is not declared, and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Near(RulePart):
    """Holds where a neighbour's risk score is high enough, in the same publication.

    The scores of neighbours that have none (stale, below skill) are not known: then nothing can be
    told unless another neighbour's is high enough. A region without neighbours is near nothing.
    """

    outcome: str = Field(min_length=1, description="Outcome of the neighbours' scores.")
    horizon: int | None = Field(
        default=None, ge=1, description="Steps ahead; absent: that of the region's own score."
    )
    at_least: float = Field(gt=0, le=1, description="Holds from this risk score on.")
    until_below: float | None = Field(
        default=None, gt=0, description="An open alert stands until below; absent: `at_least`."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.until_below is not None and self.until_below > self.at_least:
            raise ValueError(
                f"until_below {self.until_below:g} lies above at_least {self.at_least:g}"
            )
        return self

    def bound(self, *, is_open: bool) -> float:
        """Returns the least risk score of a neighbour with which it holds."""
        return _pick(self.at_least, self.until_below, is_open)


class Where(RulePart):
    """Holds where an indicator of the region lies within a bound, as known at the publication."""

    indicator: str = Field(description="Name of the indicator.")
    at_least: float | None = Field(default=None, description="Holds from this value on.")
    until_below: float | None = Field(
        default=None, description="An open alert stands until below; absent: `at_least`."
    )
    at_most: float | None = Field(default=None, description="Holds up to this value.")
    until_above: float | None = Field(
        default=None, description="An open alert stands until above; absent: `at_most`."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.indicator not in RULE_INDICATORS:
            raise ValueError(
                f"no rule can ask for the indicator '{self.indicator}'; choose from "
                f"{', '.join(RULE_INDICATORS)}"
            )
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give one of at_least and at_most")
        if self.until_below is not None and self.at_least is None:
            raise ValueError("until_below belongs to at_least")
        if self.until_above is not None and self.at_most is None:
            raise ValueError("until_above belongs to at_most")
        if self.until_below is not None and self.until_below > (self.at_least or 0.0):
            raise ValueError(
                f"until_below {self.until_below:g} lies above at_least {self.at_least:g}"
            )
        if self.until_above is not None and self.until_above < (self.at_most or 0.0):
            raise ValueError(
                f"until_above {self.until_above:g} lies below at_most {self.at_most:g}"
            )
        return self

    def bound(self, *, is_open: bool) -> tuple[Literal["at_least", "at_most"], float]:
        """Returns on which side of which value it holds."""
        if self.at_least is not None:
            return "at_least", _pick(self.at_least, self.until_below, is_open)
        return "at_most", _pick(self.at_most or 0.0, self.until_above, is_open)

    def is_within(self, value: float, *, is_open: bool) -> bool:
        """Returns True if it holds at a value; a value at the bound is within."""
        side, bound = self.bound(is_open=is_open)
        return value >= bound if side == "at_least" else value <= bound


Condition = Near | Where


@dataclass(frozen=True)
class Finding:
    """What a publication says of one condition in one region.

    Attributes:
        condition: The condition.
        is_met: Whether it holds; None if that cannot be told.
        neighbours: Scores of the neighbours with which a `near` holds, the highest first.
        value: The indicator of a `where`; None if it has no value.
    """

    condition: Condition
    is_met: bool | None
    neighbours: tuple[PublishedScore, ...] = ()
    value: float | None = None

    @property
    def note(self) -> str:
        """Why it does not hold, or cannot be told; empty if it holds."""
        if self.is_met:
            return ""
        if isinstance(self.condition, Near):
            return NEIGHBOURS_UNKNOWN if self.is_met is None else NEIGHBOURS_CALM
        if self.is_met is None:
            return INDICATOR_UNKNOWN
        return INDICATOR_GONE if self.value is None else INDICATOR_LEFT


@dataclass(frozen=True)
class Surroundings:
    """What the conditions of one publication are judged by.

    Attributes:
        publication: The publication.
        neighbours: Which of its regions touch, by the borders that it was made with.
    """

    publication: Publication
    neighbours: Neighbours

    def judge(self, condition: Condition, score: PublishedScore, *, is_open: bool) -> Finding:
        """Returns whether a condition holds for a score of the publication.

        Args:
            condition: The condition.
            score: The region's own score.
            is_open: True if an alert of the rule stands there: then the wider bound counts.
        """
        if isinstance(condition, Near):
            return self._judge_near(condition, score, condition.bound(is_open=is_open))
        by_region = self.publication.indicators.get(condition.indicator)
        if by_region is None or score.region_id not in by_region:
            return Finding(condition, None)
        value = by_region[score.region_id]
        # Of a region that has a score all is known that an indicator is made from: no value means
        # that there is nothing to measure, such as no front at all.
        is_met = value is not None and condition.is_within(value, is_open=is_open)
        return Finding(condition, is_met, value=value)

    def _judge_near(self, condition: Near, score: PublishedScore, bound: float) -> Finding:
        around = self.neighbours.get(score.region_id)
        if around is None:
            return Finding(condition, None)
        horizon = condition.horizon or score.horizon
        found = [self._scores.get((other, condition.outcome, horizon)) for other in around]
        reached, is_known = [], True
        for one in found:
            # An outcome that is not asked there (an onset amid war) is no lack of data.
            if one is None or one.status not in ("ok", "not_asked"):
                is_known = False
            elif one.risk_score is not None and one.risk_score >= bound:
                reached.append(one)
        reached.sort(key=lambda one: (-(one.risk_score or 0.0), one.region_id))
        if reached:
            return Finding(condition, True, tuple(reached))
        return Finding(condition, False if is_known else None)

    @cached_property
    def _scores(self) -> Mapping[Key, PublishedScore]:
        return {key_of(score): score for score in self.publication.scores}


def _pick(enter: float, leave: float | None, is_open: bool) -> float:
    """Returns the bound that counts: the wider one, if there is one, while an alert is open."""
    return leave if is_open and leave is not None else enter
