"""Counting against slow loops over days, on random events and spans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import (
    from_epoch_day,
    period_end,
    period_of,
    period_start,
    to_epoch_day,
)
from data.errors import NothingKnown
from data.placement import place_events
from data.regions import RegionSet
from data.store import Coverage
from tests.data.panels import AS_OF, YEAR, assemble

MakeEvents = Callable[..., pd.DataFrame]

days = st.integers(to_epoch_day(date(2020, 11, 1)), to_epoch_day(date(2021, 12, 31)))
random_events = st.lists(
    st.fixed_dictionaries(
        {
            "date": days,
            "n_days": st.integers(1, 70),
            "date_precision": st.integers(1, 5),
            "where_precision": st.integers(1, 7),
            "longitude": st.integers(-8, 36).map(lambda n: n / 10 + 0.05),
            "country": st.sampled_from(["MLI", "NER", "NGA"]),
            "fatalities_best": st.integers(0, 50),
        }
    ),
    max_size=12,
)
spans = st.lists(
    st.tuples(st.sampled_from(["MLI", "NER"]), days, st.integers(20, 300)).map(
        lambda s: Coverage(s[0], from_epoch_day(s[1]), from_epoch_day(s[1] + s[2]))
    ),
    min_size=1,
    max_size=3,
)


def spread_slowly(event: Any, is_spread: bool) -> list[int]:
    """The days on which an event counts, one share each."""
    return list(range(event.date_start, event.date + 1)) if is_spread else [event.date]


@settings(deadline=None, max_examples=60)
@given(random_events, spans, st.sampled_from(["month", "week"]))
def test_deaths_against_a_loop_over_days(
    make_events: MakeEvents,
    squares: RegionSet,
    drawn: list[dict[str, Any]],
    coverage: list[Coverage],
    step: Any,
) -> None:
    region_set = replace(squares, step=step)
    events = make_events(
        *[
            {**event, "date_start": event["date"] - event["n_days"] + 1, "fatalities_high": 50}
            for event in drawn
        ]
    )
    try:
        panel = assemble(events, region_set, coverage)
    except NothingKnown:
        assert all(not _known_periods(span, step) for span in coverage)
        return
    known = {(span.country, p) for span in coverage for p in _known_periods(span, step)}
    assert int(panel.periods[0]) == min(p for _, p in known)
    placement = place_events(events, region_set)
    in_regions: dict[tuple[int, int], float] = {}
    at_country: dict[tuple[int, str], float] = {}
    for number, event in enumerate(events.itertuples()):
        is_spread = event.date_precision >= (5 if step == "month" else 4)
        shares = spread_slowly(event, is_spread)
        for day in shares:
            period = period_of(from_epoch_day(day), step)
            if (event.country, period) not in known:
                continue
            deaths = event.fatalities_best / len(shares)
            region = int(placement.region[number])
            if region >= 0:
                in_regions[period, region] = in_regions.get((period, region), 0) + deaths
            elif placement.method[number] == "country":
                key = (period, event.country)
                at_country[key] = at_country.get(key, 0) + deaths
    for row, period in enumerate(panel.periods.tolist()):
        for region, country in enumerate(panel.countries[n] for n in panel.country_of):
            is_known = (country, period) in known
            assert panel.known[row, region] == is_known
            found = float(panel.values["deaths"][row, region])
            if is_known:
                assert found == pytest.approx(in_regions.get((period, region), 0), rel=1e-5)
            else:
                assert np.isnan(found)
        for number, country in enumerate(panel.countries):
            if (country, period) in known:
                found = float(panel.country_values["deaths"][row, number])
                assert found == pytest.approx(at_country.get((period, country), 0), rel=1e-5)


def _known_periods(span: Coverage, step: Any) -> list[int]:
    first, last = period_of(span.covers_from, step), period_of(span.covers_to, step)
    return [
        period
        for period in range(first, last + 1)
        if span.covers_from <= period_start(period, step)
        and period_end(period, step) <= min(span.covers_to, AS_OF)
    ]


@settings(deadline=None, max_examples=30)
@given(random_events)
def test_no_death_is_lost(
    make_events: MakeEvents, squares: RegionSet, drawn: list[dict[str, Any]]
) -> None:
    events = make_events(
        *[
            {**event, "date_start": event["date"] - event["n_days"] + 1, "fatalities_high": 50}
            for event in drawn
        ]
    )
    long = [replace(span, covers_from=date(2020, 1, 1)) for span in YEAR]
    panel = assemble(events, squares, long)
    placement = place_events(events, squares)
    held = events["country"].isin(squares.countries) & (placement.method != "outside")
    for variable, expected in (("deaths", "fatalities_best"), ("events", None)):
        total = float(events.loc[held, expected].sum()) if expected else float(held.sum())
        shown = np.nansum(panel.values[variable], dtype=np.float64) + np.nansum(
            panel.country_values[variable], dtype=np.float64
        )
        assert shown == pytest.approx(total, rel=1e-5)
    by_type = sum(
        panel.values[f"deaths_{name}"] for name in ("state_based", "non_state", "one_sided")
    )
    np.testing.assert_allclose(by_type, panel.values["deaths"], rtol=1e-5)
    assert (panel.values["deaths_coarse"] <= panel.values["deaths"] + 1e-4).all()
