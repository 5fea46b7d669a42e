"""Which of the events that are known somebody asks for. Pure: no database here."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from data.calendar import to_epoch_day


def select_events(
    events: pd.DataFrame,
    *,
    country: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> pd.DataFrame:
    """Returns some of the events, in their order.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        country: Only those of this country, ISO alpha-3.
        since: Only those that ended on this day or later.
        until: Only those that ended on this day or before.
    """
    ended = events["date"].to_numpy(dtype=np.int64)
    is_wanted = np.ones(len(events), np.bool_)
    if country is not None:
        is_wanted &= (events["country"] == country).to_numpy(dtype=np.bool_)
    if since is not None:
        is_wanted &= ended >= to_epoch_day(since)
    if until is not None:
        is_wanted &= ended <= to_epoch_day(until)
    return events[is_wanted]
