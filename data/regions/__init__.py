"""Region sets: the units that are scored, where they lie, and which of them touch.

Owns the region contract, GeoJSON region files, PRIO-GRID cells, neighbours, and how a set is
stored. Does not own which event falls in which region (`data.placement`).
May import: `data.calendar`, `data.database`, `data.errors`, `data.tables`; shapely, SQLAlchemy.

Where to go:
    what a region is                  contract.py
    reading a region file             geojson.py
    grid cells by formula             priogrid.py
    which regions are neighbours      adjacency.py
    what became of redrawn regions    crosswalk.py
    borders of before                 editions.py
    whole countries out of areas      countries.py
    ISO country codes                 iso_countries.py
    saving and loading                storage.py
"""

from __future__ import annotations

from data.regions.adjacency import NEIGHBOUR_TOLERANCE_DEGREES, find_neighbours
from data.regions.contract import Region, RegionKind, RegionSet, RegionSetHead, digest_shapes
from data.regions.countries import dissolve_countries
from data.regions.crosswalk import Crosswalk, weigh_crosswalk
from data.regions.editions import list_editions, load_edition, trace_lines
from data.regions.geojson import read_region_file
from data.regions.priogrid import (
    priogrid_cell,
    priogrid_centroid,
    priogrid_gid,
    priogrid_gids,
    priogrid_regions,
)
from data.regions.storage import (
    list_region_sets,
    list_set_heads,
    list_set_names,
    load_region_set,
    save_region_set,
)

__all__ = [
    "NEIGHBOUR_TOLERANCE_DEGREES",
    "Crosswalk",
    "Region",
    "RegionKind",
    "RegionSet",
    "RegionSetHead",
    "digest_shapes",
    "dissolve_countries",
    "find_neighbours",
    "list_editions",
    "list_region_sets",
    "list_set_heads",
    "list_set_names",
    "load_edition",
    "load_region_set",
    "priogrid_cell",
    "priogrid_centroid",
    "priogrid_gid",
    "priogrid_gids",
    "priogrid_regions",
    "read_region_file",
    "save_region_set",
    "trace_lines",
    "weigh_crosswalk",
]
