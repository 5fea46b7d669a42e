"""Which regions an area lies in, by P-code.

P-codes are nested: the code of a district begins with that of its region. Where a set has one
region of a country, everything in the country lies in it. Any other code is looked up as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data.regions import RegionSet
from data.regions.iso_countries import to_alpha3


def find_regions_of_areas(
    places: Sequence[str], countries: Sequence[str], region_set: RegionSet
) -> npt.NDArray[np.int64]:
    """Returns the region that holds each area, shape (n_areas,); -1 if none does.

    An area that is larger than any region, as a province is for a set of districts, is in none.

    Args:
        places: P-code or region identifier; empty for the whole country.
        countries: ISO alpha-3 code of each.
        region_set: The regions.
    """
    members: dict[str, list[int]] = {}
    for position, region in enumerate(region_set.regions):
        members.setdefault(region.country, []).append(position)
    position_of = {region_id: at for at, region_id in enumerate(region_set.region_ids)}
    return np.array(
        [
            _find_region(place, members.get(country, []), position_of, region_set)
            for place, country in zip(places, countries, strict=True)
        ],
        np.int64,
    )


def find_regions_touched(place: str, country: str, region_set: RegionSet) -> list[int]:
    """Returns the regions that lie in an area or hold it: all of the country if it has no code."""
    own = [at for at, region in enumerate(region_set.regions) if region.country == country]
    if not place:
        return own
    inside = [at for at in own if is_inside(region_set.region_ids[at], place)]
    if inside:
        return inside
    holding = int(find_regions_of_areas([place], [country], region_set)[0])
    return [holding] if holding >= 0 else []


def is_inside(place: str, area: str) -> bool:
    """Returns if one code is another, or a P-code within that of another."""
    if place == area:
        return True
    is_pcode = area[:2].isalpha() and to_alpha3(area[:2]) is not None and area[2:].isdigit()
    return is_pcode and place.startswith(area) and place[len(area) :].isdigit()


def _find_region(
    place: str, own: list[int], position_of: dict[str, int], region_set: RegionSet
) -> int:
    if len(own) == 1:
        return own[0]
    if place in position_of:
        return position_of[place]
    holding = [at for at in own if is_inside(place, region_set.region_ids[at])]
    return max(holding, key=lambda at: len(region_set.region_ids[at]), default=-1)
