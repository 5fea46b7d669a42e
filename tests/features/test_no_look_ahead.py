"""The future changes nothing, and scoring sees the very bits that training saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.panel import Panel
from data.panel.details import ActorActivity
from data.panel.observed import OBSERVED
from features.build import build_features, rows_for_origin
from features.catalogue import CATALOGUE
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()


def with_other_future(panel: Panel, row: int) -> Panel:
    """The panel with all that comes after the row replaced: numbers and what is known."""
    draws = np.random.default_rng(row)

    def altered(values: np.ndarray) -> np.ndarray:
        future = values[row + 1 :]
        other = draws.integers(0, 999, future.shape).astype(np.float32)
        other[draws.random(future.shape) < 0.2] = np.nan
        return np.concatenate([values[: row + 1], other])

    values = {name: altered(counted) for name, counted in panel.values.items()}
    held = {name: altered(counted) for name, counted in panel.country_values.items()}
    known = panel.known.copy()
    known[row + 1 :] = draws.random(known[row + 1 :].shape) < 0.8
    past = panel.actors.row <= row
    future = draws.random((len(panel.region_ids), len(panel.periods) - row - 1)) < 0.5
    cells = np.argwhere(future)
    entries = np.array(
        [
            *zip(
                panel.actors.region[past],
                panel.actors.actor[past],
                panel.actors.row[past],
                panel.actors.n_events[past],
                strict=True,
            ),
            *((region, 9, row + 1 + after, 3) for region, after in cells),
        ],
        np.int64,
    ).reshape(-1, 4)
    region, actor, rows, n_events = entries[np.lexsort(entries[:, 2::-1].T)].T
    actors = ActorActivity(actor=actor, region=region, row=rows, n_events=n_events)
    return replace(panel, values=values, country_values=held, known=known, actors=actors)


def assert_same_bits(first: np.ndarray, second: np.ndarray, names: tuple[str, ...]) -> None:
    assert first.shape == second.shape
    for column, name in enumerate(names):
        one, other = (np.ascontiguousarray(each[:, :, column]) for each in (first, second))
        assert np.array_equal(np.isnan(one), np.isnan(other)), name
        known = ~np.isnan(one)
        assert np.array_equal(one[known].view(np.uint32), other[known].view(np.uint32)), name


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_future_changes_no_indicator(panels, everything, data) -> None:
    panel = data.draw(panels)
    horizon = data.draw(st.sampled_from((1, 3, 6)))
    row = data.draw(st.integers(0, len(panel.periods) - 1))
    before = build_features(panel, everything, DEFINITION, horizon)
    after = build_features(with_other_future(panel, row), everything, DEFINITION, horizon)
    assert_same_bits(before.raw[: row + 1], after.raw[: row + 1], before.names)
    assert_same_bits(before.values[: row + 1], after.values[: row + 1], before.names)


@pytest.mark.parametrize("step", ["month", "week"])
def test_the_other_future_would_be_seen(make_panel, everything, step) -> None:
    panel = make_panel(n_periods=900, n_regions=8, step=step, seed=1, unknown=False, density=0.05)
    other = with_other_future(panel, 700)
    before = build_features(panel, everything, DEFINITION, 3)
    after = build_features(other, everything, DEFINITION, 3)
    for column, name in enumerate(before.names):
        is_same = np.array_equal(
            before.raw[701:, :, column], after.raw[701:, :, column], equal_nan=True
        )
        assert is_same == name.startswith(("season_", "capital_distance", "is_border")), name


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_row_built_for_scoring_is_the_row_built_for_training(panels, everything, data) -> None:
    panel = data.draw(panels)
    horizon = data.draw(st.sampled_from((1, 3, 6)))
    row = data.draw(st.integers(0, len(panel.periods) - 1))
    whole = build_features(panel, everything, DEFINITION, horizon)
    one = rows_for_origin(panel, everything, DEFINITION, horizon, int(panel.periods[row]))
    assert one.periods.tolist() == [panel.periods[row]]
    assert (one.names, one.fingerprint) == (whole.names, whole.fingerprint)
    assert_same_bits(one.raw, whole.raw[row : row + 1], whole.names)
    assert_same_bits(one.values, whole.values[row : row + 1], whole.names)


@pytest.mark.parametrize("n_regions", [1, 7, 37, 300])
@pytest.mark.parametrize("fractions", [True, False])
def test_a_row_is_the_same_at_any_width(make_panel, everything, n_regions, fractions) -> None:
    panel = make_panel(n_periods=80, n_regions=n_regions, seed=n_regions, fractions=fractions)
    whole = build_features(panel, everything, DEFINITION, 3)
    for row in (0, 40, 79):
        one = rows_for_origin(panel, everything, DEFINITION, 3, int(panel.periods[row]))
        assert_same_bits(one.raw, whole.raw[row : row + 1], whole.names)
        assert_same_bits(one.values, whole.values[row : row + 1], whole.names)


@pytest.mark.parametrize("feature_set", ["small-1", "wide-1"])
def test_a_feature_does_not_depend_on_its_set(make_panel, everything, feature_set) -> None:
    panel = make_panel(n_periods=80, seed=3, fractions=True)
    whole = build_features(panel, everything, DEFINITION, 3)
    some = build_features(panel, feature_set, DEFINITION, 3)
    columns = [whole.names.index(name) for name in some.names]
    assert_same_bits(some.raw, whole.raw[:, :, columns], some.names)


@pytest.mark.parametrize("n_regions", [1, 5])
def test_the_panel_is_left_as_it_was(make_panel, everything, n_regions) -> None:
    panel = make_panel(n_periods=70, n_regions=n_regions, seed=9)
    copies = {name: counted.copy() for name, counted in panel.values.items()}
    known = panel.known.copy()
    build_features(panel, everything, DEFINITION, 3)
    rows_for_origin(panel, everything, DEFINITION, 3)
    for name, counted in panel.values.items():
        np.testing.assert_array_equal(counted, copies[name], err_msg=name)
    np.testing.assert_array_equal(panel.known, known)


def test_every_observation_of_others_is_lagged() -> None:
    given = {"population", "poverty_rate", "travel_hours_to_city"}
    for one in CATALOGUE.values():
        if set(one.variables) & (OBSERVED.keys() - given):
            assert one.lag_months >= 1, one.name
