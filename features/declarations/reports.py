"""Declarations: how far reports agree."""

from __future__ import annotations

from collections.abc import Iterator

from features.declarations.words import EVENTS, last
from features.indicator import Indicator
from features.measures import CoarseShare, EstimateGap, WindowShare


def _gaps() -> Iterator[Indicator]:
    for months in (3, 12):
        yield Indicator(
            name=f"estimate_gap_{months}m",
            label=f"Gap between high and low estimates of deaths in the {last(months)}",
            unit="deaths",
            formula=f"sum of high[s] - sum of low[s] over the {last(months)}, at least 0",
            source=EVENTS,
            family="contested reports",
            why="Wide estimates mark places that nobody can reach to count.",
            transform="log1p",
            measure=EstimateGap(months),
        )
    yield Indicator(
        name="coarse_share_12m",
        label="Share of the last 12 months' deaths with only a rough place or date",
        unit="share",
        formula="sum of coarse[s] / sum of x[s] over the last 12 months, x = deaths; "
        "missing if there were none",
        source=EVENTS,
        family="contested reports",
        why="Says how far the region's other numbers can be trusted.",
        transform="identity",
        measure=CoarseShare(12),
    )


def _sources() -> Iterator[Indicator]:
    yield Indicator(
        name="sources_per_event_12m",
        label="Reports behind an average event of the last 12 months",
        unit="reports per event",
        formula="sum of number of sources / events whose sources are counted, last 12 months; "
        "missing if there were none",
        source=EVENTS,
        family="contested reports",
        why="Where few can report, little is known and much is missed.",
        transform="log1p",
        measure=WindowShare("sources", "events_sourced", 12),
    )
    yield Indicator(
        name="single_source_share_12m",
        label="Share of the last 12 months' events that rest on one report",
        unit="share",
        formula="events with one source / events whose sources are counted, last 12 months; "
        "missing if there were none",
        source=EVENTS,
        family="contested reports",
        why="One voice alone may be wrong, or may have a side.",
        transform="identity",
        measure=WindowShare("events_single_source", "events_sourced", 12),
    )


def declare_reports() -> Iterator[Indicator]:
    """Yields the indicators of contested reports."""
    yield from _gaps()
    yield from _sources()
