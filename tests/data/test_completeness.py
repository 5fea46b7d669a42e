"""Completeness: learnt from made histories with a known answer, and from the simulated world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from data.calendar import parse_period, period_end, period_of, period_start, to_epoch_day
from data.database import Database
from data.events import Batch
from data.quality import Completeness, estimate_completeness
from data.regions import RegionSet
from data.simulate import simulate_world
from data.sources.simulated import SIMULATED, deliver_simulated, release_days, vintage_name
from data.store import append_delivery

N_EVENTS = 8


def month_events(month: int, n_events: int, x: float) -> list[dict[str, Any]]:
    start = period_start(month, "month")
    return [
        {"event_id": f"{month}-{x}-{n}", "date": start.replace(day=1 + n), "longitude": x}
        for n in range(n_events)
    ]


@pytest.fixture
def filled(
    sqlite: Database, make_batch: Callable[..., Batch], deliver: Callable[..., Any]
) -> Database:
    """Monthly full releases on the 10th; of a month's 8 events in ML1 2 come first, then 6, then 8.

    ML2 has all of its 4 at once.
    """
    first, last = parse_period("2019-06", "month"), parse_period("2021-12", "month")
    for newest in range(first, last + 1):
        events = []
        for month in range(first, newest + 1):
            share = (2, 6, N_EVENTS)[min(newest - month, 2)]
            events += month_events(month, share, 0.5) + month_events(month, 4, 1.5)
        release = period_start(newest + 1, "month").replace(day=10)
        span = (period_start(first, "month"), period_end(newest, "month"))
        deliver(
            sqlite,
            make_batch(*events, covers=span, countries=("MLI",)),
            str(release),
            vintage=str(newest),
        )
    return sqlite


def judge(database: Database, squares: RegionSet, as_of: date) -> Completeness:
    with database.read() as connection:
        return estimate_completeness(connection, squares, as_of)


def test_the_newest_months_are_as_incomplete_as_they_used_to_be(
    filled: Database, squares: RegionSet
) -> None:
    found = judge(filled, squares, date(2022, 1, 20))
    assert found.periods[-1] == parse_period("2021-12", "month")
    assert found.region_ids == ("ML1", "ML2", "NE1")
    ml1, ml2, ne1 = found.events.T
    # 19 settled months, drawn by 20 events towards the country's shares of 6/12 and 10/12.
    assert ml1[-1] == pytest.approx((19 * 2 + 10) / (19 * 8 + 20))
    assert ml1[-2] == pytest.approx((19 * 6 + 20 * 10 / 12) / (19 * 8 + 20))
    assert ml1[-3] == pytest.approx(1)
    assert ml2[-1] == pytest.approx((19 * 4 + 10) / (19 * 4 + 20))
    assert np.isnan(ne1).all()
    np.testing.assert_allclose(found.deaths, found.events, atol=0.1)
    assert found.n_known[-3:, 0].tolist() == [8, 6, 2]
    assert np.isnan(found.n_known[:, 2]).all()


def test_an_as_of_does_not_know_what_came_later(filled: Database, squares: RegionSet) -> None:
    early = judge(filled, squares, date(2021, 6, 20))
    assert early.n_known[-1, 0] == 2
    # No new release since: what is known is as young as it was.
    stale = judge(filled, squares, date(2022, 8, 1))
    row = stale.periods.tolist().index(parse_period("2021-12", "month"))
    assert stale.events[row, 0] == pytest.approx(0.25, abs=0.04)
    assert np.isnan(stale.events[row + 1 :, 0]).all()


def test_one_delivery_teaches_nothing(
    sqlite: Database,
    make_batch: Callable[..., Batch],
    deliver: Callable[..., Any],
    squares: RegionSet,
) -> None:
    months = range(parse_period("2018-01", "month"), parse_period("2021-12", "month") + 1)
    events = [event for month in months for event in month_events(month, 4, 0.5)]
    span = (date(2018, 1, 1), date(2021, 12, 31))
    deliver(sqlite, make_batch(*events, covers=span, countries=("MLI",)), "2022-01-15")
    found = judge(sqlite, squares, date(2022, 1, 20))
    assert np.isnan(found.events[1:]).all()
    assert found.events[0, 0] == 1 if found.periods[0] < parse_period("2021-01", "month") else True
    assert found.n_known[-1, 0] == 4


def test_nothing_known(sqlite: Database, squares: RegionSet) -> None:
    found = judge(sqlite, squares, date(2022, 1, 20))
    assert np.isnan(found.events).all()
    assert np.isnan(found.n_known).all()


def test_the_simulated_world_fills_up_as_foretold(sqlite: Database) -> None:
    as_of, later = date(2023, 12, 20), date(2025, 6, 20)
    with sqlite.write() as connection:
        for day in release_days(date(2021, 12, 1), later):
            if day > as_of and day < date(2025, 6, 1):
                continue
            append_delivery(
                connection,
                deliver_simulated(day, 0),
                source=SIMULATED,
                vintage=vintage_name(day),
                known_at=datetime.combine(day, time(), UTC),
                received_at=datetime(2026, 1, 1, tzinfo=UTC),
                file_name="simulated",
                sha256=f"{to_epoch_day(day):064x}",
            )
    world = simulate_world(date(2023, 12, 31), 0)
    with sqlite.read() as connection:
        foretold = estimate_completeness(connection, world.region_set, as_of, n_periods=3)
        eventual = estimate_completeness(connection, world.region_set, later, n_periods=21)
    row = eventual.periods.tolist().index(int(foretold.periods[-1]))
    truth = foretold.n_known[-1].sum() / eventual.n_known[row].sum()
    assert truth < 1
    expected = np.average(foretold.events[-1], weights=eventual.n_known[row])
    assert expected == pytest.approx(truth, abs=0.12)


def test_weeks_fill_up_as_past_weeks_did(
    sqlite: Database,
    make_batch: Callable[..., Batch],
    deliver: Callable[..., Any],
    squares: RegionSet,
) -> None:
    """Of a week's 4 events 1 is told three days after its end, 3 a week later, 4 after two."""
    weekly = replace(squares, step="week")
    first = period_of(date(2020, 6, 1), "week")
    last = first + 65
    for newest in range(first, last + 1):
        events = [
            {
                "event_id": f"{week}-{number}",
                "date": period_start(week, "week"),
                "longitude": 0.5,
                "fatalities_best": 3,
            }
            for week in range(first, newest + 1)
            for number in range((1, 3, 4)[min(newest - week, 2)])
        ]
        release = period_end(newest, "week") + timedelta(days=3)
        span = (period_start(first, "week"), period_end(newest, "week"))
        deliver(
            sqlite,
            make_batch(*events, covers=span, countries=("MLI",)),
            str(release),
            vintage=str(newest),
        )
    found = judge(sqlite, weekly, period_end(last, "week") + timedelta(days=4))
    assert found.periods[-1] == last
    assert found.n_known[-3:, 0].tolist() == [4, 3, 1]
    for shares in (found.events, found.deaths):
        assert shares[-1, 0] == pytest.approx(0.25)
        assert shares[-2, 0] == pytest.approx(0.75)
        assert shares[-3, 0] == pytest.approx(1)
