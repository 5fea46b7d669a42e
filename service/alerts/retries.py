"""When a message is tried again: ten tries over three days, as Standard Webhooks proposes."""

from __future__ import annotations

import hashlib

DELAYS_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Wait before try 1, 2, …, 10, since the try before."""

TRIES = len(DELAYS_SECONDS)
JITTER = 0.2
LONGEST_ASKED_SECONDS = 86_400.0
"""A receiver that asks for a longer wait gets this one: its mistake must not lose a message."""


def next_delay(
    attempt: int, *, message_id: str, seed: int, asked_seconds: float | None
) -> float | None:
    """Returns the seconds to wait after a failed try, or None if it was the last.

    The wait is drawn within 20 % of the schedule, so that messages that failed together do not
    come back together. A wait that the receiver asked for is never cut, up to a day.

    Args:
        attempt: Number of the try that failed, from 1. A replay of a dead message begins a new
            round: tries 11 to 20 wait like 1 to 10.
        message_id: The message; the draw depends on it.
        seed: Seed of the draw.
        asked_seconds: `Retry-After` of the receiver, or None.
    """
    place = attempt % TRIES
    if place == 0:
        return None
    drawn = hashlib.sha256(f"{seed}|{message_id}|{attempt}".encode()).digest()
    share = int.from_bytes(drawn[:8], "big") / 2**64
    delay = DELAYS_SECONDS[place] * (1 - JITTER + 2 * JITTER * share)
    return max(delay, min(asked_seconds or 0.0, LONGEST_ASKED_SECONDS))
