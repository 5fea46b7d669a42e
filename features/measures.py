"""Measures: the arithmetic of an indicator as a value, which can be compared, hashed and printed.

A measure says what is computed and over which window, in months; `features.evaluation` computes it.
Windows in months become periods by `data.calendar.months_to_periods`, so one measure serves panels
by month and by week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class WindowSum:
    """Sum of a base variable over the last `months`."""

    variable: str
    months: int


@dataclass(frozen=True)
class HorizonSum:
    """Sum of deaths over the last window as long as the forecast horizon."""


@dataclass(frozen=True)
class DecayedSum:
    """Sum of a base variable over all the past, halved in weight every `half_life_months`."""

    variable: str
    half_life_months: int


@dataclass(frozen=True)
class MonthsSince:
    """Months since the last period with a positive value, at most `cap_months`."""

    variable: str
    cap_months: int


@dataclass(frozen=True)
class NeighbourMean:
    """Window sum of an average neighbour, over the neighbours that are known."""

    variable: str
    months: int


@dataclass(frozen=True)
class NeighbourSum:
    """Window sum of all neighbours together; missing if one of them is unknown."""

    variable: str
    months: int


@dataclass(frozen=True)
class NeighbourMax:
    """Largest window sum among the neighbours that are known."""

    variable: str
    months: int


@dataclass(frozen=True)
class CountrySum:
    """Window sum of the region's country, with what is held at country level."""

    variable: str
    months: int


@dataclass(frozen=True)
class EstimateGap:
    """Window sum of the high estimate of deaths less that of the low one, at least 0."""

    months: int


@dataclass(frozen=True)
class CoarseShare:
    """Share of a window's deaths whose place or date is only roughly known."""

    months: int


@dataclass(frozen=True)
class WindowSeason:
    """Calendar of the forecast window: the same for all regions."""

    part: Literal["sine", "cosine", "june_september"]


@dataclass(frozen=True)
class EscalationThreshold:
    """Deaths in the forecast window that make an escalation."""


@dataclass(frozen=True)
class ThresholdRatio:
    """Escalation threshold over the deaths of the last window, one added to both.

    With a half-life, the deaths are those of a window at the region's weighted mean pace.
    """

    half_life_months: int | None = None


@dataclass(frozen=True)
class FirstIn:
    """1 where something happened and had not for `months`, else 0."""

    variable: str
    months: int


@dataclass(frozen=True)
class PaceRatio:
    """Pace of the last `short` months over that of the last `long`, one added to both."""

    variable: str
    short: int
    long: int


@dataclass(frozen=True)
class Burstiness:
    """How unevenly events fall on the periods of the last `months`."""

    variable: str
    months: int


@dataclass(frozen=True)
class RecordHigh:
    """1 where the last month is above every month of the `years` before it, else 0."""

    variable: str
    years: int


@dataclass(frozen=True)
class WindowShare:
    """Window sum of one variable over that of another; missing where the other is 0."""

    part: str
    whole: str
    months: int


@dataclass(frozen=True)
class LesserSum:
    """The smaller of two variables' window sums."""

    first: str
    second: str
    months: int


@dataclass(frozen=True)
class ActorMeasure:
    """What the actors of a window say: how many, how mixed, how dominated by one."""

    kind: Literal["active", "entropy", "dominance"]
    months: int


@dataclass(frozen=True)
class ActorEntries:
    """Actors of the last `months` that were not active in the `quiet_months` before."""

    months: int
    quiet_months: int


@dataclass(frozen=True)
class Exposure:
    """Window sum of the other regions within reach, weighted by nearness; unknown ones left out."""

    variable: str
    months: int


FRONT_DEATHS = 5
"""Deaths in the window from which a region is an active front (`>=`)."""


@dataclass(frozen=True)
class CapitalFront:
    """Distance of the country's violence from its capital.

    Of the centroid of deaths, or of the nearest region with an active front. With `back_months` it
    is how much nearer that has come since then.
    """

    kind: Literal["centroid", "nearest"]
    months: int
    back_months: int = 0


@dataclass(frozen=True)
class FixedTrait:
    """What a region is, whatever happens: its distance from the capital, whether it is a border."""

    kind: Literal["capital_km", "is_border"]


@dataclass(frozen=True)
class WentQuiet:
    """1 where nothing happened for `months`, but did in the `months` before, else 0."""

    variable: str
    months: int


@dataclass(frozen=True)
class KnownValue:
    """Value that the panel holds of what others tell: what was known at the end of the period."""

    variable: str


Measure: TypeAlias = (
    WindowSum
    | HorizonSum
    | DecayedSum
    | MonthsSince
    | NeighbourMean
    | NeighbourSum
    | NeighbourMax
    | CountrySum
    | EstimateGap
    | CoarseShare
    | WindowSeason
    | EscalationThreshold
    | ThresholdRatio
    | FirstIn
    | PaceRatio
    | Burstiness
    | RecordHigh
    | WindowShare
    | LesserSum
    | ActorMeasure
    | ActorEntries
    | Exposure
    | CapitalFront
    | FixedTrait
    | WentQuiet
    | KnownValue
)
