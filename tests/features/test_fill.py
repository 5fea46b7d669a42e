"""Blocks, threads and reused memory change no bit."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import StateError
from features.build import build_features
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()


@pytest.mark.parametrize("step", ["month", "week"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_blocks_and_threads_change_no_bit(make_panel, monkeypatch, step, n_jobs) -> None:
    n_periods = 90 if step == "month" else 330
    panel = make_panel(n_periods=n_periods, n_regions=150, step=step, seed=5, fractions=True)
    whole = build_features(panel, "all", DEFINITION, 3)
    monkeypatch.setattr("features.fill._CELLS_PER_BLOCK", 1)
    monkeypatch.setattr("features.runs._CELLS_AT_ONCE", 1_000)
    monkeypatch.setattr("features.members.FEW_CELLS", 0)
    monkeypatch.setattr("features.plan.FEW_CELLS", 0)
    blocks = build_features(panel, "all", DEFINITION, 3, n_jobs=n_jobs)
    for column, name in enumerate(whole.names):
        one, other = whole.raw[:, :, column], blocks.raw[:, :, column]
        np.testing.assert_array_equal(one, other, err_msg=name)


def test_memory_is_used_again(make_panel) -> None:
    panel = make_panel(n_periods=60, n_regions=7, seed=2)
    fresh = build_features(panel, "wide-1", DEFINITION, 3)
    out = np.full((76, 60, 7), 7, np.float32)
    again = build_features(panel, "wide-1", DEFINITION, 3, out=out)
    assert np.shares_memory(again.raw, out)
    np.testing.assert_array_equal(again.raw, fresh.raw)


@pytest.mark.parametrize("out", [np.empty((76, 60, 6), np.float32), np.empty((76, 60, 7))])
def test_memory_of_another_shape_is_refused(make_panel, out) -> None:
    panel = make_panel(n_periods=60, n_regions=7, seed=2)
    with pytest.raises(StateError, match="float32"):
        build_features(panel, "wide-1", DEFINITION, 3, out=out)
