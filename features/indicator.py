"""An indicator: a named quantity per region and period, declared before it is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.observation import QUANTITIES
from data.panel.details import ACTOR_VARIABLES
from data.panel.markers import DAYS_PER_MONTH
from data.panel.observed import OBSERVED
from features.measures import (
    ActorEntries,
    ActorMeasure,
    CapitalFront,
    DecayedSum,
    EscalationThreshold,
    FirstIn,
    FixedTrait,
    HorizonSum,
    KnownValue,
    Measure,
    MonthsSince,
    PaceRatio,
    RecordHigh,
    ThresholdRatio,
    WentQuiet,
    WindowSeason,
)
from features.outcomes import HISTORY_MONTHS

Transform = Literal["identity", "log1p", "log"]


@dataclass(frozen=True)
class Indicator:
    """One declared quantity per region and period.

    Attributes:
        name: Identifier, unique, in snake_case; `3m` is a window of 3 months.
        label: The quantity in words, for people.
        unit: Unit of the natural value; `1` if it has none.
        formula: How it is computed.
        source: What it is computed from.
        family: Group of indicators that answer the same question.
        why: Why an analyst looks at it.
        transform: What a model sees of it: the value, log(1 + value) or log(value).
        measure: The arithmetic.
    """

    name: str
    label: str
    unit: str
    formula: str
    source: str
    family: str
    why: str
    transform: Transform
    measure: Measure

    @property
    def window(self) -> str:
        """How far back it looks, in words."""
        measure = self.measure
        match measure:
            case DecayedSum():
                return f"all the past, half-life {months_in_words(measure.half_life_months)}"
            case MonthsSince():
                return months_in_words(measure.cap_months)
            case PaceRatio():
                return f"{measure.short} and {measure.long} months"
            case RecordHigh():
                return f"1 month against {measure.years} years"
            case FirstIn():
                return f"the period and {months_in_words(measure.months)} before it"
            case ActorEntries():
                return f"{measure.months} months after {measure.quiet_months}"
            case CapitalFront():
                back = f", against {measure.back_months} months before"
                return months_in_words(measure.months) + (back if measure.back_months else "")
            case WentQuiet():
                return f"{months_in_words(measure.months)}, and as many before"
            case KnownValue():
                observed = OBSERVED.get(measure.variable)
                if observed is None or not observed.months:
                    return "one period"
                lag = months_in_words(self.lag_months)
                return f"{months_in_words(observed.months)}, up to {lag} ago"
            case EscalationThreshold() | ThresholdRatio():
                return months_in_words(HISTORY_MONTHS)
            case WindowSeason() | HorizonSum():
                return "as long as the horizon"
            case FixedTrait():
                return "none"
            case _:
                return months_in_words(measure.months)

    @property
    def lag_months(self) -> int:
        """Reporting lag of its source in whole months, 0 without one.

        So much later a number is taken to have been known that was loaded long after, and so much
        earlier the window of a sum ends.
        """
        observed = OBSERVED.get(getattr(self.measure, "variable", ""))
        lag_days = 0 if observed is None else QUANTITIES[observed.quantity].lag_days
        return round(lag_days / DAYS_PER_MONTH)

    @property
    def variables(self) -> tuple[str, ...]:
        """The panel's variables that it is computed from; empty if it is not from counts."""
        if isinstance(self.measure, WindowSeason | FixedTrait):
            return ()
        fields = ("variable", "part", "whole", "first", "second")
        return tuple(
            value
            for field in fields
            if isinstance(value := getattr(self.measure, field, None), str)
        )

    @property
    def reads_actors(self) -> bool:
        """Whether it hangs on the table of actors: on which spelling means whom."""
        is_of_actors = isinstance(self.measure, ActorMeasure | ActorEntries)
        return is_of_actors or not set(ACTOR_VARIABLES).isdisjoint(self.variables)

    @property
    def family_code(self) -> str:
        """The family as one word, for names of feature sets."""
        return self.family.replace(" ", "-")


def months_in_words(months: int) -> str:
    """Returns `1 month` or `3 months`."""
    return "1 month" if months == 1 else f"{months} months"
