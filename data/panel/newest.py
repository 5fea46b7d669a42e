"""Which periods were the newest known ones, and since when: where a forecast of its time began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np
from sqlalchemy import Connection

from data.errors import NothingKnown
from data.panel.counts import COUNTED
from data.panel.known import find_known
from data.panel.reading import build_panel
from data.regions import RegionSet
from data.store import coverage_as_known, list_deliveries


@dataclass(frozen=True)
class FirstKnown:
    """When a period became the newest known one.

    Attributes:
        as_of: The first day on which it was, UTC.
        vintages: Vintages of the deliveries of that day, in the order in which they became known.
    """

    as_of: date
    vintages: tuple[str, ...]


def find_origins(
    connection: Connection, region_set: RegionSet, as_of: date
) -> dict[int, FirstKnown]:
    """Returns each period that once was the origin of a panel, with the first day on which it was.

    Days are those on which deliveries of the set's source became known. A period that was delivered
    together with a later one never was the newest.

    Args:
        connection: Any connection.
        region_set: The regions.
        as_of: The last day that is looked at.

    Returns:
        Ordinal of the period (`Panel.origin`) to the day, rising.
    """
    delivered = list_deliveries(connection, region_set.source, as_of)
    found: dict[int, FirstKnown] = {}
    for day, some in groupby(delivered, key=lambda one: one.known_at.date()):
        vintages = tuple(one.vintage for one in some)
        for origin in _origin_on(connection, region_set, day):
            found.setdefault(origin, FirstKnown(day, vintages))
    return found


def _origin_on(connection: Connection, region_set: RegionSet, day: date) -> Iterator[int]:
    """Yields the origin of the panel of a day, if there is one, without building it if possible."""
    try:
        if region_set.source in COUNTED:
            # What is known of counts hangs on the counts themselves.
            yield build_panel(connection, region_set, day).origin
            return
        coverage = coverage_as_known(connection, region_set.source, day)
        periods, known, _ = find_known(coverage, region_set.countries, day, region_set.step)
    except NothingKnown:
        return
    yield int(periods[np.flatnonzero(known.any(axis=1))[-1]])
