from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from data.calendar import period_end, period_of, period_start, to_epoch_day
from data.errors import NothingKnown, UsageError
from data.events import EVENT_COLUMNS, Batch, check_batch
from data.simulate import FIRST_DAY, World, simulate_world
from data.sources.simulated import (
    SIMULATED,
    deliver_simulated,
    last_release,
    release_day,
    release_days,
    vintage_name,
)

SEED = 20_260_101


@cache
def world_until(day: date) -> World:
    return simulate_world(day, SEED)


def tell_slowly(release: date) -> list[tuple[object, ...]]:
    """What the release holds, row by row from the reports of a world that ends on its day."""
    held: dict[str, tuple[object, ...]] = {}
    cutoff = to_epoch_day(period_end(period_of(release, "month") - 1, "month"))
    reports = world_until(release).reports
    rows = reports.astype(object).where(reports.notna(), None).itertuples(index=False, name=None)
    columns = list(reports.columns)
    for row in rows:
        said = dict(zip(columns, row, strict=True))
        if said["known_on"] > to_epoch_day(release):
            continue
        held.pop(said["event_id"], None)
        if not said["deleted"] and said["date"] <= cutoff:
            held[said["event_id"]] = tuple(said[column] for column in EVENT_COLUMNS)
    return [held[event_id] for event_id in sorted(held)]


def rows_of(batch: Batch) -> list[tuple[object, ...]]:
    events = batch.events.astype(object).where(batch.events.notna(), None)
    return list(events.itertuples(index=False, name=None))


@pytest.mark.parametrize("release", [date(2006, 3, 10), date(2015, 1, 12), date(2026, 10, 12)])
def test_a_release_is_what_a_slow_reading_of_the_reports_gives(release: date) -> None:
    assert release_day(period_of(release, "month")) == release
    assert rows_of(deliver_simulated(release, SEED)) == tell_slowly(release)


def test_a_release_keeps_the_contract_of_a_batch() -> None:
    batch = deliver_simulated(date(2026, 10, 20), SEED)
    check_batch(batch)
    assert batch.refusals == ()
    assert batch.countries == ("XBF", "XML", "XNE")
    assert batch.covers_from == FIRST_DAY
    assert batch.covers_to == date(2026, 9, 30)
    assert batch.events["date"].max() <= to_epoch_day(batch.covers_to)
    assert batch.events["date"].max() > to_epoch_day(date(2026, 9, 1))
    assert batch.events["date_start"].min() >= to_epoch_day(FIRST_DAY)
    assert len(batch.events) > 3000


def test_every_release_of_a_year_is_clean() -> None:
    for release in release_days(date(2016, 1, 1), date(2016, 12, 31)):
        batch = deliver_simulated(release, SEED)
        check_batch(batch)
        assert list(batch.events.index) == list(range(len(batch.events)))
        assert batch.events["event_id"].is_monotonic_increasing


def test_the_source_says_that_it_is_simulated() -> None:
    assert SIMULATED.is_simulated
    assert SIMULATED.redistributable
    assert SIMULATED.licence == "CC0-1.0"
    assert "imulated" in SIMULATED.title
    assert "imulated" in SIMULATED.attribution


def test_two_calls_and_all_days_to_the_next_release_give_the_same() -> None:
    first = deliver_simulated(date(2025, 5, 12), SEED)
    first_events = first.events.copy()
    # What a caller does to its frame is its own affair.
    first.events.loc[:, "fatalities_best"] = -1
    for day in (date(2025, 5, 12), date(2025, 5, 31), date(2025, 6, 9)):
        again = deliver_simulated(day, SEED)
        assert_frame_equal(again.events, first_events)
        assert again.covers_to == first.covers_to == date(2025, 4, 30)
    assert deliver_simulated(date(2025, 6, 10), SEED).covers_to == date(2025, 5, 31)
    assert deliver_simulated(date(2025, 5, 11), SEED).covers_to == date(2025, 3, 31)


def test_a_seed_tells_one_story() -> None:
    one, other = (deliver_simulated(date(2012, 5, 20), seed) for seed in (1, 2))
    assert len(one.events) != len(other.events)
    with pytest.raises(UsageError):
        deliver_simulated(date(2012, 5, 20), -1)


def test_later_releases_add_edit_and_delete() -> None:
    old, new = (
        deliver_simulated(day, SEED).events.set_index("event_id")
        for day in (date(2024, 12, 20), date(2025, 12, 20))
    )
    cutoff = to_epoch_day(date(2024, 11, 30))
    deleted = old.index.difference(new.index)
    late = new[new["date"] <= cutoff].index.difference(old.index)
    both = old.index.intersection(new.index)
    edited = (old.loc[both, "fatalities_best"] != new.loc[both, "fatalities_best"]).sum()
    assert len(deleted) >= 1
    assert deleted.str.endswith("-B").all()
    assert len(late) >= 5
    assert edited >= 10
    # An edit changes the toll and nothing else.
    kept = [name for name in EVENT_COLUMNS if name != "event_id" and "fatalities" not in name]
    assert_frame_equal(old.loc[both, kept], new.loc[both, kept])


def test_the_first_release_of_a_month_is_nearly_whole_but_not_quite() -> None:
    first, final = 0, 0
    last_word = deliver_simulated(date(2026, 12, 20), SEED).events
    for release in release_days(date(2024, 1, 1), date(2024, 12, 31)):
        month = period_of(release, "month") - 1
        span = [to_epoch_day(edge(month, "month")) for edge in (period_start, period_end)]
        for events, is_first in (
            (deliver_simulated(release, SEED).events, True),
            (last_word, False),
        ):
            toll = events.loc[events["date"].between(*span), "fatalities_best"].sum()
            first, final = (first + toll, final) if is_first else (first, final + toll)
    assert 0.65 < first / final < 0.99


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("2026-10", date(2026, 10, 12)),  # the 10th is a Saturday
        ("2026-05", date(2026, 5, 11)),  # a Sunday
        ("2026-04", date(2026, 4, 10)),  # a Friday
        ("2026-08", date(2026, 8, 10)),  # a Monday
    ],
)
def test_releases_come_on_working_days(month: str, expected: date) -> None:
    ordinal = period_of(date.fromisoformat(f"{month}-01"), "month")
    assert release_day(ordinal) == expected
    assert vintage_name(expected) == month
    assert vintage_name(expected - timedelta(days=1)) < month


DAYS = st.dates(date(2005, 2, 10), date(2035, 12, 31))


@given(day=DAYS)
@settings(max_examples=200)
def test_the_newest_release_is_the_last_of_all_up_to_the_day(day: date) -> None:
    assert last_release(day) == release_days(FIRST_DAY, day)[-1]


@given(since=DAYS, until=DAYS)
@settings(max_examples=100)
def test_release_days_are_all_working_days_one_a_month(since: date, until: date) -> None:
    days = release_days(since, until)
    slow = [
        day
        for month in range(period_of(FIRST_DAY, "month") + 1, period_of(date(2036, 1, 1), "month"))
        if since <= (day := release_day(month)) <= until
    ]
    assert days == slow
    assert all(day.weekday() < 5 and 10 <= day.day <= 12 for day in days)


@pytest.mark.parametrize("day", [date(2005, 2, 9), date(2005, 1, 10), date(1990, 6, 1)])
def test_before_the_first_release_nothing_is_known(day: date) -> None:
    with pytest.raises(NothingKnown, match="2005-02-10"):
        deliver_simulated(day, SEED)
    assert deliver_simulated(date(2005, 2, 10), SEED).covers_to == date(2005, 1, 31)
