"""Slots: when a cycle is due, and that only one process may run it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import SettingsError
from service.slots import (
    LEASE,
    claim_slot,
    finish_slot,
    has_row,
    list_slots,
    newest_slot,
    slots_between,
)

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
    assert newest_slot(cron, now) == slot


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["0 6 * * *", MONTHLY, "30 */7 * * *", "0 0 1 */3 *", "5 4 * * sun"]),
    st.integers(0, 25 * 365 * 86_400).map(lambda s: moment(2005, 1, 1) + timedelta(seconds=s)),
)
def test_the_newest_slot_ends_the_list_of_all_slots(cron, now):
    found = slots_between(cron, now - timedelta(days=100), now)
    assert newest_slot(cron, now) == found[-1]
    assert found == sorted(set(found))
    assert all(now - timedelta(days=100) <= slot <= now for slot in found)


def test_slots_between_has_both_ends():
    found = slots_between(MONTHLY, moment(2021, 11, 12, 6), moment(2022, 1, 12, 6))
    assert [slot.month for slot in found] == [11, 12, 1]


@pytest.mark.parametrize("cron", ["", "daily", "61 * * * *", "0 6 * *"])
def test_a_cron_line_that_is_none_is_a_settings_error(cron):
    with pytest.raises(SettingsError, match="TOCSIN_CYCLE_CRON"):
        newest_slot(cron, SLOT)


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
        assert has_row(connection, "squares", SLOT, late - timedelta(seconds=1))
        assert not has_row(connection, "squares", SLOT, late)
    assert not claim_slot(squares, "squares", SLOT, late - timedelta(seconds=1))
    assert claim_slot(squares, "squares", SLOT, late)
    assert not claim_slot(squares, "squares", SLOT, late)


@pytest.mark.parametrize("status", ["done", "failed"])
def test_a_finished_slot_stays_finished(squares, status):
    claim_slot(squares, "squares", SLOT, SLOT)
    with squares.write() as connection:
        finish_slot(connection, "squares", SLOT, status=status, now=SLOT, detail="x" * 2000)
    late = SLOT + 10 * LEASE
    assert not claim_slot(squares, "squares", SLOT, late)
    with squares.read() as connection:
        assert has_row(connection, "squares", SLOT, late)
        (slot,) = list_slots(connection, "squares")
    assert (slot.status, slot.finished_at) == (status, SLOT)
    assert 0 < len(slot.detail) < 1000
