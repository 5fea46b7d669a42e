"""Arithmetic along time against plain loops, for any window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from features.decays import decayed_sums
from features.since import LastRows, periods_since
from features.windows import SumsBefore, fill_window_sums, window_maxima, window_sums

arrays = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(1, 3)),
    elements=st.one_of(st.just(0.0), st.integers(0, 5000).map(float), st.just(float("nan"))),
)


@settings(max_examples=100, deadline=None)
@given(values=arrays, window=st.integers(1, 45))
def test_window_sums_and_maxima_equal_loops(values, window) -> None:
    sums, maxima = np.full_like(values, np.nan), np.full_like(values, np.nan)
    for row in range(window - 1, len(values)):
        sums[row] = values[row - window + 1 : row + 1].sum(axis=0)
        maxima[row] = values[row - window + 1 : row + 1].max(axis=0)
    np.testing.assert_array_equal(window_sums(values, window), sums)
    np.testing.assert_array_equal(window_maxima(values, window), maxima)


@settings(max_examples=50, deadline=None)
@given(values=arrays, windows=st.lists(st.integers(1, 45), min_size=1, max_size=6))
def test_a_chain_and_a_target_change_no_sum(values, windows) -> None:
    chain: dict[int, np.ndarray] = {}
    before = values.copy()
    for window in windows:
        target = np.empty_like(values)
        assert window_sums(values, window, chain=chain, out=target) is target
        np.testing.assert_array_equal(target, window_sums(values, window))
    np.testing.assert_array_equal(values, before)


@settings(max_examples=50, deadline=None)
@given(
    values=hnp.arrays(np.float32, (30, 2), elements=st.floats(0, 1e4, width=32)),
    window=st.integers(1, 30),
    row=st.integers(0, 29),
)
def test_a_sum_depends_on_its_window_only(values, window, row) -> None:
    start = max(0, row - window + 1)
    alone = window_sums(values[start : row + 1], window)[-1]
    np.testing.assert_array_equal(alone, window_sums(values, window)[row])


@settings(max_examples=80, deadline=None)
@given(
    values=arrays,
    windows=st.sets(st.integers(1, 45), min_size=1, max_size=6),
    at_once=st.sampled_from((1, 7, 1000)),
    data=st.data(),
)
def test_windows_that_are_filled_together_have_the_bits_of_each_alone(
    values, windows, at_once, data
) -> None:
    first_row = data.draw(st.integers(0, len(values) - 1))
    shape = (len(values) - first_row, values.shape[1])
    targets = {window: np.empty(shape, np.float32) for window in windows}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.runs._CELLS_AT_ONCE", at_once)
        fill_window_sums(values, targets, first_row)
    for window, found in targets.items():
        np.testing.assert_array_equal(found, window_sums(values, window)[first_row:])


@settings(max_examples=80, deadline=None)
@given(values=arrays, cap=st.integers(1, 45))
def test_periods_since_is_the_same_for_few_columns_and_for_many(values, cap) -> None:
    narrow = periods_since(values, cap)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.since._FEW_COLUMNS", 0)
        np.testing.assert_array_equal(periods_since(values, cap), narrow)


@settings(max_examples=100, deadline=None)
@given(
    values=arrays,
    half_lives=st.sets(st.integers(1, 12), min_size=1, max_size=3),
    data=st.data(),
)
def test_a_decay_of_few_rows_is_that_of_all_and_goes_on(values, half_lives, data) -> None:
    n_rows, n_columns = values.shape
    targets = {one: np.empty_like(values) for one in half_lives}
    after_all = decayed_sums(values, targets, first_row=0)
    first_row = data.draw(st.integers(0, n_rows), label="first row")
    part = {one: np.empty((n_rows - first_row, n_columns), np.float32) for one in half_lives}
    after_part = decayed_sums(values, part, first_row=first_row)
    for half_life, target in targets.items():
        np.testing.assert_array_equal(part[half_life], target[first_row:])
    for name in ("decayed", "known_run"):
        np.testing.assert_array_equal(getattr(after_part, name), getattr(after_all, name))
    # And from any row it goes on as if it had never stopped.
    nothing = {one: np.empty((0, n_columns), np.float32) for one in half_lives}
    before = decayed_sums(values[:first_row], nothing, first_row=first_row)
    decayed_sums(values[first_row:], part, first_row=0, before=before)
    for half_life, target in targets.items():
        np.testing.assert_array_equal(part[half_life], target[first_row:])


@settings(max_examples=100, deadline=None)
@given(values=arrays, windows=st.sets(st.integers(1, 45), min_size=1, max_size=6))
def test_window_sums_of_one_more_row_have_the_bits_of_the_whole(values, windows) -> None:
    series = [values[:-1], 2 * values[:-1]]
    columns = np.arange(values.shape[1])[::-1]
    before = SumsBefore.in_rows(series, windows).of(columns)
    sums = before.then(np.stack([values[-1, columns], 2 * values[-1, columns]]))
    for window in windows:
        expected = window_sums(values, window)[-1, columns]
        np.testing.assert_array_equal(sums[window], [expected, 2 * expected])


@settings(max_examples=100, deadline=None)
@given(values=arrays, cap=st.integers(1, 45))
def test_periods_since_of_one_more_row_are_those_of_the_whole(values, cap) -> None:
    columns = np.arange(values.shape[1])[::-1]
    last = LastRows.in_rows(values[:-1]).of(columns)
    found = last.periods_since(values[-1, columns], len(values) - 1, cap)
    whole = periods_since(values, cap)
    np.testing.assert_array_equal(found, whole[-1, columns])
    for first_row in range(len(values)):
        part = periods_since(values, cap, first_row=first_row)
        np.testing.assert_array_equal(part, whole[first_row:])
