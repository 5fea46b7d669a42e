"""PRIO-GRID: the world in cells of half a degree, numbered by formula.

Tollefsen, Strand & Buhaug (2012), "PRIO-GRID: A unified spatial data structure", Journal of Peace
Research 49(2), doi:10.1177/0022343311431287. Cell 1 has its south-west corner at 180° W, 90° S;
numbers run east, then north, 720 to a row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon
from shapely.geometry import box as make_box

from data.calendar import Step
from data.errors import UsageError
from data.regions.adjacency import find_neighbours
from data.regions.contract import Region, RegionSet, check_set_name

_SIZE_DEGREES = 0.5
_N_COLUMNS = 720
_N_ROWS = 360


def priogrid_gid(longitude: float, latitude: float) -> int:
    """Returns the number of the cell that holds a point; a border belongs to the east and north.

    Args:
        longitude: Degrees, -180 to 180; 180 itself is the meridian of -180.
        latitude: Degrees, -90 to 90; the pole belongs to the northernmost row.

    Raises:
        UsageError: The point does not lie on the globe.
    """
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise UsageError(f"There is no cell at longitude {longitude}, latitude {latitude}.")
    # Just west of 180 the sum rounds up to 360: that is the last column, 180 itself the first.
    column = 0 if longitude == 180 else min(_steps_from(-180, longitude), _N_COLUMNS - 1)
    row = min(_steps_from(-90, latitude), _N_ROWS - 1)
    return row * _N_COLUMNS + column + 1


def priogrid_gids(
    longitude: npt.NDArray[np.float64], latitude: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Returns `priogrid_gid` of many points on the globe, shape (n_points,)."""
    column = np.floor((longitude + 180) / _SIZE_DEGREES).astype(np.int64)
    column = np.where(longitude == 180, 0, np.minimum(column, _N_COLUMNS - 1))
    row = np.minimum(np.floor((latitude + 90) / _SIZE_DEGREES).astype(np.int64), _N_ROWS - 1)
    return np.asarray(row * _N_COLUMNS + column + 1, dtype=np.int64)


def priogrid_cell(gid: int) -> Polygon:
    """Returns the square of a cell, WGS 84.

    Raises:
        UsageError: There is no cell of that number.
    """
    west, south = _corner(gid)
    return make_box(west, south, west + _SIZE_DEGREES, south + _SIZE_DEGREES)


def priogrid_centroid(gid: int) -> tuple[float, float]:
    """Returns the longitude and latitude of the middle of a cell, degrees.

    Raises:
        UsageError: There is no cell of that number.
    """
    west, south = _corner(gid)
    return west + _SIZE_DEGREES / 2, south + _SIZE_DEGREES / 2


def priogrid_regions(
    name: str,
    areas: RegionSet | Mapping[int, str],
    *,
    bbox: tuple[float, float, float, float] | None = None,
    step: Step = "month",
    source: str = "ged",
    attribution: str = "PRIO-GRID cells, computed",
) -> RegionSet:
    """Returns a region set of grid cells.

    Args:
        name: Name of the new set.
        areas: Either the cells themselves, number to ISO alpha-3 code of the country, or a region
            set to cover: every cell that overlaps one of its regions is taken, and belongs to the
            country that fills most of it (the first by code if two fill the same). Cells that
            overlap none of the regions are not in the set.
        bbox: Only cells whose middle lies in west, south, east, north, degrees.
        step: Calendar unit of the panel.
        source: Event source that the panel is built from.
        attribution: Credit for the shapes behind the set.

    Raises:
        UsageError: No cell is left, or the name, a number or the bounding box is impossible.
    """
    check_set_name(name)
    country_of = _countries_of_cells(areas) if isinstance(areas, RegionSet) else dict(areas)
    if bbox is not None:
        west, south, east, north = bbox
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise UsageError(
                f"The box {bbox} is impossible.", "Give west, south, east, north in degrees."
            )
        country_of = {
            gid: country
            for gid, country in country_of.items()
            if west <= priogrid_centroid(gid)[0] <= east
            and south <= priogrid_centroid(gid)[1] <= north
        }
    if not country_of:
        raise UsageError(f"The grid set '{name}' would hold no cell.")
    regions = sorted(
        (
            Region(str(gid), f"Cell {gid}", country, priogrid_cell(gid))
            for gid, country in country_of.items()
        ),
        key=lambda region: region.region_id,
    )
    return RegionSet(
        name=name,
        kind="priogrid",
        step=step,
        source=source,
        is_schematic=isinstance(areas, RegionSet) and areas.is_schematic,
        attribution=attribution,
        regions=tuple(regions),
        neighbours=find_neighbours([region.geometry for region in regions]),
    )


def _steps_from(origin: float, degrees: float) -> int:
    return math.floor((degrees - origin) / _SIZE_DEGREES)


def _corner(gid: int) -> tuple[float, float]:
    if not 1 <= gid <= _N_COLUMNS * _N_ROWS:
        raise UsageError(f"There is no PRIO-GRID cell {gid}.", "Cells are numbered 1 to 259200.")
    row, column = divmod(gid - 1, _N_COLUMNS)
    return column * _SIZE_DEGREES - 180, row * _SIZE_DEGREES - 90


def _countries_of_cells(areas: RegionSet) -> dict[int, str]:
    shapes = np.array([region.geometry for region in areas.regions], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes)
    columns = range(
        math.floor((west + 180) / _SIZE_DEGREES),
        min(math.floor((east + 180) / _SIZE_DEGREES) + 1, _N_COLUMNS),
    )
    rows = range(
        math.floor((south + 90) / _SIZE_DEGREES),
        min(math.floor((north + 90) / _SIZE_DEGREES) + 1, _N_ROWS),
    )
    gids = [row * _N_COLUMNS + column + 1 for row in rows for column in columns]
    cells = np.array([priogrid_cell(gid) for gid in gids], dtype=object)
    in_cell, in_area = shapely.STRtree(shapes).query(cells, predicate="intersects")
    overlap = shapely.area(shapely.intersection(cells[in_cell], shapes[in_area]))
    shares: dict[int, dict[str, float]] = {}
    for cell, area, size in zip(in_cell.tolist(), in_area.tolist(), overlap.tolist(), strict=True):
        if size > 0:
            of_cell = shares.setdefault(gids[cell], {})
            country = areas.regions[area].country
            of_cell[country] = of_cell.get(country, 0.0) + size
    return {
        gid: min(of_cell, key=lambda country: (-of_cell[country], country))
        for gid, of_cell in shares.items()
    }
