"""Which regions of a set are neighbours, from their shapes alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

NEIGHBOUR_TOLERANCE_DEGREES = 0.02
"""Gap up to which two regions count as touching, in degrees (0.02° is at most 2.2 km).

Borders digitised one country or one area at a time do not match exactly. In first-order areas of
14 West African countries (Natural Earth) the gaps between areas that do share a border are up to
0.0175° wide; the first pairs that are truly apart follow at about 0.023°.
"""


def find_neighbours(geometries: Sequence[BaseGeometry]) -> tuple[tuple[int, ...], ...]:
    """Returns for each shape the sorted positions of those that it touches.

    Shapes within `NEIGHBOUR_TOLERANCE_DEGREES` of each other touch (`<=`), so those that share
    only a corner do: violence crosses at a point where three borders meet as it does along them,
    and a grid cell has the usual eight neighbours. Country makes no difference. A shape is never
    its own neighbour. Shapes on the two sides of the antimeridian do not meet.

    Args:
        geometries: Polygons or MultiPolygons in WGS 84.
    """
    if not geometries:
        return ()
    shapes = np.array(geometries, dtype=object)
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="dwithin", distance=NEIGHBOUR_TOLERANCE_DEGREES)
    touching: list[set[int]] = [set() for _ in geometries]
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        if one != other:
            touching[one].add(other)
            touching[other].add(one)
    return tuple(tuple(sorted(positions)) for positions in touching)
