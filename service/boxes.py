"""Bounding boxes in requests: west, south, east, north; degrees, WGS 84."""

from __future__ import annotations

import math

from data.errors import UsageError

Box = tuple[float, float, float, float]


def read_box(text: str) -> Box:
    """Returns the box that `west,south,east,north` names; heights are left out.

    Raises:
        UsageError: The text names none.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # With heights, which a region does not have.
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)) or numbers[1] > numbers[3]:
        raise UsageError(f"'{text}' is no bounding box.", "Write it as west,south,east,north.")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def meets(box: Box, other: Box) -> bool:
    """Returns True if two boxes touch; `box` may cross the antimeridian."""
    west, south, east, north = box
    if other[1] > north or other[3] < south:
        return False
    if west <= east:
        return other[0] <= east and other[2] >= west
    return other[2] >= west or other[0] <= east
