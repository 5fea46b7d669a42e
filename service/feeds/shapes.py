"""Shapes as RFC 7946 wants them: right-hand rule, six decimals, closed rings."""

from __future__ import annotations

from typing import Any

import shapely
from shapely.errors import GEOSException
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from data.errors import StateError
from service.feeds.facts import DIGITS

Position = list[float]


def write_shape(geometry: BaseGeometry) -> tuple[dict[str, Any], list[float]]:
    """Returns a GeoJSON geometry and its bounding box `[west, south, east, north]`.

    Args:
        geometry: Polygon or MultiPolygon, WGS 84, (longitude, latitude).

    Raises:
        StateError: It is neither.
    """
    polygons = [_write_polygon(polygon) for polygon in _polygons_of(_snap(geometry))]
    if not polygons:
        raise StateError(f"A region is a {geometry.geom_type} without area, which is no shape.")
    positions = [position for rings in polygons for ring in rings for position in ring]
    bounds = [
        min(position[0] for position in positions),
        min(position[1] for position in positions),
        max(position[0] for position in positions),
        max(position[1] for position in positions),
    ]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}, bounds
    return {"type": "MultiPolygon", "coordinates": polygons}, bounds


def _snap(geometry: BaseGeometry) -> BaseGeometry:
    """Moves corners to the decimals of a feed and keeps the shape valid.

    A shape too small for that, or one that is not valid, stays as it is: its corners are then
    rounded one by one.
    """
    try:
        snapped: BaseGeometry = shapely.set_precision(geometry, 10.0**-DIGITS)
    except GEOSException:
        return geometry
    return snapped if _polygons_of(snapped) else geometry


def _polygons_of(geometry: BaseGeometry) -> list[Polygon]:
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    if isinstance(geometry, MultiPolygon):
        return [polygon for polygon in geometry.geoms if not polygon.is_empty]
    return []


def _write_polygon(polygon: Polygon) -> list[list[Position]]:
    # Counterclockwise outside, clockwise holes: section 3.1.6 of RFC 7946.
    turned = orient(polygon, 1.0)
    return [_write_ring(ring) for ring in (turned.exterior, *turned.interiors)]


def _write_ring(ring: BaseGeometry) -> list[Position]:
    return [[round(x, DIGITS) + 0.0, round(y, DIGITS) + 0.0] for x, y, *_ in ring.coords]
