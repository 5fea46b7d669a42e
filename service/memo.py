"""Remembering what is dear to make and never changes: pictures and histories of a publication."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class _Entry(Generic[Value]):
    """One value, made at most once; whoever asks meanwhile waits for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: list[Value] = []

    def get(self, make: Callable[[], Value]) -> Value:
        with self._lock:
            if not self._made:
                self._made.append(make())
            return self._made[0]


class Memo(Generic[Value]):
    """The newest `size` values by key; the one that was not asked for the longest is forgotten.

    Two readers of a page that is not there yet wait for one making instead of doing it twice;
    readers of other pages do not wait.

    Args:
        size: Values kept, at least 1.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, _Entry[Value]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Returns the value of `key`, made by `make` if it is not there; a failure is not kept."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return entry.get(make)
