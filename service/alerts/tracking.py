"""Series that are followed between publications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.alerts.identity import Series
from service.alerts.machine import SeriesState


@dataclass(frozen=True)
class TrackedSeries:
    """A series that is not at rest, after a publication.

    Attributes:
        series: What is followed.
        country: ISO alpha-3 code of its region.
        rule_version: The version that took the last step.
        state: Its state.
    """

    series: Series
    country: str
    rule_version: int
    state: SeriesState


States = Mapping[str, TrackedSeries]
"""Series by dedup key; a series that is not in it is at rest.

The key is the one under which the series began to be followed. It stays when the region is redrawn
and has another identifier, so that an incident keeps its id.
"""
