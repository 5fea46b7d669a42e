"""Slots: when a cycle is due, and that only one process may run it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from time import sleep
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import SettingsError
from service.schedule.schedules import Schedule, newest_slot, next_slot, slots_between
from service.schedule.slots import (
    LEASE,
    claim_slot,
    find_due,
    finish_slot,
    hold_slot,
    list_slots,
    skip_slot,
)

pytestmark = pytest.mark.both_databases

MONTHLY = "0 6 12 * *"
SLOT = datetime(2022, 1, 12, 6, tzinfo=UTC)


def moment(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "now", "slot"),
    [
        (MONTHLY, moment(2022, 1, 12, 6), moment(2022, 1, 12, 6)),
        (MONTHLY, moment(2022, 1, 12, 5, 59, 59), moment(2021, 12, 12, 6)),
        (MONTHLY, moment(2022, 2, 1), moment(2022, 1, 12, 6)),
        ("0 6 * * *", moment(2022, 1, 16, 5), moment(2022, 1, 15, 6)),
        ("*/15 * * * *", moment(2022, 1, 16, 5, 14), moment(2022, 1, 16, 5)),
        ("0 0 1 1 *", moment(2022, 12, 31), moment(2022, 1, 1)),
        ("0 0 29 2 *", moment(2023, 1, 1), moment(2020, 2, 29)),
        ("0 0 31 2 *", moment(2023, 1, 1), None),
        ("0 6 * * mon", moment(2022, 1, 16), moment(2022, 1, 10, 6)),
    ],
)
def test_the_newest_slot_is_the_last_one_that_has_passed(cron, now, slot):
    assert newest_slot(Schedule(cron), now) == slot


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["0 6 * * *", MONTHLY, "30 */7 * * *", "0 0 1 */3 *", "5 4 * * sun"]),
    st.integers(0, 25 * 365 * 86_400).map(lambda s: moment(2005, 1, 1) + timedelta(seconds=s)),
)
def test_the_newest_slot_ends_the_list_of_all_slots(cron, now):
    found = slots_between(Schedule(cron), now - timedelta(days=100), now)
    assert newest_slot(Schedule(cron), now) == found[-1]
    assert found == sorted(set(found))
    assert all(now - timedelta(days=100) <= slot <= now for slot in found)


def test_slots_between_has_both_ends():
    found = slots_between(Schedule(MONTHLY), moment(2021, 11, 12, 6), moment(2022, 1, 12, 6))
    assert [slot.month for slot in found] == [11, 12, 1]


@pytest.mark.parametrize("cron", ["", "daily", "61 * * * *", "0 6 * *"])
def test_a_cron_line_that_is_none_is_a_settings_error(cron):
    with pytest.raises(SettingsError, match="is no cron line"):
        newest_slot(Schedule(cron), SLOT)


def test_a_slot_is_claimed_once(squares):
    assert claim_slot(squares, "squares", SLOT, SLOT)
    assert not claim_slot(squares, "squares", SLOT, SLOT)
    assert claim_slot(squares, "squares", SLOT + timedelta(days=1), SLOT)


def test_of_many_at_once_one_gets_the_slot(squares):
    with ThreadPoolExecutor(4) as threads:
        won = list(threads.map(lambda _: claim_slot(squares, "squares", SLOT, SLOT), range(8)))
    assert won.count(True) == 1


def test_a_slot_whose_process_died_is_taken_over_once(squares):
    assert claim_slot(squares, "squares", SLOT, SLOT)
    late = SLOT + LEASE
    with squares.read() as connection:
        (slot,) = list_slots(connection, "squares")
    assert not slot.is_open(late - timedelta(seconds=1))
    assert slot.is_open(late)
    assert not claim_slot(squares, "squares", SLOT, late - timedelta(seconds=1))
    assert claim_slot(squares, "squares", SLOT, late)
    assert not claim_slot(squares, "squares", SLOT, late)


def test_a_slot_is_held_for_as_long_as_its_task_takes(squares, monkeypatch):
    monkeypatch.setattr("service.schedule.slots.RENEW_SECONDS", 0.01)
    assert claim_slot(squares, "squares", SLOT, SLOT)
    late = SLOT + LEASE
    with hold_slot(squares, "squares", SLOT, lambda: late):
        for _ in range(1000):
            with squares.read() as connection:
                (slot,) = list_slots(connection, "squares")
            if slot.held_until == late + LEASE:
                break
            sleep(0.01)
        assert slot.started_at == SLOT
        assert not claim_slot(squares, "squares", SLOT, late)
    assert claim_slot(squares, "squares", SLOT, late + LEASE)


def test_a_task_goes_on_where_its_slot_cannot_be_held(squares, monkeypatch, caplog):
    monkeypatch.setattr("service.schedule.slots.RENEW_SECONDS", 0.01)

    def broken():
        raise RuntimeError("no clock")

    assert claim_slot(squares, "squares", SLOT, SLOT)
    with hold_slot(squares, "squares", SLOT, broken):
        for _ in range(1000):
            if "could not be held" in caplog.text:
                break
            sleep(0.01)
    assert "could not be held" in caplog.text


@pytest.mark.parametrize("status", ["done", "failed"])
def test_a_finished_slot_stays_finished(squares, status):
    claim_slot(squares, "squares", SLOT, SLOT)
    with squares.write() as connection:
        finish_slot(connection, "squares", SLOT, status=status, now=SLOT, detail="x" * 2000)
    late = SLOT + 10 * LEASE
    assert not claim_slot(squares, "squares", SLOT, late)
    with squares.read() as connection:
        (slot,) = list_slots(connection, "squares")
    assert (slot.status, slot.finished_at) == (status, SLOT)
    assert 0 < len(slot.detail) < 1000
    assert not slot.is_open(late)


def test_a_cron_line_is_read_in_its_time_zone():
    paris = Schedule("30 2 * * *", "Europe/Paris")
    found = slots_between(paris, moment(2022, 1, 10), moment(2022, 1, 11))
    assert found == [moment(2022, 1, 10, 1, 30)]
    assert newest_slot(paris, moment(2022, 7, 10, 12)) == moment(2022, 7, 10, 0, 30)
    with pytest.raises(SettingsError, match="Mars/Olympus"):
        newest_slot(Schedule("0 6 * * *", "Mars/Olympus"), SLOT)


def test_no_slot_is_missed_or_doubled_when_clocks_change():
    found = slots_between(
        Schedule("30 * * * *", "Europe/Paris"), moment(2022, 10, 29, 22), moment(2022, 10, 30, 4)
    )
    assert len(found) == len(set(found)) == 6


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # Clocks go from 00:00 to 01:00, in the night to the 28th and to the 4th.
        ("Africa/Cairo", moment(2023, 4, 28), moment(2023, 4, 27, 22)),
        ("America/Sao_Paulo", moment(2018, 11, 4), moment(2018, 11, 4, 3)),
    ],
)
def test_a_midnight_that_clocks_leave_out_is_due_all_the_same(zone, day, expected):
    midnights = Schedule("0 0 * * *", zone)
    found = slots_between(midnights, day - timedelta(days=2), day + timedelta(days=2))
    assert len(found) == 4
    assert expected in found
    assert next_slot(midnights, expected - timedelta(minutes=1)) == expected
    assert newest_slot(midnights, expected + timedelta(minutes=1)) == expected


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Paris", "Africa/Cairo", "Australia/Lord_Howe", "UTC"]),
    day=st.dates(date(2023, 1, 1), date(2023, 12, 31)),
    hour=st.integers(0, 23),
)
def test_a_time_of_day_is_due_whenever_clocks_show_it(zone, day, hour):
    since, clock = moment(day.year, day.month, day.day), time(hour, 30)
    minutes = [since + timedelta(minutes=n) for n in range(2 * 24 * 60 + 1)]
    shown = {at: at.astimezone(ZoneInfo(zone)).time() for at in minutes}
    found = slots_between(Schedule(f"30 {hour} * * *", zone), since, minutes[-1])
    assert {at for at in minutes if shown[at] == clock} <= set(found)
    # Anything else is due because clocks went over it.
    for at in found:
        assert shown[at] == clock or shown.get(at - timedelta(hours=1), clock) < clock < shown[at]


def due(database, now, at_most=3):
    with database.read() as connection:
        return find_due(connection, "squares", Schedule("0 6 * * *"), now, at_most=at_most)


def finish(database, slot_at, status, retry_at=None):
    with database.write() as connection:
        finish_slot(
            connection, "squares", slot_at, status=status, now=SLOT, detail="", retry_at=retry_at
        )


def test_a_new_set_begins_with_the_newest_slot(squares):
    assert due(squares, moment(2022, 1, 16, 7)).run == (moment(2022, 1, 16, 6),)
    assert due(squares, moment(2022, 1, 16, 7)).skip == ()


@pytest.mark.parametrize("n_missed", [0, 1, 3, 4, 9])
def test_missed_slots_are_caught_up_with_oldest_first_and_at_most_so_many(squares, n_missed):
    assert claim_slot(squares, "squares", SLOT, SLOT)
    finish(squares, SLOT, "done")
    found = due(squares, SLOT + timedelta(days=n_missed, hours=1))
    missed = [SLOT + timedelta(days=number) for number in range(1, n_missed + 1)]
    assert [*found.skip, *found.run] == missed
    assert len(found.run) == min(n_missed, 3)


def test_what_was_skipped_is_listed_and_not_due_again(squares):
    assert claim_slot(squares, "squares", SLOT, SLOT)
    finish(squares, SLOT, "done")
    now = SLOT + timedelta(days=5)
    for slot_at in due(squares, now).skip:
        skip_slot(squares, "squares", slot_at, now)
        skip_slot(squares, "squares", slot_at, now)  # Another process does the same.
    for slot_at in due(squares, now).run:
        assert claim_slot(squares, "squares", slot_at, now)
    assert (due(squares, now).run, due(squares, now).skip) == ((), ())
    with squares.read() as connection:
        statuses = [slot.status for slot in list_slots(connection, "squares")]
    assert statuses == ["running"] * 3 + ["skipped"] * 2 + ["done"]


def test_a_failed_slot_is_due_again_when_its_time_has_come(squares):
    claim_slot(squares, "squares", SLOT, SLOT)
    again = SLOT + timedelta(minutes=5)
    finish(squares, SLOT, "failed", retry_at=again)
    assert due(squares, again - timedelta(seconds=1)).run == ()
    assert not claim_slot(squares, "squares", SLOT, again - timedelta(seconds=1))
    assert due(squares, again).run == (SLOT,)
    with ThreadPoolExecutor(4) as threads:
        won = list(threads.map(lambda _: claim_slot(squares, "squares", SLOT, again), range(4)))
    assert won.count(True) == 1
    with squares.read() as connection:
        (slot,) = list_slots(connection, "squares")
    assert (slot.status, slot.attempts, slot.retry_at) == ("running", 2, None)
