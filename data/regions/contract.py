"""Region sets: the units that are scored, with their geometry and neighbours."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shapely.geometry.base import BaseGeometry

from data.calendar import Step
from data.errors import UsageError

RegionKind = Literal["admin1", "admin2", "priogrid", "country", "custom"]


@dataclass(frozen=True)
class Region:
    """One unit of analysis.

    Attributes:
        region_id: Identifier, unique in its set; a P-code where there is one.
        name: Name for people.
        country: ISO 3166-1 alpha-3 code.
        geometry: Polygon or MultiPolygon, WGS 84, (longitude, latitude).
        parent: Identifier of the area that it is part of, e.g. the P-code of its first-order area;
            None if that is not said.
        valid_from: First day on which it existed in these borders; None if that is not said.
        valid_to: Last day, included; None if it still does, or that is not said.
    """

    region_id: str
    name: str
    country: str
    geometry: BaseGeometry
    parent: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class RegionSetHead:
    """A region set without its regions.

    Attributes:
        name: The set's name, e.g. `sahel`.
        kind: What a region of it is.
        step: Calendar unit of its panel.
        source: Name of the event source that its panel is built from.
        is_schematic: True if the shapes are computed, not surveyed.
        attribution: Who made the shapes and under which licence.
    """

    name: str
    kind: RegionKind
    step: Step
    source: str
    is_schematic: bool
    attribution: str


@dataclass(frozen=True)
class RegionSet(RegionSetHead):
    """Regions that are scored together, in a fixed order.

    Attributes:
        regions: The regions; their index is their position in every array.
        neighbours: For each region the sorted positions of the regions that it touches.
    """

    regions: tuple[Region, ...]
    neighbours: tuple[tuple[int, ...], ...]

    @property
    def region_ids(self) -> tuple[str, ...]:
        """Identifiers in array order."""
        return tuple(region.region_id for region in self.regions)

    @property
    def countries(self) -> tuple[str, ...]:
        """Sorted ISO alpha-3 codes of the countries that the set touches."""
        return tuple(sorted({region.country for region in self.regions}))


def digest_shapes(region_set: RegionSet) -> str:
    """Returns 16 hexadecimal digits that stand for the identifiers and shapes of a set."""
    digest = hashlib.sha256()
    for region in region_set.regions:
        digest.update(region.region_id.encode() + b"\0" + region.geometry.wkb)
    return digest.hexdigest()[:16]


def check_set_name(name: str) -> None:
    """Does nothing if `name` can name a region set: it becomes part of web addresses.

    Raises:
        UsageError: It cannot.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name) is None:
        raise UsageError(
            f"'{name}' cannot name a region set.",
            "Use up to 64 small letters, digits, '-' and '_', beginning with a letter or digit.",
        )
