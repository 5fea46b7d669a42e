"""The event contract: dtypes, rules, and what a batch must keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.errors import StateError
from data.events import EVENT_COLUMNS, Batch, Refusal, check_batch, conform_events, find_refusals

REFUSAL = Refusal(2, None, "bad_number", "x", {})


def test_events_are_put_in_shape(make_events: Callable[..., pd.DataFrame]) -> None:
    given = make_events({}, {}).assign(extra=1)[[*reversed(EVENT_COLUMNS), "extra"]]
    shaped = conform_events(given.astype({"fatalities_best": "float64"}).set_index([[5, 3]]))
    assert {name: str(dtype) for name, dtype in shaped.dtypes.items()} == EVENT_COLUMNS
    assert shaped.index.tolist() == [0, 1]


@pytest.mark.parametrize("column", ["country", "fatalities_best"])
def test_rows_that_are_no_events(make_events: Callable[..., pd.DataFrame], column: str) -> None:
    with pytest.raises(StateError, match="Rows are no events"):
        conform_events(make_events({}).drop(columns=column))
    with pytest.raises(StateError, match="Rows are no events"):
        conform_events(make_events({}).astype({"latitude": object}).assign(latitude="north"))


def test_the_first_broken_rule_is_named(make_events: Callable[..., pd.DataFrame]) -> None:
    candidates = make_events({}, {}, {}, {}).astype(
        {name: "float64" for name, dtype in EVENT_COLUMNS.items() if dtype != "str"}
    )
    candidates.loc[1, ["latitude", "longitude", "country"]] = [95.0, 195.0, ""]
    candidates.loc[2, ["country", "fatalities_low"]] = ["", np.nan]
    candidates.loc[3, ["civilian_fatalities", "n_sources"]] = np.nan
    codes = find_refusals(candidates, first_day=date(1989, 1, 1), known_at=date(2022, 1, 1))
    assert codes.tolist() == ["", "impossible_latitude", "unknown_country", ""]


@pytest.mark.parametrize(
    "change",
    [
        {"n_rows": 3},
        {"refusals": (REFUSAL,)},
        {"countries": ("NER", "MLI")},
        {"countries": ("MLI", "MLI")},
        {"covers_to": date(2020, 12, 31)},
    ],
)
def test_a_broken_batch_is_our_own_fault(
    make_batch: Callable[..., Batch], change: dict[str, Any]
) -> None:
    batch = make_batch({}, {})
    check_batch(batch)
    with pytest.raises(StateError):
        check_batch(replace(batch, **change))


def test_a_batch_holds_an_event_once_and_in_shape(make_batch: Callable[..., Batch]) -> None:
    with pytest.raises(StateError, match="twice"):
        check_batch(make_batch({"event_id": "7"}, {"event_id": "7"}))
    batch = make_batch({})
    floats = batch.events.astype({"fatalities_best": "float64"})
    with pytest.raises(StateError, match="columns"):
        check_batch(replace(batch, events=floats))
