"""Where on the map an event can be: towns, district seats, centroids.

Real sources put events on known places, so that many share a point; so does this world. What is
known less well than the district sits on the centroid of the region or of the country.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from data.regions import RegionSet
from data.simulate.schematic_map import SchematicMap

N_TOWNS = 12
DISTRICTS: tuple[str, ...] = ("West", "Centre", "East")
_BORDER_DEGREES = 0.06
_DECIMALS = 4


@dataclass(frozen=True)
class Places:
    """Points of the map, longitude and latitude in degrees.

    Attributes:
        towns: Shape (n_regions, N_TOWNS, 2), from west to east, well inside the region.
        district_of: Position in `DISTRICTS` per town, shape (N_TOWNS,).
        town_shares: Cumulative share of a region's events per town, shape (n_regions, N_TOWNS).
        regions: A point inside each region, shape (n_regions, 2).
        countries: A point inside each country, shape (n_countries, 2).
    """

    towns: npt.NDArray[np.float64]
    district_of: npt.NDArray[np.int64]
    town_shares: npt.NDArray[np.float64]
    regions: npt.NDArray[np.float64]
    countries: npt.NDArray[np.float64]

    @property
    def district_seats(self) -> npt.NDArray[np.float64]:
        """The middle town of each district, shape (n_regions, n_districts, 2)."""
        n_each = N_TOWNS // len(DISTRICTS)
        return self.towns[:, n_each // 2 :: n_each]


def found_places(schematic: SchematicMap, seed: int) -> Places:
    """Returns the places of a map; the same seed gives the same places."""
    rng = np.random.default_rng([seed, 2])
    regions = schematic.region_set
    towns = np.array(
        [
            _scatter_towns(region.geometry.buffer(-_BORDER_DEGREES), rng)
            for region in regions.regions
        ]
    )
    # A few towns of a region see most of it (Zipf's law).
    weights = 1.0 / (1.0 + rng.permuted(np.tile(np.arange(N_TOWNS), (len(towns), 1)), axis=1))
    return Places(
        towns=towns,
        district_of=np.arange(N_TOWNS) * len(DISTRICTS) // N_TOWNS,
        town_shares=np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1),
        regions=np.round(schematic.centres, _DECIMALS),
        countries=_country_points(regions),
    )


def _scatter_towns(
    interior: shapely.geometry.base.BaseGeometry, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    west, south, east, north = interior.bounds
    found = np.empty((0, 2))
    while len(found) < N_TOWNS:
        points = rng.uniform((west, south), (east, north), (4 * N_TOWNS, 2))
        is_inside = shapely.contains_xy(interior, points[:, 0], points[:, 1])
        found = np.concatenate([found, points[is_inside]])
    towns = found[:N_TOWNS]
    return np.round(towns[np.argsort(towns[:, 0])], _DECIMALS)


def _country_points(region_set: RegionSet) -> npt.NDArray[np.float64]:
    points = []
    for country in region_set.countries:
        shapes = [region.geometry for region in region_set.regions if region.country == country]
        points.append(shapely.union_all(shapes).representative_point().coords[0])
    return np.round(np.array(points), _DECIMALS)
