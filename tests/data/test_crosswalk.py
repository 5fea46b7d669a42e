"""The crosswalk between two sets of borders, on made shapes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.errors import UsageError
from data.regions import RegionSet, weigh_crosswalk

Make = Callable[..., RegionSet]


def test_regions_that_were_split_kept_merged_and_lost(make_set: Make) -> None:
    old = make_set(
        {
            "A": ("MLI", 0, 0, 2, 1),
            "B": ("MLI", 2, 0, 3, 1),
            "C": ("MLI", 3, 0, 4, 1),
            "D": ("MLI", 9, 0, 10, 1),
        }
    )
    new = make_set(
        {"A1": ("MLI", 0, 0, 0.5, 1), "A2": ("MLI", 0.5, 0, 2, 1), "BC": ("MLI", 2, 0, 4, 1)}
    )
    found = weigh_crosswalk(old, new)
    np.testing.assert_allclose(
        found.weights, [[0.25, 0.75, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]], atol=1e-9
    )
    assert found.successors == {"A": "A2", "B": "BC", "C": "BC"}
    carried = found.carry_over(np.array([[8.0, 1, 2, 5], [np.nan, 1, 2, 5], [8, 1, np.nan, 5]]))
    np.testing.assert_allclose(carried, [[2, 6, 3], [np.nan, np.nan, 3], [2, 6, np.nan]], atol=1e-9)


def test_a_border_that_another_hand_drew_is_no_redraw(make_set: Make) -> None:
    old = make_set({"A": ("MLI", 0, 0, 1, 1), "B": ("MLI", 1, 0, 2, 1)})
    new = make_set({"A": ("MLI", 0, 0, 1.003, 1), "B": ("MLI", 1.003, 0, 1.9, 1)})
    np.testing.assert_array_equal(weigh_crosswalk(old, new).weights, np.eye(2))


def test_a_capital_that_was_cut_out_of_its_region(make_set: Make) -> None:
    old = make_set({"A": ("MLI", 0, 0, 10, 1)})
    new = make_set({"A": ("MLI", 0, 0, 9.98, 1), "CAP": ("MLI", 9.98, 0, 10, 1)})
    np.testing.assert_allclose(weigh_crosswalk(old, new).weights, [[0.998, 0.002]], atol=1e-9)


def test_area_is_that_of_the_globe_and_not_of_the_map(make_set: Make) -> None:
    old = make_set({"A": ("MLI", 0, 0, 1, 60)})
    new = make_set({"S": ("MLI", 0, 0, 1, 30), "N": ("MLI", 0, 30, 1, 60)})
    (shares,) = weigh_crosswalk(old, new).weights
    north = (np.sin(np.radians(60)) - 0.5) / np.sin(np.radians(60))
    np.testing.assert_allclose(shares, [north, 1 - north], atol=1e-9)


def test_a_new_region_without_a_past_is_not_known(make_set: Make) -> None:
    old = make_set({"A": ("MLI", 0, 0, 1, 1)})
    new = make_set({"A": ("MLI", 0, 0, 1, 1), "Z": ("MLI", 5, 0, 6, 1)})
    np.testing.assert_array_equal(
        weigh_crosswalk(old, new).carry_over(np.ones((1, 1))), [[1, np.nan]]
    )


def test_sets_of_other_countries(make_set: Make) -> None:
    with pytest.raises(UsageError, match="no country in common"):
        weigh_crosswalk(make_set({"A": ("MLI", 0, 0, 1, 1)}), make_set({"B": ("NER", 0, 0, 1, 1)}))


@given(
    cuts=st.lists(st.integers(1, 19), unique=True, max_size=5),
    values=arrays(np.float64, (3, 4), elements=st.floats(0, 1e4)),
)
def test_nothing_is_lost_or_made_when_the_same_land_is_cut_anew(
    make_set: Make, cuts: list[int], values: np.ndarray
) -> None:
    old = make_set({f"O{n}": ("MLI", 5 * n, 0, 5 * n + 5, 1) for n in range(4)})
    edges = [0, *sorted(cuts), 20]
    new = make_set(
        {f"N{n}": ("MLI", west, 0, edges[n + 1], 1) for n, west in enumerate(edges[:-1])}
    )
    carried = weigh_crosswalk(old, new).carry_over(values)
    np.testing.assert_allclose(carried.sum(axis=1), values.sum(axis=1), rtol=1e-9, atol=1e-9)
