"""Fatalities as they are published: quantiles of the deaths of one region in one period ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.fatalities.names import QUANTILES
from models.score import Status

NAMES: tuple[str, ...] = tuple(f"q{round(100 * level):02d}" for level in QUANTILES)
"""Names of the quantiles in every format: `q05` to `q95`."""

Level = Literal[50, 90]


@dataclass(frozen=True)
class PublishedFatalities:
    """One row of the fatalities of a publication.

    Attributes:
        region_id: The region.
        region_name: Its name for people.
        country: ISO alpha-3 code.
        horizon: The period is so many steps after the origin; it is one period, not a window.
        status: `ok`, `baseline_only`: the quantiles are those of the last 12 periods; `stale`,
            `too_early`: there are none.
        quantiles: Deaths at the levels of `NAMES`, rising, >= 0; empty if there are none.
        reason: Why the status is not `ok`.
    """

    region_id: str
    region_name: str
    country: str
    horizon: int
    status: Status
    quantiles: tuple[float, ...]
    reason: str = ""

    @property
    def median(self) -> float | None:
        """Deaths that are exceeded as often as not; None if there are no quantiles."""
        return self.quantiles[len(self.quantiles) // 2] if self.quantiles else None

    def interval(self, level: Level) -> tuple[float, float] | None:
        """Returns the ends of a central interval that holds so many of 100 cases."""
        if not self.quantiles:
            return None
        cut = {50: 4, 90: 0}[level]
        return self.quantiles[cut], self.quantiles[-1 - cut]
