"""The retry schedule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.retries import DELAYS_SECONDS, TRIES, next_delay


def wait(attempt: int, asked: float | None = None, message_id: str = "msg_1") -> float | None:
    return next_delay(attempt, message_id=message_id, seed=1, asked_seconds=asked)


def test_the_schedule_is_that_of_the_specification() -> None:
    minute, hour = 60, 3600
    assert (
        0, 5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour,
        24 * hour,
    ) == DELAYS_SECONDS  # fmt: skip


@given(st.integers(1, 200), st.text())
def test_waits_lie_within_a_fifth_of_the_schedule(attempt: int, message_id: str) -> None:
    delay = wait(attempt, message_id=message_id)
    if attempt % TRIES == 0:
        assert delay is None
    else:
        assert delay is not None
        planned = DELAYS_SECONDS[attempt % TRIES]
        assert 0.8 * planned <= delay <= 1.2 * planned


def test_waits_are_drawn_apart_and_always_the_same() -> None:
    drawn = [wait(3, message_id=f"msg_{number}") for number in range(50)]
    assert drawn == [wait(3, message_id=f"msg_{number}") for number in range(50)]
    assert len(set(drawn)) == 50
    assert max(drawn) > 1.1 * 1800 > 0.9 * 1800 > min(drawn)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("asked", "expected"), [(None, 6), (0, 6), (100, 100), (86_400, 86_400), (1e9, 86_400)]
)
def test_what_the_receiver_asks_is_honoured_up_to_a_day(
    asked: float | None, expected: float
) -> None:
    assert wait(1, asked) == pytest.approx(expected, abs=2.1)


def test_no_wait_brings_a_last_try_back() -> None:
    assert wait(TRIES, 60) is None
