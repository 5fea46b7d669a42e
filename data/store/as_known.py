"""What was known on a day: the newest word on each event, and what the sources spoke for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, Integer, func, select, type_coerce

from data.calendar import end_of_day
from data.database import EpochDay
from data.events import EVENT_COLUMNS, conform_events
from data.tables import deliveries, events


@dataclass(frozen=True)
class Coverage:
    """Days for which what is known of a country is complete, as far as the source goes.

    Attributes:
        country: ISO 3166-1 alpha-3 code.
        covers_from: First day.
        covers_to: Last day.
    """

    country: str
    covers_from: date
    covers_to: date


def events_as_known(connection: Connection, source: str, as_of: date) -> pd.DataFrame:
    """Returns the events that were known at the end of a day (UTC).

    For each event that is the newest row with `known_at` on or before that moment; an event that
    was deleted by then is not there.

    Args:
        connection: Any connection.
        source: Name of the source.
        as_of: The day.

    Returns:
        Columns and dtypes `data.events.EVENT_COLUMNS`, ordered by `event_id` as text; empty if
        nothing was known.
    """
    return events_known_at(connection, source, end_of_day(as_of))


def events_known_at(connection: Connection, source: str, moment: datetime) -> pd.DataFrame:
    """Returns the events with `known_at <= moment`, as `events_as_known` does for a day."""
    latest = read_latest(connection, source, moment)
    return conform_events(latest[~latest["deleted"]])


def read_latest(connection: Connection, source: str, moment: datetime) -> pd.DataFrame:
    """Returns the newest row per event with `known_at <= moment`, deletions included.

    Returns:
        Columns `EVENT_COLUMNS` as the database gives them (missing throughout a deletion), and
        `deleted` (bool) and `known_at` (seconds since 1970-01-01), ordered by `event_id`.
    """
    newest = (
        select(events.c.event_id, func.max(events.c.known_at).label("known_at"))
        .where(events.c.source == source, events.c.known_at <= moment)
        .group_by(events.c.event_id)
        .subquery()
    )
    # Days and moments are read as the integers that they are stored as: they stay integers.
    columns = [
        type_coerce(column, Integer) if isinstance(column.type, EpochDay) else column
        for column in (events.c[name] for name in EVENT_COLUMNS)
    ]
    found = connection.execute(
        select(*columns, events.c.deleted, type_coerce(events.c.known_at, Integer)).join_from(
            newest,
            events,
            (events.c.source == source)
            & (events.c.event_id == newest.c.event_id)
            & (events.c.known_at == newest.c.known_at),
        )
    )
    # Straight from the driver: a row object per event would take as long as the reading.
    rows = found.cursor.fetchall()
    names = [*EVENT_COLUMNS, "deleted", "known_at"]
    latest = pd.DataFrame(
        {
            name: pd.Series(values, dtype=object)
            for name, values in zip(names, zip(*rows, strict=True), strict=True)
        }
        if rows
        else {name: pd.Series([], dtype=object) for name in names}
    )
    # Sorted here and not by the database: its collation may not be that of Python.
    latest = latest.sort_values("event_id", kind="stable", ignore_index=True)
    return latest.astype({"deleted": "bool", "known_at": "int64"})


def coverage_as_known(connection: Connection, source: str, as_of: date) -> list[Coverage]:
    """Returns for which countries and days the deliveries known at the end of a day speak.

    Returns:
        Per country the fewest spans that hold exactly the days of all deliveries, by country and
        day.
    """
    return coverage_known_at(connection, source, end_of_day(as_of))


def coverage_known_at(connection: Connection, source: str, moment: datetime) -> list[Coverage]:
    """Returns the coverage by deliveries with `known_at <= moment`, as `coverage_as_known`."""
    rows = connection.execute(
        select(deliveries.c.countries, deliveries.c.covers_from, deliveries.c.covers_to).where(
            deliveries.c.source == source, deliveries.c.known_at <= moment
        )
    ).all()
    spans: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for countries, covers_from, covers_to in rows:
        for country in countries:
            spans[country].append((covers_from, covers_to))
    return [
        Coverage(country, first, last)
        for country in sorted(spans)
        for first, last in _merge(spans[country])
    ]


def _merge(spans: list[tuple[date, date]]) -> list[tuple[date, date]]:
    merged: list[tuple[date, date]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + timedelta(days=1):
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged
