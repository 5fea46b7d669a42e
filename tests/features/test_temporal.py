"""Arithmetic along time against plain loops, for any window."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from features.temporal import window_maxima, window_sums

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
