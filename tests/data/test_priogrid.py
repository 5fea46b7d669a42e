"""PRIO-GRID cells by formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UsageError
from data.regions import (
    RegionSet,
    priogrid_cell,
    priogrid_centroid,
    priogrid_gid,
    priogrid_gids,
    priogrid_regions,
)

gids = st.integers(1, 259_200)


def test_known_cells() -> None:
    assert priogrid_gid(-180, -90) == 1
    assert priogrid_gid(179.9, 89.9) == 259_200
    assert priogrid_gid(0.366667, 19.45) == 157_321  # Timétrine, as GED numbers it
    assert priogrid_gid(68.39877, 32.74804) == 176_897  # Jalalzai


@given(gids)
def test_a_cell_holds_its_centroid(gid: int) -> None:
    longitude, latitude = priogrid_centroid(gid)
    assert priogrid_gid(longitude, latitude) == gid
    west, south, east, north = priogrid_cell(gid).bounds
    assert (east - west, north - south) == (0.5, 0.5)
    assert ((west + east) / 2, (south + north) / 2) == (longitude, latitude)


@given(
    st.floats(-180, 180, exclude_max=True),
    st.floats(-90, 90, exclude_max=True),
)
def test_a_point_lies_in_its_cell(longitude: float, latitude: float) -> None:
    west, south, east, north = priogrid_cell(priogrid_gid(longitude, latitude)).bounds
    # A point nearer to a border than a float can tell may fall on its other side.
    assert west - 1e-12 <= longitude <= east + 1e-12
    assert south - 1e-12 <= latitude <= north + 1e-12


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), max_size=20))
def test_many_points_at_once(points: list[tuple[float, float]]) -> None:
    longitude, latitude = np.array(points, dtype=float).reshape(-1, 2).T
    assert priogrid_gids(longitude, latitude).tolist() == [priogrid_gid(*p) for p in points]


@given(gids)
def test_the_south_west_corner_belongs_to_the_cell(gid: int) -> None:
    west, south, _, _ = priogrid_cell(gid).bounds
    assert priogrid_gid(west, south) == gid


def test_edges_of_the_world() -> None:
    assert priogrid_gid(180, 0.1) == priogrid_gid(-180, 0.1)
    assert priogrid_gid(0.1, 90) == priogrid_gid(0.1, 89.9)
    for longitude, latitude in ((181, 0), (0, -90.1), (float("nan"), 0)):
        with pytest.raises(UsageError):
            priogrid_gid(longitude, latitude)
    for gid in (0, 259_201):
        with pytest.raises(UsageError, match=str(gid)):
            priogrid_cell(gid)


def test_formula_agrees_with_ged(shared_data: object) -> None:
    table = pd.read_csv(f"{shared_data}/ged_sahel_1989_2021.csv")
    found = [
        priogrid_gid(longitude, latitude)
        for longitude, latitude in zip(table["longitude"], table["latitude"], strict=True)
    ]
    assert found == table["priogrid_gid"].tolist()


def test_named_cells_become_regions() -> None:
    middle = priogrid_gid(0.1, 14.1)
    region_set = priogrid_regions(
        "grid", {middle: "MLI", middle + 1: "NER", middle + 721: "NER", middle + 3: "NER"}
    )
    assert region_set.kind == "priogrid"
    assert region_set.region_ids == tuple(
        sorted(map(str, (middle, middle + 1, middle + 721, middle + 3)))
    )
    assert region_set.countries == ("MLI", "NER")
    touching = {
        region_set.region_ids[position]: {region_set.region_ids[n] for n in others}
        for position, others in enumerate(region_set.neighbours)
    }
    assert touching[str(middle)] == {str(middle + 1), str(middle + 721)}
    assert touching[str(middle + 3)] == set()


def test_a_covered_set_gives_cells_the_country_that_fills_most(
    make_set: Callable[..., RegionSet],
) -> None:
    areas = make_set({"A": ("MLI", 0, 0, 0.8, 0.5), "B": ("NER", 0.8, 0, 1.7, 0.5)})
    cells = priogrid_regions("grid", areas)
    by_west = {region.geometry.bounds[0]: region.country for region in cells.regions}
    # The cell from 0.5 is Mali's by 0.3 to 0.2; the cell from 1.5 is Niger's though it is half sea;
    # cells that the areas only touch are left out.
    assert by_west == {0.0: "MLI", 0.5: "MLI", 1.0: "NER", 1.5: "NER"}


def test_a_bounding_box_chooses_cells_by_their_middle(make_set: Callable[..., RegionSet]) -> None:
    areas = make_set({"A": ("MLI", 0, 0, 3, 1)})
    assert len(priogrid_regions("grid", areas).regions) == 12
    assert len(priogrid_regions("grid", areas, bbox=(0, 0, 1, 0.5)).regions) == 2
    with pytest.raises(UsageError, match="no cell"):
        priogrid_regions("grid", areas, bbox=(50, 0, 51, 1))
    with pytest.raises(UsageError, match="impossible"):
        priogrid_regions("grid", areas, bbox=(3, 0, 1, 1))


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(UsageError, match="no cell"):
        priogrid_regions("grid", {})
    with pytest.raises(UsageError, match="cannot name"):
        priogrid_regions("The Grid", {1: "MLI"})
