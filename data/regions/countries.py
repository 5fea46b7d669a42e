"""A set of whole countries out of a set of their areas."""

from __future__ import annotations

from collections.abc import Callable

import shapely
from shapely.geometry.base import BaseGeometry

from data.calendar import Step
from data.regions.adjacency import find_neighbours
from data.regions.contract import Region, RegionSet, check_set_name

_GAP_AREA = 0.01
"""Holes smaller than this, square degrees, are gaps between areas that were drawn apart."""


def dissolve_countries(
    name: str,
    areas: RegionSet,
    *,
    step: Step,
    source: str,
    attribution: str,
    name_of: Callable[[str], str],
) -> RegionSet:
    """Returns one region per country of a set: the union of its areas, by ISO alpha-3 code.

    Args:
        name: Name of the new set.
        areas: A set whose regions cover the countries.
        step: Calendar unit of its panel.
        source: Event source that the panel is built from.
        attribution: Who made the shapes and under which licence.
        name_of: Country code to its name for people.

    Raises:
        UsageError: The name cannot name a region set.
    """
    check_set_name(name)
    regions = tuple(
        Region(
            region_id=country,
            name=name_of(country),
            country=country,
            geometry=_unite([area.geometry for area in areas.regions if area.country == country]),
        )
        for country in areas.countries
    )
    return RegionSet(
        name=name,
        kind="country",
        step=step,
        source=source,
        is_schematic=areas.is_schematic,
        attribution=attribution,
        regions=regions,
        neighbours=find_neighbours([region.geometry for region in regions]),
    )


def _unite(shapes: list[BaseGeometry]) -> BaseGeometry:
    united = shapely.union_all([shapely.make_valid(shape) for shape in shapes])
    parts = [
        shapely.Polygon(
            part.exterior,
            [ring for ring in part.interiors if shapely.Polygon(ring).area >= _GAP_AREA],
        )
        for part in shapely.get_parts(united)
        if part.geom_type == "Polygon"
    ]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
