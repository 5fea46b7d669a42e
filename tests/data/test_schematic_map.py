from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import shapely

from data.regions import RegionSet
from data.simulate.schematic_map import SCHEMATIC_COUNTRIES, SchematicMap, draw_schematic_map

SEEDS = (0, 1, 2, 3, 7, 42, 1000, 20_260_101)


@cache
def drawn(seed: int) -> SchematicMap:
    return draw_schematic_map(seed)


def shapes_of(region_set: RegionSet) -> list[shapely.Geometry]:
    return [region.geometry for region in region_set.regions]


@pytest.mark.parametrize("seed", SEEDS)
def test_regions_tile_the_land_without_gap_or_overlap(seed: int) -> None:
    shapes = shapes_of(drawn(seed).region_set)
    land = shapely.union_all(shapes)
    assert all(shape.geom_type == "Polygon" and shape.is_valid for shape in shapes)
    assert land.geom_type == "Polygon"
    assert len(land.interiors) == 0
    assert land.area == pytest.approx(sum(shape.area for shape in shapes), rel=1e-12)
    overlaps = shapely.STRtree(shapes).query(shapes, "overlaps")
    assert overlaps.size == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_no_region_is_a_sliver_and_all_lie_in_the_box(seed: int) -> None:
    for shape in shapes_of(drawn(seed).region_set):
        assert shape.area > 1.5
        # 1 for a circle, 0.79 for a square, near 0 for a sliver.
        assert 4 * np.pi * shape.area / shape.length**2 > 0.35
        west, south, east, north = shape.bounds
        assert west >= -12.5
        assert east <= 16.5
        assert south >= 9.0
        assert north <= 24.5
        assert shape.exterior.is_ccw


@pytest.mark.parametrize("seed", SEEDS)
def test_every_country_is_in_one_piece(seed: int) -> None:
    region_set = drawn(seed).region_set
    assert region_set.countries == SCHEMATIC_COUNTRIES
    for country in region_set.countries:
        own = [region.geometry for region in region_set.regions if region.country == country]
        assert 6 <= len(own) <= 14
        assert shapely.union_all(own).geom_type == "Polygon"


@pytest.mark.parametrize("seed", SEEDS)
def test_neighbours_are_symmetric_and_hold_every_shared_border(seed: int) -> None:
    region_set = drawn(seed).region_set
    shapes = shapes_of(region_set)
    for region, others in enumerate(region_set.neighbours):
        assert list(others) == sorted(set(others))
        assert region not in others
        assert all(region in region_set.neighbours[other] for other in others)
        for other in range(len(shapes)):
            has_border = shapes[region].intersection(shapes[other]).length > 0
            if other != region and has_border:
                assert other in others
            if other in others:
                assert shapes[region].distance(shapes[other]) <= 0.02


def test_regions_are_named_and_numbered_without_doubt() -> None:
    region_set = drawn(3).region_set
    assert len(region_set.regions) == 30
    assert region_set.is_schematic
    assert region_set.kind == "admin1"
    assert region_set.step == "month"
    assert region_set.source == "simulated"
    assert "CC0" in region_set.attribution
    assert len(set(region_set.region_ids)) == 30
    assert list(region_set.region_ids) == sorted(region_set.region_ids)
    assert len({region.name for region in region_set.regions}) == 30
    for region in region_set.regions:
        assert region.region_id.startswith(f"{region.country}-")
        # XAA to XZZ are left to users by ISO 3166-1.
        assert region.country.startswith("X")


def test_centres_lie_in_their_regions_and_the_capital_in_its_country() -> None:
    schematic = drawn(42)
    for region, centre in zip(schematic.region_set.regions, schematic.centres, strict=True):
        assert region.geometry.contains(shapely.Point(centre))
    assert schematic.region_set.regions[schematic.capital].country == "XBF"


def test_a_seed_draws_one_map_and_another_seed_another() -> None:
    again = draw_schematic_map(1, name="other")
    assert again.region_set.name == "other"
    assert shapes_of(again.region_set) == shapes_of(drawn(1).region_set)
    assert shapes_of(again.region_set) != shapes_of(drawn(2).region_set)


def test_the_south_has_more_and_smaller_regions_than_the_north() -> None:
    for seed in SEEDS:
        shapes = shapes_of(drawn(seed).region_set)
        by_latitude = sorted(shapes, key=lambda shape: shape.centroid.y)
        south, north = by_latitude[:10], by_latitude[-10:]
        assert sum(shape.area for shape in south) < sum(shape.area for shape in north)
