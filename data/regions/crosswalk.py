"""A weighted crosswalk: how much of each old region lies in each new one, after a redraw.

Shares are of area, in an equal-area projection (Lambert's cylindrical: the sine of the latitude),
since neither people nor events are known per sliver. Events need none of this: they are placed by
their points anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from data.errors import UsageError
from data.regions.contract import RegionSet

_SLIVER = 0.005
"""Shares below this are differences between two hands that drew the same border, unless they are
most of the new region: a capital that was cut out of its region."""

_MOST = 0.5
"""A region goes on in one that holds so much of it."""


@dataclass(frozen=True)
class Crosswalk:
    """Weights from old regions to new ones.

    Attributes:
        old: Identifiers of the old regions, shape (n_old,).
        new: Identifiers of the new regions, shape (n_new,).
        weights: Share of each old region that lies in each new one, shape (n_old, n_new); a row
            sums to 1, or to 0 if less than half of the old region lies in any new one.
        areas: Area of each old region as a share of the globe's, shape (n_old,).
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    weights: npt.NDArray[np.float64]
    areas: npt.NDArray[np.float64]

    @property
    def successors(self) -> dict[str, str]:
        """For each old region that has any, the new one that holds most of it."""
        found = self.weights.argmax(axis=1).tolist()
        return {
            region_id: self.new[position]
            for row, (region_id, position) in enumerate(zip(self.old, found, strict=True))
            if self.weights[row, position] > 0
        }

    @property
    def lines(self) -> dict[str, str]:
        """For each old region that goes on, the new one that continues it; no new one twice.

        A region goes on in the one that holds at least half of it (>=). Of several old ones that
        were merged, the one goes on whose identifier was kept, else the largest.
        """
        claims: dict[int, list[int]] = {}
        for row, column in zip(*np.nonzero(self.weights >= _MOST), strict=True):
            claims.setdefault(int(column), []).append(int(row))
        heirs: dict[int, int] = {}
        for column, rows in sorted(claims.items()):
            chosen = max(
                rows,
                key=lambda row: (
                    self.old[row] == self.new[column],
                    self.areas[row] * self.weights[row, column],
                    -row,
                ),
            )
            known = heirs.get(chosen)
            # Two halves: the one with the identifier of the whole continues it, else the first.
            if known is None or self.new[column] == self.old[chosen]:
                heirs[chosen] = column
        return {self.old[row]: self.new[column] for row, column in sorted(heirs.items())}

    def successors_of(self, region_id: str) -> tuple[str, ...]:
        """Returns the new regions that hold a part of an old one, the largest part first."""
        shares = self.weights[self.old.index(region_id)]
        order = sorted(np.flatnonzero(shares > 0).tolist(), key=lambda place: -shares[place])
        return tuple(self.new[place] for place in order)

    def carry_over(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Returns sums of old regions as sums of new ones.

        Args:
            values: Additive amounts (events, deaths, persons), shape (n_periods, n_old), NaN where
                not known.

        Returns:
            Shape (n_periods, n_new); NaN where an old region with a share in the new one is not
            known, or where there is no such region.
        """
        is_known = np.isfinite(values)
        sums = np.where(is_known, values, 0.0) @ self.weights
        has_gap = (~is_known).astype(np.float64) @ self.weights > 0
        return np.where(has_gap | (self.weights.sum(axis=0) == 0), np.nan, sums)


def weigh_crosswalk(old: RegionSet, new: RegionSet) -> Crosswalk:
    """Returns the crosswalk from one region set to another of the same countries.

    Raises:
        UsageError: The sets have no country in common.
    """
    if set(old.countries).isdisjoint(new.countries):
        raise UsageError(
            f"'{old.name}' and '{new.name}' have no country in common.",
            "Give two sets of the same countries.",
        )
    before = _project(old)
    after = _project(new)
    tree = shapely.STRtree(after)
    of_old, of_new = tree.query(before, predicate="intersects")
    shared = shapely.area(shapely.intersection(before[of_old], after[of_new]))
    weights = np.zeros((len(before), len(after)))
    share_of_old = shared / shapely.area(before)[of_old]
    covered = np.bincount(of_old, weights=share_of_old, minlength=len(before))[:, np.newaxis]
    is_real = (share_of_old >= _SLIVER) | (shared / shapely.area(after)[of_new] >= _MOST)
    weights[of_old[is_real], of_new[is_real]] = share_of_old[is_real]
    total = weights.sum(axis=1, keepdims=True)
    is_held = (covered >= _MOST) & (total > 0)
    return Crosswalk(
        old.region_ids,
        new.region_ids,
        np.where(is_held, weights / np.where(total > 0, total, 1), 0.0),
        np.asarray(shapely.area(before) / (4 * np.pi), dtype=np.float64),
    )


def _project(region_set: RegionSet) -> npt.NDArray[np.object_]:
    shapes = np.array([region.geometry for region in region_set.regions], dtype=object)
    projected = shapely.transform(
        shapes,
        lambda points: np.column_stack(
            [np.radians(points[:, 0]), np.sin(np.radians(points[:, 1]))]
        ),
    )
    return np.asarray(shapely.make_valid(projected), dtype=object)
