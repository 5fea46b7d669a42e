"""Kept drivers: what moved a score, as text until somebody asks for it.

On a grid a publication holds millions of contributions, and a page needs those of one region.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import overload

from models.score import Contribution


class KeptDrivers(Sequence[Contribution]):
    """The contributions of one stored score, read from their text when first asked for.

    Equal to any sequence of the same contributions.

    Args:
        text: What `write_drivers` returned.
    """

    __slots__ = ("_items", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._items: tuple[Contribution, ...] | None = None

    def _read(self) -> tuple[Contribution, ...]:
        if self._items is None:
            self._items = tuple(Contribution(*item) for item in json.loads(self._text))
        return self._items

    @overload
    def __getitem__(self, at: int) -> Contribution: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Contribution, ...]: ...
    def __getitem__(self, at: int | slice) -> Contribution | tuple[Contribution, ...]:
        return self._read()[at]

    def __len__(self) -> int:
        return len(self._read())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._read() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._read())


def write_drivers(drivers: Sequence[Contribution]) -> str:
    """Returns contributions as text, exactly there and back."""
    return json.dumps(
        [[one.feature, one.label, one.value, one.unit, one.log_odds] for one in drivers],
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
