"""Which region an event falls in, as far as the source knows where it happened.

A source's point may stand for a village or for a whole country, and says which by its
`where_precision` (UCDP GED):

    1-3   at the place, near it, or in its district: by the point
    4     in the first-order area: by the area's name, else by the point; coarse
    5     along a line or in a vague area: by the point; coarse
    6-7   in the country, in its waters or air: held at country level, in no region

Where regions are smaller than a first-order area (second-order areas, grid cells), the point of a
coarse event says nothing of the region, it is the middle of something larger: 4 and 5 are then held
at country level too. In a set of whole countries, each event goes to its country.

An event never lands in a region of another country than its own. The source says in which country
it happened, and says that with more certainty than where the border runs: a point that lies across
the border, or just outside every region, goes to the nearest region of the event's own country.
Grid cells are the exception: they lie across borders, so an event of any country of the set goes
to the cell that holds it, by the formula of the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.names import plain_words
from data.regions import Region, RegionSet, priogrid_gids

NEAR_DEGREES = 0.5
"""How far from a region of its country an event may lie and still go there, in degrees.

As far as the size of a grid cell: enough for coasts, lakes and borders drawn by another hand.
"""

_BY_NAME = 4
_COARSE_FROM = 4
_AT_COUNTRY_FROM = 6
_SMALL_KINDS = ("admin2", "priogrid")
"""Kinds of regions that are smaller than a first-order area."""

_UNIT_WORDS = frozenset(
    (
        *("region", "province", "district", "department", "state", "county", "governorate"),
        *("prefecture", "departement", "cercle", "gouvernorat", "etat"),
    )
)
_ARTICLES = frozenset(("of", "the", "de", "du", "des", "d", "la", "le", "les", "l"))


@dataclass(frozen=True)
class Placement:
    """Where events are held.

    Attributes:
        region: Position in the region set, int64, shape (n_events,); -1 for none.
        is_coarse: True where the source knows no better than the first-order area or a vague area
            (`where_precision` >= 4), shape (n_events,).
        method: How it was placed, shape (n_events,): `point` (inside the region), `near` (nearest
            region of its country), `name` (by the name of the first-order area), `country` (held
            at country level), `outside` (not in the set: another country, or too far from every
            region of its own).
        n_disagreements: Events placed by their point whose first-order area, by name, is another
            region of the set.
    """

    region: npt.NDArray[np.int64]
    is_coarse: npt.NDArray[np.bool_]
    method: npt.NDArray[np.str_]
    n_disagreements: int


def place_events(events: pd.DataFrame, region_set: RegionSet) -> Placement:
    """Returns where each event is held.

    A point on a border that two regions share goes to the first of them in the set; one on the
    line between two grid cells to the one in the east or north.

    Args:
        events: Columns `data.events.EVENT_COLUMNS`.
        region_set: The regions.
    """
    n_events = len(events)
    countries = pd.Index(region_set.countries, dtype=object)
    country = np.asarray(
        countries.get_indexer(pd.Index(events["country"].to_numpy(dtype=object))), dtype=np.int64
    )
    precision = events["where_precision"].to_numpy(dtype=np.int64)
    is_inside = country >= 0
    region = np.full(n_events, -1, dtype=np.int64)
    method = np.full(n_events, "outside", dtype="<U7")
    at_country_from = _COARSE_FROM if region_set.kind in _SMALL_KINDS else _AT_COUNTRY_FROM
    method[is_inside & (precision >= at_country_from)] = "country"

    named = _find_by_name(events, region_set)
    by_name = is_inside & (precision == _BY_NAME) & (named >= 0) & (precision < at_country_from)
    region[by_name] = named[by_name]
    method[by_name] = "name"

    by_point: npt.NDArray[np.int64] = np.flatnonzero(
        is_inside & (precision < at_country_from) & ~by_name
    )
    points = np.asarray(
        shapely.points(
            events["longitude"].to_numpy(dtype=np.float64)[by_point],
            events["latitude"].to_numpy(dtype=np.float64)[by_point],
        )
    )
    country_of = np.asarray(
        countries.get_indexer(pd.Index([item.country for item in region_set.regions])),
        dtype=np.int64,
    )
    shapes = np.array([item.geometry for item in region_set.regions], dtype=object)
    if region_set.kind == "priogrid":
        country, country_of = np.minimum(country, 0), np.zeros_like(country_of)
        holding = _find_cell(points, region_set)
    else:
        holding = _find_holding(points, country[by_point], shapes, country_of)
    region[by_point] = holding
    method[by_point[holding >= 0]] = "point"

    left: npt.NDArray[np.int64] = np.flatnonzero(holding < 0)
    nearest = _find_nearest(points[left], country[by_point][left], shapes, country_of)
    region[by_point[left]] = nearest
    method[by_point[left[nearest >= 0]]] = "near"

    if region_set.kind == "country":
        held = np.flatnonzero(is_inside & (region < 0))
        region[held], method[held] = _find_country(country[held], country_of), "name"
    is_by_point = (method == "point") | (method == "near")
    return Placement(
        region=region,
        is_coarse=precision >= _COARSE_FROM,
        method=method,
        n_disagreements=int((is_by_point & (named >= 0) & (named != region)).sum()),
    )


def plain_name(text: str) -> str:
    """Returns a name without accents, case, punctuation and a word for its kind.

    English puts that word last ("Mopti region"), French first ("Région de Mopti"). Articles go only
    with it: "La Tapoa" keeps its own.
    """
    words = list(plain_words(text))
    while len(words) > 1 and words[-1] in _UNIT_WORDS:
        words.pop()
    if len(words) > 1 and words[0] in _UNIT_WORDS:
        while len(words) > 1 and words[0] in _UNIT_WORDS | _ARTICLES:
            words.pop(0)
    return " ".join(words)


def _find_country(
    country: npt.NDArray[np.int64], country_of: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Returns the first region of each country of a set of whole countries."""
    numbers, first = np.unique(country_of, return_index=True)
    return np.asarray(first[np.searchsorted(numbers, country)], dtype=np.int64)


