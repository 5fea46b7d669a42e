"""Measures: the number of a score that a rule looks at."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from service.publications.publication import Publication, PublishedScore

Measure = Literal["risk_score", "change", "record", "rank"]
"""What is compared with the levels of a rule.

- `risk_score`: the probability that is served.
- `change`: it less that of the as-of before.
- `record`: it less the highest one that the region had in the years before; above 0 it is a record.
- `rank`: the share of the other regions of the set whose risk score is lower.
"""

BOUNDS: dict[Measure, tuple[float, float]] = {
    "risk_score": (0.0, 1.0),
    "change": (-1.0, 1.0),
    "record": (-1.0, 1.0),
    "rank": (0.0, 1.0),
}
"""Least and greatest value of each measure."""

BELOW_FLOOR = -1.0
"""A record below the floor of its rule: under every level, so that it fires nothing."""

SCORES_A_YEAR = 6
"""A year with fewer earlier scores on average is too thin for a record to be spoken of."""

Key = tuple[str, str, int]
"""Region, outcome and horizon."""

Past = Mapping[Key, tuple[tuple[date, float], ...]]
"""Earlier risk scores of status `ok` by region, outcome and horizon, oldest first."""


@dataclass(frozen=True)
class Measuring:
    """What the measures of one publication are taken from, besides the score itself.

    Attributes:
        publication: The publication.
        past: Scores of earlier as-ofs; later ones, if there are any, are not looked at.
    """

    publication: Publication
    past: Past

    def measure(
        self, measure: Measure, score: PublishedScore, *, years: int | None, floor: float | None
    ) -> float | None:
        """Returns the value of a score under a measure, or None if there is none.

        Args:
            measure: The measure.
            score: A row of the publication.
            years: Years that a record looks back; for `record` only.
            floor: Risk score below which nothing is a record; for `record` only.
        """
        if score.status != "ok" or score.risk_score is None:
            return None
        if measure == "record":
            return self._record(score, score.risk_score, years or 0, floor or 0.0)
        if measure == "rank":
            return self._rank(score, score.risk_score)
        return measure_score(measure, score)

    def _record(
        self, score: PublishedScore, value: float, years: int, floor: float
    ) -> float | None:
        now = self.publication.as_of
        first = _years_before(now, years)
        past = self.past.get(key_of(score), ())
        if not past or past[0][0] > first:
            return None
        window = [earlier for as_of, earlier in past if first <= as_of < now]
        if len(window) < SCORES_A_YEAR * years:
            return None
        return value - max(window) if value >= floor else BELOW_FLOOR

    def _rank(self, score: PublishedScore, value: float) -> float | None:
        peers = self._peers[score.outcome, score.horizon]
        return bisect_left(peers, value) / (len(peers) - 1) if len(peers) > 1 else None

    @cached_property
    def _peers(self) -> Mapping[tuple[str, int], list[float]]:
        """Risk scores of status `ok` by outcome and horizon, rising."""
        peers: dict[tuple[str, int], list[float]] = defaultdict(list)
        for row in self.publication.scores:
            if row.status == "ok" and row.risk_score is not None:
                peers[row.outcome, row.horizon].append(row.risk_score)
        return {key: sorted(values) for key, values in peers.items()}


def measure_score(measure: Measure, score: PublishedScore) -> float | None:
    """Returns the value of a score by itself, or None if there is none.

    A score whose status is not `ok` has no value: a baseline or a stale region moves no alert. A
    `record` or a `rank` has none either: they take other scores (`Measuring`).
    """
    if score.status != "ok":
        return None
    if measure == "risk_score":
        return score.risk_score
    return score.change if measure == "change" else None


def collect_past(publications: Iterable[Publication]) -> Past:
    """Returns the risk scores of publications in order of their as-of."""
    past: dict[Key, list[tuple[date, float]]] = defaultdict(list)
    for publication in publications:
        for row in publication.scores:
            if row.status == "ok" and row.risk_score is not None:
                past[key_of(row)].append((publication.as_of, row.risk_score))
    return {key: tuple(rows) for key, rows in past.items()}


def key_of(score: PublishedScore) -> Key:
    """Returns region, outcome and horizon of a score."""
    return score.region_id, score.outcome, score.horizon


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        # 29 February: the day before the 1st of March of a year that has none.
        return day.replace(year=day.year - years, day=28)
