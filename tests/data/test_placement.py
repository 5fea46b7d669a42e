"""Which region an event falls in, by hand and against a slow oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from data.placement import NEAR_DEGREES, Placement, place_events, plain_name
from data.regions import RegionSet, priogrid_gid, priogrid_regions

MakeEvents = Callable[..., pd.DataFrame]


def place(make_events: MakeEvents, squares: RegionSet, **event: Any) -> tuple[str, str, bool]:
    placement = place_events(make_events(event), squares)
    position = int(placement.region[0])
    name = squares.region_ids[position] if position >= 0 else "-"
    return name, str(placement.method[0]), bool(placement.is_coarse[0])


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        # 1 to 3: by the point, whatever the name says.
        ({"where_precision": 1}, ("ML1", "point", False)),
        ({"where_precision": 3, "longitude": 1.5}, ("ML2", "point", False)),
        ({"where_precision": 2, "admin1": "Centre Nord region"}, ("ML1", "point", False)),
        # On the border between two: the first of them.
        ({"longitude": 1.0}, ("ML1", "point", False)),
        # Just outside every polygon: the nearest of the country, up to half a degree.
        ({"latitude": 1.3}, ("ML1", "near", False)),
        ({"longitude": -0.5}, ("ML1", "near", False)),
        ({"longitude": -0.51}, ("-", "outside", False)),
        # Across the border: the nearest of its own country, never one of another.
        ({"longitude": 2.4}, ("ML2", "near", False)),
        ({"longitude": 2.6}, ("-", "outside", False)),
        ({"longitude": 1.6, "country": "NER"}, ("NE1", "near", False)),
        ({"longitude": 0.5, "country": "NER"}, ("-", "outside", False)),
        # Another country than those of the set, though inside a region.
        ({"country": "NGA"}, ("-", "outside", False)),
        ({"country": "NGA", "where_precision": 6}, ("-", "outside", True)),
        # 4: by the name where it is that of a region of the country, else by the point; coarse.
        ({"where_precision": 4, "admin1": "Centre Nord region"}, ("ML2", "name", True)),
        ({"where_precision": 4, "admin1": "menaka"}, ("ML1", "name", True)),
        ({"where_precision": 4, "admin1": "Diffa region"}, ("ML1", "point", True)),
        ({"where_precision": 4, "admin1": ""}, ("ML1", "point", True)),
        ({"where_precision": 4, "longitude": 1.5}, ("ML2", "point", True)),
        # 5: by the point; coarse.
        ({"where_precision": 5, "admin1": "Centre Nord"}, ("ML1", "point", True)),
        ({"where_precision": 5, "latitude": -0.2}, ("ML1", "near", True)),
        # 6 and 7: held by the country, wherever the point lies.
        ({"where_precision": 6}, ("-", "country", True)),
        ({"where_precision": 7, "longitude": 90}, ("-", "country", True)),
    ],
)
def test_where_an_event_goes(
    make_events: MakeEvents,
    squares: RegionSet,
    event: dict[str, Any],
    expected: tuple[str, str, bool],
) -> None:
    assert place(make_events, squares, **event) == expected


def test_names_that_two_regions_share_decide_nothing(
    make_events: MakeEvents, make_set: Callable[..., RegionSet]
) -> None:
    twins = make_set(
        {"A": ("MLI", 0, 0, 1, 1), "B": ("MLI", 1, 0, 2, 1), "C": ("NER", 2, 0, 3, 1)},
        names={"A": "Centre", "B": "CENTRE region", "C": "Centre"},
    )
    event = {"where_precision": 4, "admin1": "Centre", "longitude": 1.5}
    assert place(make_events, twins, **event) == ("B", "point", True)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Tillabéri region", "tillaberi"),
        ("Centre-Nord", "centre nord"),
        ("CENTRE NORD Region", "centre nord"),
        ("Hauts Bassins region", "hauts bassins"),
        ("N'zi-Comoé region", "nzi comoe"),
        ("Ségou  ", "segou"),
        ("Paktika province", "paktika"),
        ("Region", "region"),
        ("Sahel region", "sahel"),
        ("Région de Ségou", "segou"),
        ("Région du Centre-Nord", "centre nord"),
        ("Province de l’Oudalan", "oudalan"),
        ("State of Kano", "kano"),
        ("La Tapoa", "la tapoa"),
        ("Cercle d’Ansongo", "ansongo"),
        ("cercle de Gourma-Rharous", "gourma rharous"),
        ("Région des Hauts-Bassins", "hauts bassins"),
        ("N’Guigmi", "nguigmi"),
        ("NGuigmi department", "nguigmi"),
        ("Kita & Bafoulabé", "kita bafoulabe"),
        ("Kita et Bafoulabé", "kita bafoulabe"),
        ("Région", "region"),
        ("", ""),
        ("北部", "北部"),
    ],
)
def test_names_are_compared_plainly(text: str, plain: str) -> None:
    assert plain_name(text) == plain


def test_grid_cells_lie_across_borders(
    make_events: MakeEvents,
) -> None:
    gid = priogrid_gid(0.25, 0.25)
    grid = priogrid_regions("grid", {gid: "MLI", gid + 1: "NER"})
    first, second = grid.region_ids
    inside = {"longitude": 0.25, "latitude": 0.25}
    assert place(make_events, grid, country="NER", **inside) == (first, "point", False)
    assert place(make_events, grid, country="NGA", **inside) == ("-", "outside", False)
    # A line belongs to the cell in the east or north of it, if that is in the set.
    line = {"longitude": 0.5, "latitude": 0.25}
    assert place(make_events, grid, country="MLI", **line) == (second, "point", False)
    corner = {"longitude": 1.0, "latitude": 0.5}
    assert place(make_events, grid, country="MLI", **corner) == (second, "near", False)


def test_disagreement_between_point_and_name_is_counted(
    make_events: MakeEvents, squares: RegionSet
) -> None:
    events = make_events(
        {"admin1": "Centre-Nord"},  # the point is in ML1
        {"admin1": "Ménaka region"},  # agrees
        {"admin1": "Diffa"},  # a region of another country: no name of this one
        {"admin1": "Centre-Nord", "where_precision": 4},  # placed by name
        {"admin1": "Centre-Nord", "latitude": -0.1},  # near ML1
    )
    assert place_events(events, squares).n_disagreements == 2


def test_no_events(make_events: MakeEvents, squares: RegionSet) -> None:
    placement = place_events(make_events(), squares)
    assert placement.region.shape == placement.is_coarse.shape == placement.method.shape == (0,)
    assert placement.n_disagreements == 0


def place_slowly(event: Any, region_set: RegionSet) -> tuple[int, str]:
    """The rules once more, one event and one region at a time."""
    own = [
        (position, region)
        for position, region in enumerate(region_set.regions)
        if region.country == event.country
    ]
    if not own:
        return -1, "outside"
    if event.where_precision >= 6:
        return -1, "country"
    named = [
        position for position, region in own if plain_name(region.name) == plain_name(event.admin1)
    ]
    if event.where_precision == 4 and len(named) == 1:
        return named[0], "name"
    point = Point(event.longitude, event.latitude)
    for position, region in own:
        if region.geometry.intersects(point):
            return position, "point"
    distance, position = min((region.geometry.distance(point), n) for n, region in own)
    return (position, "near") if distance <= NEAR_DEGREES else (-1, "outside")


def test_many_events_against_a_loop(make_events: MakeEvents, squares: RegionSet) -> None:
    random = np.random.default_rng(7)
    names = ["", "Menaka", "Centre Nord region", "Diffa", "Sahel"]
    events = make_events(
        *[
            {
                # Tenths of a degree: many points lie on borders and corners.
                "longitude": float(random.integers(-8, 40)) / 10,
                "latitude": float(random.integers(-8, 18)) / 10,
                "where_precision": int(random.integers(1, 8)),
                "country": str(random.choice(["MLI", "NER", "NGA"])),
                "admin1": str(random.choice(names)),
            }
            for _ in range(600)
        ]
    )
    placement = place_events(events, squares)
    # Exactly half a degree away may round to either side.
    is_sharp = [
        all(
            abs(region.geometry.distance(Point(x, y)) - NEAR_DEGREES) > 1e-9
            for region in squares.regions
        )
        for x, y in zip(events["longitude"], events["latitude"], strict=True)
    ]
    slow = [place_slowly(event, squares) for event in events.itertuples()]
    fast = list(zip(placement.region.tolist(), placement.method.tolist(), strict=True))
    pairs = [(a, b) for a, b, sharp in zip(fast, slow, is_sharp, strict=True) if sharp]
    assert len(pairs) > 500
    assert [a for a, _ in pairs] == [b for _, b in pairs]
    assert set(placement.method) == {"point", "near", "name", "country", "outside"}
    assert isinstance(placement, Placement)


def test_rows_do_not_influence_each_other(make_events: MakeEvents, squares: RegionSet) -> None:
    events = make_events(*[{"longitude": x / 7, "where_precision": x % 7 + 1} for x in range(28)])
    whole = place_events(events, squares)
    backwards = place_events(events.iloc[::-1].reset_index(drop=True), squares)
    assert whole.region.tolist() == backwards.region.tolist()[::-1]
    assert whole.method.tolist() == backwards.method.tolist()[::-1]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(
        st.tuples(
            st.floats(-0.9, 3.9),
            st.floats(-0.9, 1.9),
            st.integers(1, 7),
            st.sampled_from(("MLI", "NER", "NGA")),
            st.sampled_from(("", "Ménaka", "Diffa")),
        ),
        max_size=20,
    ),
    kind=st.sampled_from(("admin1", "admin2", "country")),
)
def test_a_coarse_event_is_never_stacked_on_a_centroid(
    make_events: MakeEvents, squares: RegionSet, drawn: Any, kind: Any
) -> None:
    events = make_events(
        *[
            {
                "longitude": x,
                "latitude": y,
                "where_precision": precision,
                "country": country,
                "admin1": name,
            }
            for x, y, precision, country, name in drawn
        ]
    )
    region_set = replace(squares, kind=kind)
    placement = place_events(events, region_set)
    coarse_from = {"admin1": 6, "admin2": 4}.get(kind, 8)
    for (_, _, precision, country, _), region, method, coarse in zip(
        drawn, placement.region, placement.method, placement.is_coarse, strict=True
    ):
        assert coarse == (precision >= 4)
        assert (region >= 0) == (method in ("point", "near", "name"))
        if country == "NGA":
            assert (region, method) == (-1, "outside")
        elif precision >= coarse_from:
            assert (region, method) == (-1, "country")
        else:
            assert method != "country"
            assert region < 0 or region_set.regions[region].country == country
        if kind == "country" and country != "NGA":
            assert region >= 0


def test_a_cell_of_the_grid_takes_no_event_that_is_known_to_an_area_only(
    make_events: MakeEvents,
) -> None:
    grid = priogrid_regions("grid", {priogrid_gid(0.25, 0.25): "MLI"})
    inside = {"longitude": 0.25, "latitude": 0.25, "country": "MLI"}
    assert place(make_events, grid, where_precision=3, **inside)[1] == "point"
    for precision in (4, 5, 6):
        assert place(make_events, grid, where_precision=precision, **inside)[1:] == (
            "country",
            True,
        )
