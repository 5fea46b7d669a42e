"""Scores: the calibrated probability of an outcome for each region, with what moved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "baseline_only", "stale"]
"""What may be said of a score.

`ok`: the model passed its gate for this outcome and horizon. `baseline_only`: it did not, and the
number served is the region's own climatology. `stale`: the region's data end too long before the
as-of; there is no number.
"""


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to a score.

    Attributes:
        feature: Name of the feature.
        label: The feature in words, for people.
        value: Its value at the origin, in `unit`; None if it is missing.
        unit: Unit of the value.
        log_odds: What it adds to the log-odds of the outcome, against an average region-period.
    """

    feature: str
    label: str
    value: float | None
    unit: str
    log_odds: float


@dataclass(frozen=True)
class Score:
    """The risk of one outcome in one region over one horizon.

    Attributes:
        region_id: The region.
        outcome: Name of the outcome.
        horizon: Steps ahead; the window is origin + 1 … origin + horizon.
        status: What may be said of it.
        risk_score: The probability that is served, in [0, 1]; None if the status is `stale`.
        model_probability: What the model says, in [0, 1], served or not; None without data.
        climatology: The region's own past frequency of the outcome, in [0, 1]; None without data.
        threshold: Deaths in the window that make the outcome true; None without data.
        base_log_odds: Log-odds of an average region-period.
        contributions: Sorted by absolute log-odds, largest first. `base_log_odds` plus their sum is
            the log-odds of `model_probability`.
        reason: Why the status is not `ok`, one sentence; empty if it is.
    """

    region_id: str
    outcome: str
    horizon: int
    status: Status
    risk_score: float | None
    model_probability: float | None
    climatology: float | None
    threshold: float | None
    base_log_odds: float
    contributions: tuple[Contribution, ...]
    reason: str


@dataclass(frozen=True)
class ScoreRun:
    """All scores of one region set for one as-of.

    Attributes:
        model_version: Version of the model that made them.
        outcome_version: Version of the outcome definition.
        origin: Ordinal of the last period used.
        scores: One per region, outcome and horizon, in region order.
    """

    model_version: str
    outcome_version: str
    origin: int
    scores: tuple[Score, ...]
