"""Garbage collection, held back while very many small objects are made that stay.

Python looks through all living objects again and again while their number grows. On a grid a
publication is millions of them, none of which is garbage, and looking takes twice as long as
reading them.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_holding: list[bool] = []
"""One for each that holds it back, in order: whether it was on when they came."""


@contextmanager
def without_collection() -> Iterator[None]:
    """Holds back the garbage collection of this process; threads may do so at the same time."""
    with _lock:
        _holding.append(_holding[0] if _holding else gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            was_on = _holding.pop()
            if was_on and not _holding:
                gc.enable()
