"""The map: the outline of each region as a path, drawn once per publication.

The projection is plate carrée, true to scale at the set's middle latitude, which needs no rule on
the winding of rings. Outlines are thinned to about half a unit of the picture as a coverage, so
that neighbours keep their common border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from data.regions import RegionSet
from service.web.svg import draw_svg

WIDTH = 800
"""Width of the map in its own units."""
_MOST_HEIGHT = 1000
_MARGIN = 6
_TOLERANCE = 0.8
_SMALL_ROOM = 4.0


@dataclass(frozen=True)
class Shape:
    """One region on the map.

    Attributes:
        path: SVG path data.
        x: Middle of the largest circle inside the region.
        y: The same, downwards.
        room: Radius of that circle: what a label has.
    """

    path: str
    x: float
    y: float
    room: float


@dataclass(frozen=True)
class MapShapes:
    """All regions of a set, in one system of units.

    Attributes:
        width: Width of the picture.
        height: Height of the picture.
        shapes: One per region, in the set's order.
        borders: Path data of each country's outline.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    borders: tuple[str, ...]

    @cached_property
    def dot_below(self) -> float:
        """Room below which a region gets a dot, so that it can be seen and clicked.

        0 where most regions are that small, as on a grid: their dots would cover one another.
        """
        middle = float(np.median([shape.room for shape in self.shapes]))
        return 0.0 if middle < _SMALL_ROOM else _SMALL_ROOM

    @property
    def view_box(self) -> str:
        """The `viewBox` of the whole map."""
        return f"0 0 {self.width:g} {self.height:g}"


def draw_shapes(region_set: RegionSet) -> MapShapes:
    """Returns the outlines of a region set, at least one region."""
    flat, height = _flatten([region.geometry for region in region_set.regions])
    outlines = _thin(flat)
    borders = _outline_countries(region_set, outlines)
    paths = _paths([*outlines, *borders], height)
    circles = shapely.maximum_inscribed_circle(np.asarray(outlines, dtype=object), 1.0)
    shapes = []
    for path, circle in zip(paths, circles, strict=False):
        (x, y), _ = shapely.get_coordinates(circle)
        shapes.append(Shape(path, float(x), float(y), float(shapely.length(circle))))
    return MapShapes(WIDTH, height, tuple(shapes), tuple(paths[len(outlines) :]))


def _flatten(geometries: Sequence[BaseGeometry]) -> tuple[list[BaseGeometry], float]:
    """Returns the geometries in units of the picture (y downwards), and the picture's height."""
    west, south, east, north = shapely.total_bounds(np.asarray(geometries, dtype=object))
    shrink = np.cos(np.radians((south + north) / 2))
    span_x = max((east - west) * shrink, 1e-9)
    span_y = max(north - south, 1e-9)
    scale = min((WIDTH - 2 * _MARGIN) / span_x, (_MOST_HEIGHT - 2 * _MARGIN) / span_y)
    left = (WIDTH - span_x * scale) / 2

    def place(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x = left + (points[:, 0] - west) * shrink * scale
        y = _MARGIN + (north - points[:, 1]) * scale
        return np.column_stack([x, y])

    height = float(np.ceil(span_y * scale + 2 * _MARGIN))
    return [shapely.transform(geometry, place) for geometry in geometries], height


def _thin(outlines: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    thinned: Sequence[BaseGeometry]
    try:
        thinned = shapely.coverage_simplify(np.asarray(outlines, dtype=object), _TOLERANCE).tolist()
    except shapely.errors.GEOSException:
        # Shapes that are no coverage at all are drawn in full.
        thinned = outlines
    # A sliver can vanish; the region must still be there to be clicked.
    return [new if not new.is_empty else old for new, old in zip(thinned, outlines, strict=True)]


def _outline_countries(
    region_set: RegionSet, outlines: Sequence[BaseGeometry]
) -> list[BaseGeometry]:
    valid = shapely.make_valid(np.asarray(outlines, dtype=object))
    countries = np.array([region.country for region in region_set.regions])
    return [shapely.union_all(valid[countries == country]) for country in region_set.countries]


def _paths(outlines: Sequence[BaseGeometry], height: float) -> list[str]:
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": {"place": place},
            "geometry": mapping(shapely.transform(outline, _round)),
        }
        for place, outline in enumerate(outlines)
    ]
    chart = (
        alt.Chart(alt.InlineData(values=[]))
        .mark_geoshape()
        .encode(description=alt.Description("properties.place:N"))
        .project(type="identity", scale=1, translate=[0, 0])
        .properties(width=WIDTH, height=height, padding=0)
    )
    # Added here, because to check every point of a grid takes longer than to draw it.
    root = draw_svg({**chart.to_dict(), "data": {"values": features}})
    drawn = {
        int(element.get("aria-label", "")): element.get("d", "")
        for element in root.iter("{http://www.w3.org/2000/svg}path")
        if element.get("aria-roledescription") == "geoshape"
    }
    return [drawn[place] for place in range(len(outlines))]


def _round(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return points.round(1)
