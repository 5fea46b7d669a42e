"""What is not known stays missing, what is known to be nothing is exactly nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.errors import StateError, UnknownName, UsageError
from data.panel.kinds import WITHOUT_VIOLENCE
from features.build import build_features, rows_for_origin
from features.catalogue import CATALOGUE
from features.measures import (
    CountrySum,
    EstimateGap,
    Exposure,
    NeighbourMax,
    NeighbourMean,
    NeighbourSum,
    WindowSum,
)
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()
NAN = np.nan


def column(panel, name: str, feature_set: str = "wide-1", horizon: int = 3) -> np.ndarray:
    matrix = build_features(panel, feature_set, DEFINITION, horizon)
    return matrix.raw[:, :, matrix.names.index(name)]


def missing_rows(values: np.ndarray) -> list[int]:
    return np.flatnonzero(np.isnan(values)).tolist()


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("deaths_1m", 1),
        ("deaths_3m", 3),
        ("deaths_12m", 12),
        ("deaths_24m", 24),
        ("deaths_decay_1m", 3),
        ("deaths_decay_3m", 9),
        ("deaths_decay_12m", 36),
        ("estimate_gap_12m", 12),
        ("country_deaths_12m", 12),
        ("escalation_threshold", 36),
        ("threshold_over_current", 36),
    ],
)
def test_an_unknown_period_is_missing_in_every_window_that_holds_it(
    make_deaths_panel, name, window
) -> None:
    deaths = np.ones((100, 1))
    deaths[50] = NAN
    expected = [*range(window - 1), *range(50, 50 + window)]
    assert missing_rows(column(make_deaths_panel(deaths), name)[:, 0]) == expected


def test_months_since_ends_at_an_unknown_period_or_at_the_cap(make_deaths_panel) -> None:
    deaths = np.zeros((150, 1))
    deaths[5] = 2
    deaths[80] = NAN
    since = column(make_deaths_panel(deaths), "months_since_death")[:, 0]
    assert missing_rows(since) == [0, 1, 2, 3, 4, *range(80, 140)]
    assert since[[5, 6, 64, 65, 70, 79, 140, 149]].tolist() == [0, 1, 59, 60, 60, 60, 60, 60]


def test_months_since_in_weeks_is_in_months(make_deaths_panel) -> None:
    deaths = np.zeros((20, 1))
    deaths[3] = 1
    since = column(make_deaths_panel(deaths, step="week"), "months_since_death")[:, 0]
    assert since[16] == pytest.approx(13 * 7 / 30.4375)


def test_a_quiet_window_is_exactly_zero_after_any_burst(make_panel, everything) -> None:
    panel = make_panel(n_periods=200, density=0.9, unknown=False, fractions=True, seed=2)
    for counted in (*panel.values.values(), *panel.country_values.values()):
        counted[100:] = 0
    matrix = build_features(panel, everything, DEFINITION, 3)
    quiet = matrix.raw[100 + 24 :]
    sums = (WindowSum, NeighbourMean, NeighbourSum, NeighbourMax, CountrySum, EstimateGap, Exposure)
    for position, name in enumerate(matrix.names):
        if isinstance(CATALOGUE[name].measure, sums):
            known = quiet[:, :, position][~np.isnan(quiet[:, :, position])]
            assert (known == 0).all(), name
            assert len(known), name


def test_a_region_without_neighbours_has_no_neighbour_indicators(make_panel) -> None:
    panel = replace(make_panel(n_regions=3, unknown=False), neighbours=((1,), (0,), ()))
    matrix = build_features(panel, "wide-1", DEFINITION, 3)
    names = [name for name in matrix.names if name.startswith("neighbour_")]
    assert len(names) == 12
    for name in names:
        values = matrix.raw[:, :, matrix.names.index(name)]
        assert np.isnan(values[:, 2]).all(), name
        assert np.isfinite(values[30:, :2]).all(), name


def test_an_unknown_neighbour_is_not_a_quiet_one(make_deaths_panel) -> None:
    deaths = np.full((40, 3), 6.0)
    deaths[:, 1] = NAN
    deaths[:, 2] = 0
    panel = replace(make_deaths_panel(deaths), neighbours=((1, 2), (0, 2), (0, 1)))
    assert np.isnan(column(panel, "neighbour_deaths_sum_12m")[:, [0, 2]]).all()
    assert column(panel, "neighbour_deaths_sum_12m")[20, 1] == 72
    assert column(panel, "neighbour_deaths_mean_3m")[20].tolist() == [0, 9, 18]
    assert column(panel, "neighbour_deaths_max_3m")[20].tolist() == [0, 18, 18]


def test_what_is_held_at_country_level_counts_in_the_country_only(make_deaths_panel) -> None:
    panel = make_deaths_panel(np.full((40, 4), 1.0))
    panel.country_values["deaths"][39, 1] = 100
    assert column(panel, "country_deaths_3m")[39].tolist() == [6, 106, 6, 106]
    assert column(panel, "deaths_3m")[39].tolist() == [3, 3, 3, 3]


def test_a_share_of_no_deaths_is_missing(make_deaths_panel) -> None:
    deaths = np.zeros((40, 2))
    deaths[30, 0] = 4
    panel = make_deaths_panel(deaths)
    panel.values["deaths_coarse"][30, 0] = 1
    share = column(panel, "coarse_share_12m")
    assert share[39, 0] == 0.25
    assert np.isnan(share[39, 1])


def test_season_is_never_missing(make_panel) -> None:
    matrix = build_features(make_panel(seed=1), "small-1", DEFINITION, 6)
    seasons = [matrix.names.index(name) for name in matrix.names if name.startswith("season")]
    assert len(seasons) == 3
    assert np.isfinite(matrix.raw[:, :, seasons]).all()


def test_a_panel_without_a_variable_is_our_own_fault(make_panel) -> None:
    panel = make_panel()
    lacking = {name: array for name, array in panel.values.items() if name != "events"}
    with pytest.raises(StateError, match="events"):
        build_features(replace(panel, values=lacking), "small-1", DEFINITION, 1)


def test_what_cannot_be_built_is_refused(make_panel) -> None:
    panel = make_panel()
    with pytest.raises(UnknownName, match="small-1"):
        build_features(panel, "no-such-set", DEFINITION, 1)
    with pytest.raises(UsageError, match="horizon"):
        build_features(panel, "small-1", DEFINITION, 0)
    for origin in (int(panel.periods[0]) - 1, int(panel.periods[-1]) + 1):
        with pytest.raises(UsageError, match="outside the panel"):
            rows_for_origin(panel, "small-1", DEFINITION, 1, origin)


def test_the_default_origin_is_the_last_known_period(make_deaths_panel) -> None:
    deaths = np.ones((40, 2))
    deaths[39] = NAN
    deaths[38, 0] = NAN
    panel = make_deaths_panel(deaths)
    row = rows_for_origin(panel, "small-1", DEFINITION, 1)
    assert row.periods.tolist() == [panel.periods[38]]
    assert np.isnan(row.raw[0, 0, 0])
    assert row.raw[0, 1, 0] == 1


def test_what_is_no_violence_moves_the_indicators_of_looting_and_control_alone(make_panel):
    """Outcomes and labels read deaths, which strategic developments never touch."""
    panel = make_panel(seed=3)
    draws = np.random.default_rng(1)
    altered = {
        name: panel.values[name] + draws.integers(1, 9, panel.values[name].shape).astype(np.float32)
        for name in WITHOUT_VIOLENCE
    }
    before, after = (
        build_features(one, "all", DEFINITION, 3)
        for one in (panel, replace(panel, values=panel.values | altered))
    )
    moved = {
        name
        for number, name in enumerate(before.names)
        if not np.array_equal(before.raw[:, :, number], after.raw[:, :, number], equal_nan=True)
    }
    assert moved == {
        name for name in before.names if name.startswith(tuple(f"{v}_" for v in WITHOUT_VIOLENCE))
    }
    assert len(moved) == 6
