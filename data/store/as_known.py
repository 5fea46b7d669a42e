"""What was known on a day: the newest word on each event, and what the sources spoke for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from data.calendar import end_of_day
from data.events import conform_events
from data.store.blocks import read_blocks
from data.tables import deliveries


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
    return drop_deleted(read_latest(connection, source, moment))


def drop_deleted(latest: pd.DataFrame) -> pd.DataFrame:
    """Returns the events of what `read_latest` returns, columns and dtypes `EVENT_COLUMNS`."""
    return conform_events(latest[~latest["deleted"]] if latest["deleted"].any() else latest)


def read_latest(connection: Connection, source: str, moment: datetime) -> pd.DataFrame:
    """Returns the newest row per event with `known_at <= moment`, deletions included.

    Returns:
        Columns `EVENT_COLUMNS` (missing throughout a deletion, hence whole numbers perhaps as
        float64), and `deleted` (bool) and `known_at` (seconds since 1970-01-01), ordered by
        `event_id`.
    """
    known = read_blocks(connection, source, moment)
    rows = _merge_newest(known.largest, known.others) if len(known.others) else known.largest
    # A block a column: most columns are then used where they lie.
    latest: pd.DataFrame = rows.to_pandas(split_blocks=True)
    return latest


def _merge_newest(largest: pa.Table, others: pa.Table) -> pa.Table:
    """Returns the newest row per event of the largest delivery and all others.

    The largest is only searched for what the others hold: what they change is usually little.
    """
    identifier = others["event_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    in_time = np.argsort(others["known_at"].to_numpy(), kind="stable")
    newest = np.empty(int(identifier.max()) + 1, np.int64)
    # Of several values that are assigned to one place numpy keeps the last.
    newest[identifier[in_time]] = in_time
    others = others.take(newest)

    place = pc.index_in(largest["event_id"], value_set=others["event_id"].combine_chunks())
    place = place.fill_null(-1).to_numpy()
    shared = np.flatnonzero(place >= 0)
    known_at, other_known_at = (rows["known_at"].to_numpy() for rows in (largest, others))
    is_older = known_at[shared] < other_known_at[place[shared]]
    is_kept = np.ones(len(largest), np.bool_)
    is_kept[shared[is_older]] = False
    is_other_kept = np.ones(len(others), np.bool_)
    is_other_kept[place[shared[~is_older]]] = False
    latest = pa.concat_tables([largest.filter(is_kept), others.filter(is_other_kept)])
    return latest.take(pc.sort_indices(latest["event_id"]))


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


def is_covered(
    coverage: Sequence[Coverage], country: str, covers_from: date, covers_to: date
) -> bool:
    """Returns whether coverage, touching spans merged, holds every day of a country's span."""
    return any(
        span.country == country and span.covers_from <= covers_from and span.covers_to >= covers_to
        for span in coverage
    )


def _merge(spans: list[tuple[date, date]]) -> list[tuple[date, date]]:
    merged: list[tuple[date, date]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + timedelta(days=1):
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged
