"""A schematic map: regions of three invented countries, whose shapes are computed from a seed.

No border of it is copied from anywhere. Seed points in a superellipse are spread by Lloyd's
relaxation, denser in the south as people are; their Voronoi cells are the regions. Countries grow
from three of them, region by region, so that each is in one piece. At last a smooth one-to-one
warp bends all borders at once, each border being one line that both sides share: there is neither
gap nor overlap. If rounding ever spoils that, the next sub-seed is taken.

Does not carry: what happens on the map (`data.simulate.process`).

Lloyd (1982), "Least squares quantization in PCM", IEEE Transactions on Information Theory 28(2),
doi:10.1109/TIT.1982.1056489.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPoint, Point, Polygon

from data.errors import StateError
from data.regions import Region, RegionSet, find_neighbours

SCHEMATIC_COUNTRIES: tuple[str, ...] = ("XBF", "XML", "XNE")
"""Codes of the invented countries: X.. is free for users in ISO 3166-1."""

_WEST, _EAST, _SOUTH, _NORTH = -11.6, 15.6, 9.9, 23.6
_SIZES = {"XBF": 10, "XML": 11, "XNE": 9}
_CRADLES = {"XBF": (0.42, 0.0), "XML": (0.0, 0.7), "XNE": (1.0, 0.7)}
_SUPERELLIPSE_POWER = 3.2
_N_SAMPLES = 6000
_N_RELAXATIONS = 30
# Wavelength and amplitude in degrees; amplitude * 2 pi / wavelength < 0.6 keeps each one-to-one.
_WARPS = ((13.0, 0.75), (5.5, 0.24), (2.4, 0.10), (1.1, 0.045))
_MIN_SEGMENT_DEGREES = 0.16
_DECIMALS = 4
_SCHEMATIC_ATTRIBUTION = (
    "Schematic map: shapes and names are computed from a random seed and show no real place "
    "(Tocsin contributors, CC0 1.0)"
)

_HEADS = ("Ar", "Bel", "Dro", "El", "Fen", "Gri", "Hol", "Is", "Jor", "Kel", "Lum", "Mer")
_MIDDLES = ("", "", "da", "mi", "ro", "su", "ve")
_TAILS = ("bast", "dovar", "fell", "grath", "lund", "mark", "quor", "stane", "thal", "wick")


@dataclass(frozen=True)
class SchematicMap:
    """The map and what the process needs to know of it.

    Attributes:
        region_set: 30 regions, `is_schematic`, sorted by identifier.
        centres: Longitude and latitude of a point inside each region, shape (n_regions, 2).
        capital: Position of the region that holds the southernmost country's capital.
    """

    region_set: RegionSet
    centres: npt.NDArray[np.float64]
    capital: int


def draw_schematic_map(seed: int, name: str = "demo") -> SchematicMap:
    """Returns the map of a seed: the same seed always draws the same one.

    Args:
        seed: Any non-negative integer.
        name: Name of the region set.

    Raises:
        StateError: No sub-seed gives a clean map; not known to happen.
    """
    for attempt in range(20):
        rng = np.random.default_rng([seed, attempt])
        points = _spread_points(rng)
        cells = _warp_cells(points, rng)
        if cells is None:
            continue
        owners = _grow_countries(points, _sharing_borders(cells))
        if owners is not None:
            return _assemble(cells, owners, rng, name)
    raise StateError(f"No clean schematic map for seed {seed}.", "Choose another seed.")


def _outline() -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    exponent = 2 / _SUPERELLIPSE_POWER
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** exponent
    y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** exponent
    # The warp may push outward by up to the sum of its amplitudes.
    margin = 0.7
    longitude = (_WEST + _EAST) / 2 + x * ((_EAST - _WEST) / 2 - margin)
    latitude = (_SOUTH + _NORTH) / 2 + y * ((_NORTH - _SOUTH) / 2 - margin)
    return Polygon(np.column_stack([longitude, latitude]))


def _spread_points(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Returns one relaxed point per region, shape (n_regions, 2)."""
    outline = _outline()
    candidates = rng.uniform(outline.bounds[:2], outline.bounds[2:], (4 * _N_SAMPLES, 2))
    density = np.exp(-2.3 * (candidates[:, 1] - _SOUTH) / (_NORTH - _SOUTH))
    is_kept = rng.random(len(candidates)) < density
    is_kept &= shapely.contains_xy(outline, candidates[:, 0], candidates[:, 1])
    samples = candidates[is_kept][:_N_SAMPLES]
    points = samples[: sum(_SIZES.values())].copy()
    for _ in range(_N_RELAXATIONS):
        nearest = ((samples[:, None, :] - points[None]) ** 2).sum(axis=2).argmin(axis=1)
        for cell in range(len(points)):
            points[cell] = samples[nearest == cell].mean(axis=0)
    return points


def _warp_cells(points: npt.NDArray[np.float64], rng: np.random.Generator) -> list[Polygon] | None:
    """Returns the bent Voronoi cell of each point, or None if the result is not clean."""
    outline = _outline()
    edges = shapely.voronoi_polygons(MultiPoint(points), extend_to=outline, only_edges=True)
    lines = shapely.union_all(
        [shapely.intersection(edges, outline), outline.exterior], grid_size=1e-7
    )
    lines = shapely.segmentize(shapely.line_merge(lines), _MIN_SEGMENT_DEGREES)
    warp = _draw_warp(rng)
    bent = shapely.transform(lines, lambda xy: np.round(_apply_warp(xy, warp), _DECIMALS))
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(bent)))
    faces = [part for part in parts if isinstance(part, Polygon)]
    if not all(face.is_valid for face in faces):
        return None
    moved = _apply_warp(points, warp)
    inside = np.array([[face.contains(Point(xy)) for face in faces] for xy in moved])
    if not (inside.sum(axis=0) == 1).all() or not (inside.sum(axis=1) == 1).all():
        return None
    return [shapely.geometry.polygon.orient(faces[int(row.argmax())]) for row in inside]


def _draw_warp(rng: np.random.Generator) -> list[npt.NDArray[np.float64]]:
    """Returns for each octave and axis: wave vector (2), phase, amplitude; shape (2, 4)."""
    octaves = []
    for wavelength, amplitude in _WARPS:
        direction = rng.uniform(0, 2 * np.pi) + np.array([0.0, np.pi / 2])
        turns = 2 * np.pi / wavelength
        phase = rng.uniform(0, 2 * np.pi, 2)
        octaves.append(
            np.column_stack(
                [
                    np.cos(direction) * turns,
                    np.sin(direction) * turns,
                    phase,
                    [amplitude, amplitude * 0.8],
                ]
            )
        )
    return octaves


def _apply_warp(
    xy: npt.NDArray[np.float64], warp: list[npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    moved = np.asarray(xy, dtype=np.float64)
    for octave in warp:
        waves = moved @ octave[:, :2].T + octave[:, 2]
        moved = moved + octave[:, 3] * np.sin(waves)
    return moved


def _sharing_borders(cells: list[Polygon]) -> list[list[int]]:
    """Returns for each cell the cells with which it shares a line, not only a corner."""
    found: list[list[int]] = [[] for _ in cells]
    for first, second in zip(*shapely.STRtree(cells).query(cells, "intersects"), strict=True):
        if first != second and cells[first].intersection(cells[second]).length > 0:
            found[first].append(int(second))
    return [sorted(row) for row in found]


def _grow_countries(
    points: npt.NDArray[np.float64], neighbours: list[list[int]]
) -> list[str] | None:
    """Returns the country of each cell, every country in one piece, or None if one got stuck."""
    spans = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    owners: list[str] = [""] * len(points)
    cradles = {
        country: int(((spans - np.array(place)) ** 2).sum(axis=1).argmin())
        for country, place in _CRADLES.items()
    }
    for country, cell in cradles.items():
        owners[cell] = country
    sizes = dict.fromkeys(cradles, 1)
    while "" in owners:
        reach = {
            country: [
                cell
                for cell, owner in enumerate(owners)
                if not owner and any(owners[other] == country for other in neighbours[cell])
            ]
            for country in cradles
        }
        open_countries = [country for country in cradles if reach[country]]
        country = min(open_countries, key=lambda code: sizes[code] / _SIZES[code])
        seat = spans[cradles[country]]
        # North and south weigh more: a country that is all width looks like a stripe.
        stretch = np.array([2.4, 1.0])
        cell = min(reach[country], key=lambda c: float((((spans[c] - seat) * stretch) ** 2).sum()))
        owners[cell] = country
        sizes[country] += 1
    return owners if all(abs(sizes[code] - _SIZES[code]) <= 3 for code in sizes) else None


def _assemble(
    cells: list[Polygon],
    owners: list[str],
    rng: np.random.Generator,
    name: str,
) -> SchematicMap:
    centres = np.array([cell.representative_point().coords[0] for cell in cells])
    # Numbered within a country from west to east.
    order = sorted(range(len(cells)), key=lambda cell: (owners[cell], centres[cell, 0]))
    names = invent_names(len(cells), rng)
    regions = []
    numbers = dict.fromkeys(SCHEMATIC_COUNTRIES, 0)
    for place, cell in enumerate(order):
        country = owners[cell]
        numbers[country] += 1
        region_id = f"{country}-{numbers[country]:02d}"
        regions.append(Region(region_id, names[place], country, cells[cell]))
    region_set = RegionSet(
        name=name,
        kind="admin1",
        step="month",
        source="simulated",
        is_schematic=True,
        attribution=_SCHEMATIC_ATTRIBUTION,
        regions=tuple(regions),
        neighbours=find_neighbours([region.geometry for region in regions]),
    )
    centres = centres[order]
    southern = [i for i, region in enumerate(regions) if region.country == "XBF"]
    middle = np.median(centres[southern], axis=0)
    distances = ((centres[southern] - middle) ** 2).sum(axis=1)
    return SchematicMap(region_set, centres, southern[int(distances.argmin())])


def invent_names(count: int, rng: np.random.Generator) -> list[str]:
    """Returns `count` distinct invented place names."""
    every = sorted(
        {head + middle + tail for head in _HEADS for middle in _MIDDLES for tail in _TAILS}
    )
    return [every[i] for i in rng.permutation(len(every))[:count]]
