"""Alert rules: what is watched, from where a level is entered and where it is left.

A rule is data: a body that people write, and a version that the store counts. A rule that
contradicts itself is refused with the reason. Does not carry what a rule does over time
(`service.alerts.machine`) nor where rules are kept (`service.alerts.rule_store`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from data.errors import BadInput
from service.alerts.conditions import Condition, Near, RulePart, Where
from service.alerts.measures import BOUNDS, Measure

BELOW_ALL_LEVELS = "none"
"""Name of level 0: below every level of the rule."""

_NAME = r"^[a-z0-9][a-z0-9_-]*$"


class Level(RulePart):
    """One step of a rule.

    A value at or above `enter` reaches the level; a value below `exit` leaves it. Between the two
    nothing happens, so that a value that hovers at a bound makes no noise.
    """

    name: str = Field(pattern=_NAME, max_length=32, description="Name, e.g. 'high'.")
    enter: float = Field(description="Reached at or above this value of the measure.")
    exit: float = Field(description="Left below this value; less than `enter`.")


class Selector(RulePart):
    """Which series a rule follows."""

    region_set: str | None = Field(default=None, description="Region set; absent: every set.")
    regions: tuple[str, ...] = Field(default=(), description="Region ids; empty: all.")
    countries: tuple[str, ...] = Field(
        default=(), description="ISO alpha-3 codes, instead of regions; empty: all."
    )
    outcome: str = Field(min_length=1, description="Name of the outcome.")
    horizons: tuple[int, ...] = Field(default=(), description="Steps ahead; empty: all.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.regions and self.countries:
            raise ValueError("name regions or countries, not both")
        if any(horizon < 1 for horizon in self.horizons):
            raise ValueError("a horizon is at least 1")
        return self


class Rule(RulePart):
    """An alert rule; see the fields."""

    id: str = Field(pattern=_NAME, max_length=64, description="Name that never changes.")
    version: int = Field(default=1, ge=1, description="Counted by the store, 1 for the first.")
    name: str = Field(min_length=1, max_length=80, description="Name for people.")
    why: str = Field(min_length=1, description="One sentence: why somebody should be told.")
    selector: Selector
    measure: Measure = Field(description="The number that is compared with the levels.")
    years: int | None = Field(
        default=None, ge=1, le=30, description="Years that a record looks back; for 'record' only."
    )
    floor: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Risk score below which nothing is a record; for 'record' only.",
    )
    near: Near | None = Field(
        default=None, description="What a neighbour must score, or the measure counts as low."
    )
    where: Where | None = Field(
        default=None, description="Where an indicator must lie, or the measure counts as low."
    )
    levels: tuple[Level, ...] = Field(min_length=1, max_length=4, description="Rising levels.")
    for_n: int = Field(
        default=1, ge=1, le=100, description="Publications in a row that enter a level."
    )
    clear_n: int = Field(
        default=2, ge=1, le=100, description="Publications in a row that leave a level."
    )
    stale_n: int = Field(
        default=1, ge=1, le=100, description="Publications without a score until 'stale' is told."
    )
    repeat_after_days: int | None = Field(
        default=None, ge=1, description="Say again that it goes on after so many days; or never."
    )
    labels: dict[str, str] = Field(default={}, description="Words for routes and receivers.")
    enabled: bool = Field(default=True, description="A disabled rule withdraws its incidents.")

    @model_validator(mode="after")
    def _check_levels(self) -> Self:
        least, greatest = BOUNDS[self.measure]
        for level in self.levels:
            if level.exit >= level.enter:
                raise ValueError(
                    f"level '{level.name}': exit {level.exit:g} is not below enter {level.enter:g}"
                )
            if not least < level.exit < level.enter <= greatest:
                raise ValueError(
                    f"level '{level.name}': {self.measure} lies in [{least:g}, {greatest:g}], "
                    f"so exit must be above {least:g} and enter at most {greatest:g}"
                )
        for lower, upper in pairwise(self.levels):
            if lower.enter >= upper.enter or lower.exit >= upper.exit:
                raise ValueError(
                    f"levels '{lower.name}' and '{upper.name}' do not rise: enter and exit of each "
                    "level must lie above those of the level before"
                )
        names = [level.name for level in self.levels]
        if len(set(names)) < len(names) or BELOW_ALL_LEVELS in names:
            raise ValueError(f"level names must differ, and none may be '{BELOW_ALL_LEVELS}'")
        return self

    @model_validator(mode="after")
    def _check_record(self) -> Self:
        if self.measure == "record" and (self.years is None or self.floor is None):
            raise ValueError("a record needs 'years' to look back and a 'floor'")
        if self.measure != "record" and (self.years is not None or self.floor is not None):
            raise ValueError(f"'years' and 'floor' are for records, not for {self.measure}")
        return self

    @property
    def body(self) -> dict[str, Any]:
        """What people write: everything but the version, ready for JSON."""
        return self.model_dump(mode="json", exclude={"version"})

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What must hold besides the measure; all of them."""
        return tuple(one for one in (self.near, self.where) if one is not None)

    def covers(
        self, region_set: str, region_id: str, country: str, outcome: str, horizon: int
    ) -> bool:
        """Returns True if the rule follows the series."""
        chosen = self.selector
        return (
            chosen.region_set in (None, region_set)
            and chosen.outcome == outcome
            and (not chosen.horizons or horizon in chosen.horizons)
            and (not chosen.regions or region_id in chosen.regions)
            and (not chosen.countries or country in chosen.countries)
        )

    def level_name(self, level: int) -> str:
        """Returns the name of level 1, 2, …; `none` for 0."""
        return self.levels[level - 1].name if level else BELOW_ALL_LEVELS

    def reached(self, value: float) -> int:
        """Returns the highest level whose `enter` the value reaches; 0 if none."""
        return sum(value >= level.enter for level in self.levels)

    def held(self, value: float) -> int:
        """Returns the highest level whose `exit` the value is not below; 0 if none."""
        return sum(value >= level.exit for level in self.levels)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a rule.

    Attributes:
        place: Where in the body, e.g. `("levels", 1, "enter")`; empty for the rule as a whole.
        reason: What is wrong.
    """

    place: tuple[str | int, ...]
    reason: str

    def __str__(self) -> str:
        where = ".".join(str(part) for part in self.place)
        return f"{where}: {self.reason}" if where else self.reason


def parse_rule(body: dict[str, Any], version: int = 1) -> Rule:
    """Returns the rule of a body as it stands in a file or in the store.

    Raises:
        BadInput: The rule contradicts itself, lacks a field or has an unknown one.
    """
    checked = check_rule(body, version)
    if isinstance(checked, Rule):
        return checked
    raise BadInput(
        f"Rule '{body.get('id', '?')}' is refused: {'; '.join(map(str, checked))}.",
        "Mend the rule; nothing was stored.",
    )


def check_rule(body: dict[str, Any], version: int = 1) -> Rule | tuple[Fault, ...]:
    """Returns the rule of a body, or all that is wrong with it."""
    # As JSON, so that a list may stand for a tuple while types stay strict; what JSON cannot say
    # (a date of TOML) becomes text, which no field but a text accepts.
    text = json.dumps({**body, "version": version}, default=str)
    try:
        return Rule.model_validate_json(text)
    except ValidationError as problem:
        return tuple(
            Fault(error["loc"], error["msg"].removeprefix("Value error, "))
            for error in problem.errors(include_url=False, include_input=False)
        )
