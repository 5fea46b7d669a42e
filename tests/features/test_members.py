"""Totals and maxima of groups against plain loops, whether quiet regions are left out or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.members import Members
from features.runs import row_runs, turn
from features.spatial import group_matrix

N_REGIONS = 6

# Regions in which nothing ever happens are common, and so are gaps.
regions = st.lists(
    st.one_of(
        st.just([0.0] * 5),
        st.lists(
            st.one_of(st.just(0.0), st.integers(0, 5000).map(float), st.just(float("nan"))),
            min_size=5,
            max_size=5,
        ),
    ),
    min_size=N_REGIONS,
    max_size=N_REGIONS,
).map(lambda columns: np.array(columns, np.float32).T.copy())
groups = st.lists(st.sets(st.integers(0, N_REGIONS - 1)).map(sorted), min_size=1, max_size=9)


@settings(max_examples=150, deadline=None)
@given(
    values=regions,
    all_known=st.booleans(),
    groups=groups,
    few=st.sampled_from((0, 10**6)),
    at_once=st.integers(1, 60),
)
def test_totals_and_maxima_equal_loops(values, all_known, groups, few, at_once) -> None:
    if all_known:
        values = np.nan_to_num(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.members.FEW_CELLS", few)
        patch.setattr("features.runs._CELLS_AT_ONCE", at_once)
        members = Members.of(values, group_matrix(groups, N_REGIONS))
        totals = members.totals()
        found = [np.empty((5, len(groups)), np.float32) for _ in range(2)]
        members.fill_maxima(np.hstack([members.series, 2 * members.series]), found)
    for number, group in enumerate(groups):
        for row in range(5):
            known = [values[row, one] for one in group if not np.isnan(values[row, one])]
            assert totals.n_members[number] == len(group)
            assert totals.n_known[row, number] == len(known)
            same(totals.total[row, number], sum(known) if known else np.nan)
            whole = group and len(known) == len(group)
            same(totals.of_all()[row, number], sum(known) if whole else np.nan)
            same(found[0][row, number], max(known, default=np.nan))
            same(found[1][row, number], 2 * max(known, default=np.nan))


def test_a_region_that_is_unknown_and_else_quiet_is_not_left_out(monkeypatch) -> None:
    monkeypatch.setattr("features.members.FEW_CELLS", 0)
    values = np.array([[0, np.nan, 0], [0, 0, 0]], np.float32)
    totals = Members.of(values, group_matrix([[0, 1, 2]], 3)).totals()
    assert totals.n_known.tolist() == [[2], [3]]


@given(shape=st.tuples(st.integers(0, 300), st.integers(0, 300)))
@settings(max_examples=30, deadline=None)
def test_turning_exchanges_the_axes(shape) -> None:
    values = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    turned = np.full(shape[::-1], np.nan, np.float32)
    turn(values, turned)
    np.testing.assert_array_equal(turned, values.T)


@given(n_rows=st.integers(0, 50), n_columns=st.integers(0, 50), at_once=st.integers(1, 200))
def test_runs_hold_every_row_once(n_rows, n_columns, at_once) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.runs._CELLS_AT_ONCE", at_once)
        runs = list(row_runs(n_rows, n_columns))
    assert [row for run in runs for row in range(n_rows)[run]] == list(range(n_rows))
    assert all((run.stop - run.start) * n_columns <= max(at_once, n_columns) for run in runs)


def same(found: float, expected: float) -> None:
    np.testing.assert_array_equal(np.float32(found), np.float32(expected))
