"""Spells: from which day to which each version of an observation counts as known.

The one rule by which a row of the panel sees what others observe, in training and in scoring:

- From the first day on which a source told of a quantity in a country, it was followed. A row whose
  period ends on that day or later sees what was known at the end of its period.
- Before that day nothing had been read: all that is known was loaded at once, later. A row sees the
  first version of each observation whose reporting lag was over by the end of its period.

So no row sees a number that was published after it, and a later delivery changes no row that had a
delivery of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.observation import QUANTITIES

EVER = 10_000_000
"""A day after all days."""


def spells_of(versions: pd.DataFrame) -> pd.DataFrame:
    """Returns the spells of all versions of the observations of one source.

    Args:
        versions: Columns `data.observation.KNOWN_OBSERVATION_COLUMNS`.

    Returns:
        The columns of observations; `known_from`, the first day at whose end a version counts, and
        `known_until`, the first at whose end it does not any more, days since 1970-01-01;
        `is_history`, True for what was loaded later. A version may have a spell of each kind.
    """
    followed_from = versions.groupby(["indicator", "country"])["date_known"].transform("min")
    ordered = versions.assign(followed_from=followed_from).sort_values(
        ["observation_key", "date_known"], kind="stable"
    )
    by_key = ordered.groupby("observation_key", sort=False)["date_known"]
    followed = ordered.assign(
        known_from=ordered["date_known"],
        known_until=by_key.shift(-1, fill_value=EVER),
        is_history=False,
    )
    first = ordered[~ordered.duplicated("observation_key")]
    history = first.assign(
        known_from=_out_from(first), known_until=first["followed_from"], is_history=True
    )
    spells = pd.concat([followed, history], ignore_index=True)
    spells = spells[spells["known_from"] < spells["known_until"]]
    return spells.drop(columns=["date_known", "followed_from"]).reset_index(drop=True)


def known_throughout(observations: pd.DataFrame) -> pd.DataFrame:
    """Returns spells that never begin and never end: every row sees all that is known now."""
    return observations.assign(known_from=-EVER, known_until=EVER, is_history=False)


def _out_from(observations: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Returns the day on which the reporting lag of each observation is over."""
    quantities = [QUANTITIES[name] for name in observations["indicator"]]
    lag = np.array([one.lag_days for one in quantities], np.int64)
    is_out_at_start = np.array([one.is_out_at_start for one in quantities], np.bool_)
    starts, ends = observations["date_start"].to_numpy(), observations["date_end"].to_numpy()
    days: npt.NDArray[np.int64] = np.where(is_out_at_start, starts, ends) + lag
    return days
