"""What becomes of alerts when regions are redrawn: pure, and before any score is looked at.

A series goes on with its region, under the same incident and key, whatever the region is called
now. An incident of a region that goes on nowhere is withdrawn, naming the regions that hold its
parts. A region that is new takes no step at the publication of the redraw if a region that it was
cut from had an open incident under the same rule: its contacts know of that one, and a redraw alone
fires nothing. Its own scores count from the next publication on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.alerts.identity import Series
from service.alerts.tracking import States, TrackedSeries
from service.publications.redraws import OUTSIDE_NOW, PART_OF, Redraw


@dataclass(frozen=True)
class HandOver:
    """The states of before, on the regions of now.

    Attributes:
        states: Series that go on, by the key under which they began.
        ended: Series whose region goes on nowhere, by key, and the note to end them with.
        held: Series of new regions that take no step this time.
    """

    states: States
    ended: Mapping[str, tuple[TrackedSeries, str]]
    held: frozenset[Series]


def hand_over(states: States, redraw: Redraw | None) -> HandOver:
    """Returns what goes on after a redraw; without one, everything."""
    if redraw is None:
        return HandOver(states, {}, frozenset())
    continued = set(redraw.lines.values())
    kept: dict[str, TrackedSeries] = {}
    ended: dict[str, tuple[TrackedSeries, str]] = {}
    held: set[Series] = set()
    for key, tracked in states.items():
        series, region_id = tracked.series, tracked.series.region_id
        parts = redraw.parts.get(region_id)
        if parts is None:
            kept[key] = tracked
            continue
        if region_id in redraw.lines:
            kept[key] = replace(tracked, series=replace(series, region_id=redraw.lines[region_id]))
        elif tracked.state.level:
            ended[key] = tracked, _note(redraw, parts)
        if tracked.state.level:
            held.update(replace(series, region_id=part) for part in parts if part not in continued)
    return HandOver(kept, ended, frozenset(held))


def _note(redraw: Redraw, parts: tuple[str, ...]) -> str:
    if not parts:
        return OUTSIDE_NOW
    names = ", ".join(f"{redraw.names[part]} ({part})" for part in parts)
    return f"{PART_OF}{names}."
