"""Neighbours from geometry, against a loop over all pairs."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from data.regions import NEIGHBOUR_TOLERANCE_DEGREES, find_neighbours


@pytest.mark.parametrize(
    ("other", "touches"),
    [
        (box(1, 0, 2, 1), True),  # a side in common
        (box(1, 1, 2, 2), True),  # a corner in common
        (box(1.0199, 0, 2, 1), True),  # a gap of the pen
        (box(1.0201, 0, 2, 1), False),
        (box(0.5, 0.5, 2, 2), True),  # an overlap
        (MultiPolygon([box(8, 8, 9, 9), box(0, 1, 1, 2)]), True),  # an island and a part that does
    ],
)
def test_what_touches(other: shapely.Geometry, touches: bool) -> None:
    expected = ((1,), (0,)) if touches else ((), ())
    assert find_neighbours([box(0, 0, 1, 1), other]) == expected


def test_nothing_has_no_neighbours() -> None:
    assert find_neighbours([]) == ()
    assert find_neighbours([box(0, 0, 1, 1)]) == ((),)


corners = st.integers(0, 30).map(lambda n: n / 100)
boxes = st.tuples(corners, corners, st.integers(1, 5), st.integers(1, 5)).map(
    lambda b: box(b[0], b[1], b[0] + b[2] / 100, b[1] + b[3] / 100)
)


@given(st.lists(boxes, max_size=12))
def test_neighbours_are_symmetric_and_complete(shapes: list[shapely.Polygon]) -> None:
    found = find_neighbours(shapes)
    for one, touching in enumerate(found):
        assert list(touching) == sorted(set(touching))
        assert one not in touching
        for other, shape in enumerate(shapes):
            if other == one:
                continue
            distance = shapes[one].distance(shape)
            # Whether an exact 0.02 counts depends on the last bit of the coordinates.
            if abs(distance - NEIGHBOUR_TOLERANCE_DEGREES) > 1e-9:
                assert (other in touching) == (distance < NEIGHBOUR_TOLERANCE_DEGREES)
            assert (other in touching) == (one in found[other])
