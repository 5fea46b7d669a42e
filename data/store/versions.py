"""Every version of every event, with the time for which it stood."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Integer, select, type_coerce

from data.database import EpochDay
from data.events import EVENT_COLUMNS, conform_events
from data.tables import events

STILL = np.iinfo(np.int64).max
"""`known_until` of what still stands."""


def read_versions(
    connection: Connection, source: str, moment: datetime, *, since_day: int
) -> pd.DataFrame:
    """Returns each state in which an event was known, deletions not among them.

    Args:
        connection: Any connection.
        source: Name of the source.
        moment: Only what became known by then (`<=`).
        since_day: Only events of which some version ended on or after this day, days since
            1970-01-01.

    Returns:
        Columns `EVENT_COLUMNS`, `known_from` and `known_until` (seconds since 1970-01-01; it stood
        from the first, until before the second).
    """
    recent = (
        select(events.c.event_id)
        .where(
            events.c.source == source,
            events.c.known_at <= moment,
            type_coerce(events.c.date, Integer) >= since_day,
        )
        .distinct()
        .subquery()
    )
    columns = [
        type_coerce(column, Integer) if isinstance(column.type, EpochDay) else column
        for column in (events.c[name] for name in EVENT_COLUMNS)
    ]
    rows = connection.execute(
        select(*columns, events.c.deleted, type_coerce(events.c.known_at, Integer))
        .join_from(events, recent, events.c.event_id == recent.c.event_id)
        .where(events.c.source == source, events.c.known_at <= moment)
    ).all()
    names = [*EVENT_COLUMNS, "deleted", "known_from"]
    found = pd.DataFrame([tuple(row) for row in rows], columns=names, dtype=object)
    found = found.sort_values(["event_id", "known_from"], kind="stable", ignore_index=True)
    known_from = found["known_from"].to_numpy(dtype=np.int64)
    is_last = (found["event_id"] != found["event_id"].shift(-1)).to_numpy()
    known_until = np.where(is_last, STILL, np.roll(known_from, -1))
    is_state = ~found["deleted"].to_numpy(dtype=np.bool_)
    states = conform_events(found[is_state])
    return states.assign(known_from=known_from[is_state], known_until=known_until[is_state])
