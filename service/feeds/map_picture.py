"""The map of a bulletin as SVG: plain paths, one colour a level, no text and no script.

Degrees are drawn as they are, east to west shortened by the cosine of the middle latitude
(equirectangular, true along that parallel).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
import shapely

from data.regions import RegionSet
from service.feeds.palette import MISSING

WIDTH = 1000
_TOLERANCE = 0.0015
"""Corners may move by this share of the map's width."""


def draw_map(
    region_set: RegionSet, colours: Mapping[str, str], outlined: Collection[str] = ()
) -> str:
    """Returns the regions as SVG, as wide as 1000 units.

    Args:
        region_set: The regions with their shapes.
        colours: Region to colour, `#rrggbb`; a region that is not in it is grey.
        outlined: Regions with a dark outline.
    """
    shapes = [region.geometry for region in region_set.regions]
    west, south, east, north = shapely.total_bounds(shapes)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = WIDTH / max((east - west) * shrink, 1e-9)
    height = max(round((north - south) * scale), 1)
    simple = shapely.simplify(shapes, (east - west) * _TOLERANCE, preserve_topology=True)

    def place(points: np.ndarray) -> np.ndarray:
        placed = np.column_stack(
            ((points[:, 0] - west) * shrink * scale, (north - points[:, 1]) * scale)
        )
        return placed.round(1)

    paths: dict[str, list[str]] = {}
    outlines: list[str] = []
    for region, geometry in zip(region_set.regions, simple, strict=True):
        colour = colours.get(region.region_id, MISSING)
        for part in shapely.get_parts(geometry):
            for ring in shapely.get_rings(part):
                written = _write_ring(place(shapely.get_coordinates(ring)))
                paths.setdefault(colour, []).append(written)
                if region.region_id in outlined:
                    outlines.append(written)
    drawn = "".join(
        f'<path d="{"".join(rings)}" fill="{colour}" fill-rule="evenodd"/>'
        for colour, rings in sorted(paths.items())
    )
    if outlines:
        drawn += f'<path d="{"".join(outlines)}" fill="none" stroke="#111111" stroke-width="4"/>'
    stroke = 'stroke="#555555" stroke-width="1" stroke-linejoin="round"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">'
        f"<g {stroke}>{drawn}</g></svg>"
    )


def _write_ring(points: np.ndarray) -> str:
    corners = (f"{x:g} {y:g}" for x, y in points[:-1])
    return f"M{'L'.join(corners)}Z"
