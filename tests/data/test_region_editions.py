"""Redraws: borders of before are kept, lines go on, whole countries out of areas; made shapes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from data.database import Database
from data.errors import Conflict, UsageError
from data.regions import (
    Region,
    RegionSet,
    digest_shapes,
    dissolve_countries,
    list_editions,
    list_region_sets,
    list_set_heads,
    list_set_names,
    load_edition,
    load_region_set,
    save_region_set,
    trace_lines,
    weigh_crosswalk,
)

Make = Callable[..., RegionSet]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)


def strips(
    code: str, country: str, cuts: list[float]
) -> dict[str, tuple[str, float, float, float, float]]:
    """Regions side by side between cuts, named in order."""
    return {
        f"{code}{number:02d}": (country, west, 0, east, 1)
        for number, (west, east) in enumerate(itertools.pairwise(cuts), start=1)
    }


def test_mali_from_10_to_20_and_burkina_faso_from_13_to_17(make_set: Make) -> None:
    mali = [float(n) for n in range(11)]
    old = make_set(strips("ML", "MLI", mali) | strips("BF", "BFA", [20.0 + n for n in range(14)]))
    # Each region of Mali loses 30 percent to a new one; four of Burkina Faso lose a fifth.
    new_mali = {f"ML{n + 1:02d}": ("MLI", float(n), 0, n + 0.7, 1) for n in range(10)}
    new_mali |= {f"ML{n + 11:02d}": ("MLI", n + 0.7, 0, n + 1.0, 1) for n in range(10)}
    new_bfa = {
        f"BFN{n + 1:02d}": ("BFA", 20.0 + n, 0, 20.8 + n if n < 4 else 21.0 + n, 1)
        for n in range(13)
    }
    new_bfa |= {f"BFN{n + 14:02d}": ("BFA", 20.8 + n, 0, 21.0 + n, 1) for n in range(4)}
    new = make_set(new_mali | new_bfa)
    assert (len(old.regions), len(new.regions)) == (23, 37)
    found = weigh_crosswalk(old, new)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1)
    expected = {f"ML{n:02d}": f"ML{n:02d}" for n in range(1, 11)}
    expected |= {f"BF{n:02d}": f"BFN{n:02d}" for n in range(1, 14)}
    assert found.lines == expected
    assert found.successors_of("ML01") == ("ML01", "ML11")
    assert found.successors_of("BF13") == ("BFN13",)


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        # Kept, and renamed.
        ({"A": (0, 1), "B": (1, 2)}, {"A": (0, 1), "C": (1, 2)}, {"A": "A", "B": "C"}),
        # Two halves: the one with the old identifier goes on, else the first.
        ({"A": (0, 2)}, {"X": (0, 1), "A": (1, 2)}, {"A": "A"}),
        ({"A": (0, 2)}, {"X": (0, 1), "Y": (1, 2)}, {"A": "X"}),
        # Three thirds: none holds half of it.
        ({"A": (0, 3)}, {"X": (0, 1), "Y": (1, 2), "Z": (2, 3)}, {}),
        # Merged: the identifier that was kept, else the larger.
        ({"A": (0, 1), "B": (1, 4)}, {"A": (0, 4)}, {"A": "A"}),
        ({"A": (0, 1), "B": (1, 4)}, {"X": (0, 4)}, {"B": "X"}),
        # An identifier that moved elsewhere is not the same region.
        ({"A": (0, 1), "B": (1, 2)}, {"B": (0, 1), "A": (1, 2)}, {"A": "B", "B": "A"}),
    ],
)
def test_which_region_goes_on(
    make_set: Make,
    old: dict[str, tuple[float, float]],
    new: dict[str, tuple[float, float]],
    lines: dict[str, str],
) -> None:
    def draw(spans: dict[str, tuple[float, float]]) -> RegionSet:
        return make_set({key: ("MLI", west, 0, east, 1) for key, (west, east) in spans.items()})

    assert weigh_crosswalk(draw(old), draw(new)).lines == lines


CUTS = st.lists(st.integers(1, 39), min_size=1, max_size=8, unique=True).map(sorted)


@given(before=CUTS, after=CUTS)
def test_no_region_goes_on_twice_and_each_holds_half(before: list[int], after: list[int]) -> None:
    def draw(code: str, cuts: list[int]) -> RegionSet:
        edges = [0, *cuts, 40]
        regions = tuple(
            Region(f"{code}{n}", "x", "MLI", box(west / 10, 0, east / 10, 1))
            for n, (west, east) in enumerate(itertools.pairwise(edges))
        )
        return RegionSet("x", "admin1", "month", "ged", False, "", regions, ((),) * len(regions))

    found = weigh_crosswalk(draw("a", before), draw("b", after))
    lines = found.lines
    assert len(set(lines.values())) == len(lines)
    for old, new in lines.items():
        assert found.weights[found.old.index(old), found.new.index(new)] >= 0.5
    np.testing.assert_allclose(found.weights.sum(axis=1), 1)


def test_borders_of_before_are_kept_and_found_by_their_digest(
    database: Database, squares: RegionSet
) -> None:
    merged = replace(
        squares,
        regions=(
            Region("ML", "Mali", "MLI", box(0, 0, 2, 1)),
            replace(squares.regions[2], name="Diffa anew"),
        ),
        neighbours=((1,), (0,)),
    )
    renamed = replace(
        merged, regions=(replace(merged.regions[0], name="Le Mali"), merged.regions[1])
    )
    with database.write() as connection:
        save_region_set(connection, squares, NOW)
        with pytest.raises(Conflict, match="redrawn"):
            save_region_set(connection, merged, LATER)
        assert save_region_set(connection, merged, LATER, replace=True)
        assert save_region_set(connection, renamed, LATER, replace=True)
    with database.read() as connection:
        assert load_region_set(connection, "squares") == renamed
        # A name that changed is no redraw.
        assert list_editions(connection, "squares") == (squares,)
        assert load_edition(connection, "squares", digest_shapes(squares)) == squares
        assert load_edition(connection, "squares", digest_shapes(merged)) == renamed
        assert load_edition(connection, "squares", None) == renamed
        assert load_edition(connection, "squares", "0" * 16) == renamed
        assert [one.name for one in list_region_sets(connection)] == ["squares"]
        assert list_set_names(connection) == ["squares"]
        assert [one.name for one in list_set_heads(connection)] == ["squares"]
        lines = trace_lines(renamed, list_editions(connection, "squares"))
    assert lines == {digest_shapes(squares): {"ML1": "ML", "NE1": "NE1"}}
    with database.write() as connection:
        # Back again, and forth: each border is kept once.
        assert save_region_set(connection, squares, LATER, replace=True)
        assert save_region_set(connection, renamed, LATER, replace=True)
        assert len(list_editions(connection, "squares")) == 2
    with database.read() as connection:
        current = load_region_set(connection, "squares")
        assert set(trace_lines(current, list_editions(connection, "squares"))) == {
            digest_shapes(squares)
        }


def test_whole_countries_out_of_areas(make_set: Make) -> None:
    areas = make_set(
        {
            "A": ("MLI", 0, 0, 1, 1),
            "B": ("MLI", 1.0000001, 0, 2, 1),
            "C": ("NER", 2, 0, 3, 1),
            "D": ("MLI", 8, 0, 9, 1),
        }
    )
    found = dissolve_countries(
        "lands", areas, step="month", source="ged", attribution="me", name_of=str.lower
    )
    assert [(one.region_id, one.name, one.country) for one in found.regions] == [
        ("MLI", "mli", "MLI"),
        ("NER", "ner", "NER"),
    ]
    assert found.kind == "country"
    assert found.neighbours == ((1,), (0,))
    assert found.regions[0].geometry.area == pytest.approx(3, abs=1e-5)
    with pytest.raises(UsageError):
        dissolve_countries(
            "My Lands", areas, step="month", source="ged", attribution="", name_of=str.lower
        )


def test_a_gap_between_areas_is_no_hole_but_an_enclave_is(make_set: Make) -> None:
    ring = {
        "W": ("MLI", 0, 0, 1, 3),
        "E": ("MLI", 2, 0, 3, 3),
        "S": ("MLI", 1, 0, 2, 1),
        "N": ("MLI", 1, 2, 2, 3),
    }

    def unite(shapes: dict[str, tuple[str, float, float, float, float]]) -> float:
        areas = make_set(shapes)
        found = dissolve_countries(
            "x", areas, step="month", source="ged", attribution="", name_of=str
        )
        return float(found.regions[0].geometry.area)

    assert unite(ring) == pytest.approx(8)
    assert unite(ring | {"M": ("MLI", 1.05, 1, 2, 2)}) == pytest.approx(8.95)
    assert unite(ring | {"M": ("MLI", 1.005, 1, 2, 2)}) == pytest.approx(9)
