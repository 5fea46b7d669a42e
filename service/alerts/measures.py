"""Measures: the number of a score that a rule looks at."""

from __future__ import annotations

from typing import Literal

from service.publication import PublishedScore

Measure = Literal["risk_score", "change"]
"""`risk_score`: the probability that is served. `change`: it less that of the as-of before."""

BOUNDS: dict[Measure, tuple[float, float]] = {"risk_score": (0.0, 1.0), "change": (-1.0, 1.0)}
"""Least and greatest value of each measure."""


def measure_score(measure: Measure, score: PublishedScore) -> float | None:
    """Returns the value of a score under a measure, or None if there is none.

    A score whose status is not `ok` has no value: a baseline or a stale region moves no alert.
    """
    if score.status != "ok":
        return None
    return score.risk_score if measure == "risk_score" else score.change
