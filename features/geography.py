"""Geography of a panel: which regions belong together, and how far they lie apart.

Everything here depends on the regions alone, not on what happened; it is computed when first asked
for and kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.spatial import cKDTree

from data.panel import Panel
from features.spatial import Links, group_matrix, rows_of

Group: TypeAlias = Literal["neighbours", "nearby"]

EARTH_RADIUS_KM = 6371.0088
NEARBY_KM = 400.0
NEARBY_SCALE_KM = 100.0


_KEPT = 4
"""Geographies that are kept: a backtest and a service go through panels of a few region sets."""


class Geography:
    """Links, countries and distances of a panel's regions.

    Args:
        panel: The panel.
    """

    def __init__(self, panel: Panel) -> None:
        # Without what happened: a geography outlives the panel that it was first asked for.
        nothing = np.empty((0, len(panel.region_ids)), np.bool_)
        self._panel = replace(panel, values={}, known=nothing, country_values={}, actors=None)
        self._n_regions = len(panel.region_ids)
        self._reverse: dict[Group, Links] = {}

    def is_of(self, panel: Panel) -> bool:
        """Returns whether a panel has these very regions: the same tuples and arrays."""
        return all(
            getattr(self._panel, name) is getattr(panel, name)
            for name in ("neighbours", "countries", "country_of", "centres", "capitals")
        )

    def links(self, group: Group) -> Links:
        """Returns the weights by which regions belong to each region, (n_regions, n_regions)."""
        return self.neighbours if group == "neighbours" else self.nearby

    def seen_from(self, group: Group, regions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Returns the regions to which any of some regions belong, sorted."""
        if group not in self._reverse:
            self._reverse[group] = self.links(group).T.tocsr()
        reverse = self._reverse[group]
        is_seeing = np.zeros(self._n_regions, np.bool_)
        is_seeing[reverse.indices[rows_of(reverse, regions)[0]]] = True
        return np.flatnonzero(is_seeing).astype(np.int64, copy=False)

    @cached_property
    def neighbours(self) -> Links:
        """Ones for the regions that touch each region, float32."""
        return group_matrix(self._panel.neighbours, self._n_regions)

    @cached_property
    def neighbour_table(self) -> npt.NDArray[np.int64]:
        """The first, second, third … neighbour of each region, in the order of `neighbours`.

        Shape (n_ranks, n_regions), n_ranks >= 1; -1 where a region has fewer.
        """
        links = self.neighbours
        sizes = np.diff(links.indptr)
        table = np.full((self._n_regions, max(1, *sizes.tolist())), -1, np.int64)
        table[np.arange(table.shape[1]) < sizes[:, None]] = links.indices
        return table.T.copy()

    @cached_property
    def nearby(self) -> Links:
        """Weights exp(-km / 100) of all other regions with a centre within 400 km, float32.

        Empty rows without centres.
        """
        shape = (self._n_regions, self._n_regions)
        if self._panel.centres is None:
            return group_matrix([()] * self._n_regions, self._n_regions)
        points = unit_vectors(self._panel.centres)
        chord = 2 * np.sin(NEARBY_KM / EARTH_RADIUS_KM / 2)
        pairs = cKDTree(points).query_pairs(chord, output_type="ndarray")
        lengths = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
        km = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(lengths / 2, 1))
        weights = np.exp(-km / NEARBY_SCALE_KM).astype(np.float32)
        one, other = pairs.T
        matrix: Links = sparse.coo_array(
            (
                np.concatenate([weights, weights]),
                (np.concatenate([one, other]), np.concatenate([other, one])),
            ),
            shape=shape,
        ).tocsr()
        matrix.sort_indices()
        return matrix

    @cached_property
    def by_country(self) -> slice | npt.NDArray[np.int64]:
        """Positions of all regions, country by country: an index of shape (n_regions,)."""
        country_of = self._panel.country_of
        if (country_of[1:] >= country_of[:-1]).all():
            # They stand so already: a view does.
            return slice(None)
        return np.argsort(country_of, kind="stable").astype(np.int64)

    @cached_property
    def country_starts(self) -> npt.NDArray[np.int64]:
        """Where each country begins in `by_country`, shape (n_countries,)."""
        n_countries = len(self._panel.countries)
        counts = np.bincount(self._panel.country_of, minlength=n_countries)
        return np.cumsum(counts).astype(np.int64) - counts

    @cached_property
    def points(self) -> npt.NDArray[np.float64]:
        """Centres as unit vectors, shape (n_regions, 3); NaN without centres."""
        if self._panel.centres is None:
            return np.full((self._n_regions, 3), np.nan)
        return unit_vectors(self._panel.centres)

    @cached_property
    def capital_points(self) -> npt.NDArray[np.float64]:
        """Capitals as unit vectors, shape (n_countries, 3); NaN where not given."""
        if self._panel.capitals is None:
            return np.full((len(self._panel.countries), 3), np.nan)
        return unit_vectors(self._panel.capitals)

    @cached_property
    def capital_km(self) -> npt.NDArray[np.float32]:
        """Distance of each region's centre from its capital, km, shape (n_regions,)."""
        capitals = self.capital_points[self._panel.country_of]
        return distance_km(self.points, capitals).astype(np.float32)

    @cached_property
    def is_border(self) -> npt.NDArray[np.float32]:
        """1 where a neighbour belongs to another country, else 0, shape (n_regions,)."""
        country_of = self._panel.country_of
        touches = [
            any(country_of[other] != country_of[region] for other in near)
            for region, near in enumerate(self._panel.neighbours)
        ]
        return np.array(touches, np.float32)


_kept: deque[Geography] = deque(maxlen=_KEPT)


def geography_of(panel: Panel) -> Geography:
    """Returns the geography of a panel: the one that is kept if it has been asked for lately."""
    for kept in tuple(_kept):
        if kept.is_of(panel):
            return kept
    found = Geography(panel)
    _kept.append(found)
    return found


def unit_vectors(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns points on the unit sphere of longitudes and latitudes, shape (n_points, 3)."""
    longitude, latitude = np.radians(np.asarray(degrees, np.float64)).T
    flat = np.cos(latitude)
    return np.stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)], axis=1)


def distance_km(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns great-circle distances of vectors of any length, last axis 3, km."""
    across = np.sqrt((np.cross(first, second) ** 2).sum(axis=-1))
    along = (first * second).sum(axis=-1)
    return np.asarray(EARTH_RADIUS_KM * np.arctan2(across, along), np.float64)
