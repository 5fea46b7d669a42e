"""The newest period goes on from what lies before it with the bits of a full build."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.panel import Panel
from features.build import build_features
from features.changes import find_changes
from features.incremental import LiveFeatures
from features.newest import NewestPeriod
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()
HORIZON = 2


def with_newest(panel: Panel, seed: int) -> Panel:
    """Returns the panel with other numbers in its newest period, some of them unknown."""
    draws = np.random.default_rng(seed)
    values = {name: counted.copy() for name, counted in panel.values.items()}
    known = panel.known.copy()
    touched = draws.random(len(panel.region_ids)) < 0.5
    known[-1, touched] = draws.random(touched.sum()) < 0.8
    for counted in values.values():
        drawn = draws.poisson(1, touched.sum()).astype(np.float32) / np.float32(3)
        counted[-1, touched] = np.where(known[-1, touched], drawn, np.nan)
    country_values = {name: held.copy() for name, held in panel.country_values.items()}
    for held in country_values.values():
        held[-1] += draws.integers(0, 2, held.shape[1])
    return replace(panel, values=values, known=known, country_values=country_values)


@pytest.mark.parametrize("feature_set", ["all", "wide-1"])
def test_newest_days_have_the_bits_of_a_full_build(panels, feature_set) -> None:
    @settings(max_examples=30, deadline=None)
    @given(
        panel=panels,
        seeds=st.lists(st.integers(0, 2**31), min_size=1, max_size=3),
        few=st.sampled_from((0, 10**6)),
    )
    def check(panel, seeds, few) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("features.members.FEW_CELLS", few)
            live = LiveFeatures(panel, feature_set, DEFINITION, HORIZON)
            for seed in seeds:
                newer = with_newest(panel, seed)
                live.update(newer, find_changes(panel, newer))
                full = build_features(newer, feature_set, DEFINITION, HORIZON)
                for column, name in enumerate(full.names):
                    np.testing.assert_array_equal(
                        live.matrix.raw[:, :, column], full.raw[:, :, column], err_msg=name
                    )
                panel = newer

    check()


def test_the_past_is_looked_up_once_for_as_long_as_it_holds(make_panel, monkeypatch) -> None:
    looked_up = []

    class Counted(NewestPeriod):
        def __init__(self, *arguments) -> None:
            looked_up.append(arguments)
            super().__init__(*arguments)

    monkeypatch.setattr("features.incremental.NewestPeriod", Counted)
    panel = make_panel(n_periods=50, unknown=False)
    live = LiveFeatures(panel, "wide-1", DEFINITION, HORIZON)
    assert not looked_up

    def take_in(row: int) -> None:
        nonlocal panel
        values = {name: counted.copy() for name, counted in panel.values.items()}
        values["deaths"][row, 1] += 3
        newer = replace(panel, values=values)
        live.update(newer, find_changes(panel, newer))
        full = build_features(newer, "wide-1", DEFINITION, HORIZON)
        np.testing.assert_array_equal(live.matrix.raw, full.raw)
        panel = newer

    take_in(-1)
    n_scopes = len(looked_up)
    take_in(-1)
    assert len(looked_up) == n_scopes > 1
    # A late arrival changes the past, so it is looked up again when a newest day comes.
    take_in(-5)
    assert len(looked_up) == n_scopes
    take_in(-1)
    assert len(looked_up) == 2 * n_scopes


@pytest.mark.parametrize("seed", range(5))
def test_many_neighbours_are_added_up_in_the_order_of_a_full_build(make_panel, seed) -> None:
    # From eight terms on numpy may add up in another order, and thirds tell.
    panel = make_panel(n_regions=30, seed=seed, density=0.9, unknown=False, fractions=True)
    assert max(map(len, panel.neighbours)) > 8
    values = {name: counted.copy() for name, counted in panel.values.items()}
    values["deaths"][-1, 3] += np.float32(1 / 3)
    newer = replace(panel, values=values)
    live = LiveFeatures(panel, "wide-1", DEFINITION, HORIZON)
    live.update(newer, find_changes(panel, newer))
    full = build_features(newer, "wide-1", DEFINITION, HORIZON)
    np.testing.assert_array_equal(live.matrix.raw, full.raw)
