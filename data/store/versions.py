"""Every version of every event, with the time for which it stood."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from data.events import conform_events
from data.store.blocks import read_blocks

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
    known = read_blocks(connection, source, moment)
    told = pa.concat_tables([known.largest, known.others])
    recent = told["event_id"].filter(pc.greater_equal(told["date"], since_day))
    is_wanted = pc.is_in(told["event_id"], value_set=recent.combine_chunks())
    found = told.filter(is_wanted).rename_columns({"known_at": "known_from"}).to_pandas()
    found = found.sort_values(["event_id", "known_from"], kind="stable", ignore_index=True)
    known_from = found["known_from"].to_numpy(dtype=np.int64)
    is_last = (found["event_id"] != found["event_id"].shift(-1)).to_numpy()
    known_until = np.where(is_last, STILL, np.roll(known_from, -1))
    is_state = ~found["deleted"].to_numpy(dtype=np.bool_)
    states = conform_events(found[is_state])
    return states.assign(known_from=known_from[is_state], known_until=known_until[is_state])