def _find_by_name(events: pd.DataFrame, region_set: RegionSet) -> npt.NDArray[np.int64]:
    """Returns the region of the event's country that is named in `admin1`; -1 for none or two."""
    position_of: dict[tuple[str, str], int] = {}
    for position, region in enumerate(region_set.regions):
        key = _name_key(region)
        position_of[key] = -1 if key in position_of else position
    pairs = pd.MultiIndex.from_arrays([events["country"], events["admin1"]])
    codes, unique = pairs.factorize()
    found: list[int] = [
        position_of.get((country, plain_name(name)), -1) for country, name in unique
    ]
    return np.asarray(np.array(found, dtype=np.int64)[codes], dtype=np.int64)


def _name_key(region: Region) -> tuple[str, str]:
    return region.country, plain_name(region.name)


def _find_holding(
    points: npt.NDArray[np.object_],
    country: npt.NDArray[np.int64],
    shapes: npt.NDArray[np.object_],
    country_of: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Returns the first region of its own country that holds each point; -1 for none."""
    holding = np.full(len(points), len(shapes), dtype=np.int64)
    # The tree is over the points, so that shapely prepares each shape once for all of them.
    in_region, of_point = shapely.STRtree(points).query(shapes, predicate="intersects")
    is_own = country_of[in_region] == country[of_point]
    np.minimum.at(holding, of_point[is_own], in_region[is_own])
    holding[holding == len(shapes)] = -1
    return holding


def _find_cell(points: npt.NDArray[np.object_], region_set: RegionSet) -> npt.NDArray[np.int64]:
    """Returns the grid cell of each point; -1 if it is not in the set."""
    gids = priogrid_gids(shapely.get_x(points), shapely.get_y(points))
    cells = pd.Index([int(region_id) for region_id in region_set.region_ids])
    return np.asarray(cells.get_indexer(pd.Index(gids)), dtype=np.int64)


def _find_nearest(
    points: npt.NDArray[np.object_],
    country: npt.NDArray[np.int64],
    shapes: npt.NDArray[np.object_],
    country_of: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Returns the nearest region of its own country within `NEAR_DEGREES`; -1 for none."""
    nearest = np.full(len(points), len(shapes), dtype=np.int64)
    for number in np.unique(country).tolist():
        own = np.flatnonzero(country_of == number)
        here = np.flatnonzero(country == number)
        of_point, in_region = shapely.STRtree(shapes[own]).query_nearest(
            points[here], max_distance=NEAR_DEGREES, all_matches=True
        )
        np.minimum.at(nearest, here[of_point], own[in_region])
    nearest[nearest == len(shapes)] = -1
    return nearest
