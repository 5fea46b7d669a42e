"""The one clock. Everything below the service gets its time as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware, in UTC."""


def system_clock() -> datetime:
    """Returns the machine's time, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
