"""What one event adds to the base variables, and to which periods."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import Step
from data.events import VIOLENCE_TYPES
from data.period_shares import Shares, share_over_periods

SPREAD_FROM: dict[Step, int] = {"month": 5, "week": 4}
"""The `date_precision` from which an event is known to no better than a period: 4 is a month."""


def share_out(events: pd.DataFrame, step: Step, periods: npt.NDArray[np.int64]) -> Shares:
    """Returns one share per event, or one per period that a vaguely dated event touches.

    Shares outside the periods of the panel are left out.
    """
    end = events["date"].to_numpy(dtype=np.int64)
    is_spread = events["date_precision"].to_numpy(dtype=np.int64) >= SPREAD_FROM[step]
    start = np.where(is_spread, events["date_start"].to_numpy(dtype=np.int64), end)
    shares = share_over_periods(start, end, step)
    return shares.of((shares.period >= periods[0]) & (shares.period <= periods[-1]))


def weigh_base(
    events: pd.DataFrame, is_coarse: npt.NDArray[np.bool_], step: Step
) -> dict[str, npt.NDArray[np.float64]]:
    """Returns what one whole event adds to each base variable, shape (n_events,) each."""
    deaths = events["fatalities_best"].to_numpy(dtype=np.float64)
    is_vague = events["date_precision"].to_numpy(dtype=np.int64) >= SPREAD_FROM[step]
    weights = {
        "events": np.ones(len(events)),
        "deaths": deaths,
        # A source may put its best estimate outside its own range: the range is widened to it.
        "deaths_low": np.minimum(deaths, events["fatalities_low"].to_numpy(dtype=np.float64)),
        "deaths_high": np.maximum(deaths, events["fatalities_high"].to_numpy(dtype=np.float64)),
        "deaths_civilians": events["civilian_fatalities"].to_numpy(
            dtype=np.float64, na_value=np.nan
        ),
        "deaths_coarse": np.where(is_coarse | is_vague, deaths, 0.0),
    }
    for event_type in VIOLENCE_TYPES:
        is_type = (events["event_type"] == event_type).to_numpy()
        weights[f"events_{event_type}"] = is_type.astype(np.float64)
        weights[f"deaths_{event_type}"] = np.where(is_type, deaths, 0.0)
    return weights
