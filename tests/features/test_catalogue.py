"""The catalogue is complete, its sets are fixed, and a fingerprint names what a model was fed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.errors import UnknownName
from data.panel import BASE_VARIABLES, REPORTED_VARIABLES
from data.panel.details import ACTOR_VARIABLES, DETAIL_VARIABLES
from features.build import build_features, feature_fingerprint
from features.catalogue import CATALOGUE, find_indicator, indicators_of
from features.declarations import declare_indicators
from features.feature_sets import DEFAULT_FEATURE_SET, FEATURE_SETS
from features.measures import WindowSeason
from features.outcomes import EscalationDefinition

DEFINITION = EscalationDefinition()


@pytest.mark.parametrize("indicator", CATALOGUE.values(), ids=lambda indicator: indicator.name)
def test_every_indicator_says_what_it_is(indicator) -> None:
    for text in (indicator.label, indicator.unit, indicator.formula, indicator.source):
        assert text.strip() == text != ""
    assert indicator.family
    assert indicator.why.endswith(".")
    assert indicator.label[0].isupper()
    assert indicator.name.isidentifier()
    assert indicator.name == indicator.name.lower()
    assert indicator.transform in ("identity", "log1p", "log")
    for field in ("variable", "part", "whole", "first", "second"):
        variable = getattr(indicator.measure, field, "deaths")
        if isinstance(indicator.measure, WindowSeason):
            continue
        assert variable in (*BASE_VARIABLES, *DETAIL_VARIABLES, *REPORTED_VARIABLES)


def test_names_labels_and_measures_are_unique() -> None:
    declared = list(declare_indicators())
    assert len(declared) == len(CATALOGUE) == 155
    for attribute in ("name", "label", "measure"):
        assert len({getattr(one, attribute) for one in declared}) == len(declared), attribute


def test_feature_sets_name_indicators_once() -> None:
    assert DEFAULT_FEATURE_SET in FEATURE_SETS
    for names in FEATURE_SETS.values():
        assert len(set(names)) == len(names)
        assert set(names) <= set(CATALOGUE)
    assert len(FEATURE_SETS["small-1"]) == 17
    assert len(FEATURE_SETS["wide-1"]) == 76
    with pytest.raises(UnknownName):
        indicators_of("small")


@pytest.mark.parametrize(
    ("feature_set", "expected"),
    [("small-1", "c06ddb0f3efffb57"), ("wide-1", "cff079d7075394a9")],
)
def test_a_feature_set_never_changes_under_its_name(feature_set, expected) -> None:
    """If this fails, models in service are refused: give the changed set a new name."""
    assert feature_fingerprint(feature_set, "month", DEFINITION, 3)[:16] == expected


def test_a_fingerprint_tells_matrices_apart() -> None:
    base = ("small-1", "month", DEFINITION, 3)
    others = [
        ("wide-1", "month", DEFINITION, 3),
        ("small-1", "week", DEFINITION, 3),
        ("small-1", "month", EscalationDefinition(floor=25), 3),
        ("small-1", "month", DEFINITION, 6),
    ]
    fingerprints = {feature_fingerprint(*arguments) for arguments in (base, *others)}
    assert len(fingerprints) == 5


def test_a_matrix_describes_its_columns(make_panel) -> None:
    panel = make_panel(n_periods=50, n_regions=4, seed=6)
    matrix = build_features(panel, "small-1", DEFINITION, 3)
    assert matrix.raw.shape == matrix.values.shape == (50, 4, 17)
    assert matrix.raw.dtype == matrix.values.dtype == np.float32
    assert matrix.names == FEATURE_SETS["small-1"]
    assert matrix.labels == tuple(CATALOGUE[name].label for name in matrix.names)
    assert matrix.units == tuple(CATALOGUE[name].unit for name in matrix.names)
    assert matrix.fingerprint == feature_fingerprint("small-1", "month", DEFINITION, 3)


def test_the_model_sees_the_declared_transform(make_panel, everything) -> None:
    matrix = build_features(make_panel(n_periods=80, seed=8), everything, DEFINITION, 3)
    functions = {"identity": lambda value: value, "log1p": np.log1p, "log": np.log}
    assert set(matrix.transforms) == set(functions)
    for column, transform in enumerate(matrix.transforms):
        natural = matrix.raw[:, :, column].astype(np.float64)
        np.testing.assert_allclose(
            matrix.values[:, :, column], functions[transform](natural), rtol=1e-5, atol=1e-6
        )


def test_parts_of_the_input_have_the_bits_and_the_layout_of_the_whole(
    make_panel, everything
) -> None:
    matrix = build_features(
        make_panel(n_periods=80, n_regions=7, seed=8), everything, DEFINITION, 3
    )
    row, region = np.nonzero(np.random.default_rng(1).random((80, 7)) < 0.3)
    picked, whole = matrix.pick(row, region), matrix.values[row, region]
    np.testing.assert_array_equal(picked.view(np.uint32), whole.view(np.uint32))
    assert picked.strides == whole.strides
    for column in range(len(matrix.names)):
        own = matrix.column(column, first_row=31)
        expected = np.ascontiguousarray(matrix.values[31:, :, column])
        np.testing.assert_array_equal(own.view(np.uint32), expected.view(np.uint32))


def test_no_value_is_infinite(make_panel, everything) -> None:
    matrix = build_features(make_panel(n_periods=80, seed=8), everything, DEFINITION, 1)
    assert not np.isinf(matrix.raw).any()
    assert not np.isinf(matrix.values).any()


def test_families_can_be_added_to_a_set_for_a_trial() -> None:
    names = [one.name for one in indicators_of("small-1+tempo+contested-reports")]
    assert names[:17] == list(FEATURE_SETS["small-1"])
    added = {CATALOGUE[name].family for name in names[17:]}
    assert added == {"tempo", "contested reports"}
    assert len(set(names)) == len(names)
    assert len(indicators_of("wide-1+decays")) == 76
    with pytest.raises(UnknownName, match="no-such-family"):
        indicators_of("small-1+no-such-family")


def test_all_is_the_whole_catalogue() -> None:
    assert indicators_of("all") == tuple(CATALOGUE.values())


def test_a_wrong_name_is_told_what_is_near() -> None:
    assert find_indicator("deaths_12m").unit == "deaths"
    with pytest.raises(UnknownName, match="deaths_12m"):
        find_indicator("deaths12m")


@pytest.mark.parametrize(
    ("name", "window", "variables"),
    [
        ("deaths_1m", "1 month", ("deaths",)),
        ("deaths_decay_3m", "all the past, half-life 3 months", ("deaths",)),
        ("events_trend_3m_12m", "3 and 12 months", ("events",)),
        ("one_sided_share_3m", "3 months", ("events_one_sided", "events")),
        ("front_advance_3m", "3 months, against 3 months before", ()),
        ("rainfall_anomaly", "one period", ("rainfall_anomaly",)),
        ("persons_displaced_3m", "3 months, up to 1 month ago", ("persons_displaced_3m",)),
        ("outside_force_departure_12m", "12 months, and as many before", ("events_outside_force",)),
        ("season_sin", "as long as the horizon", ()),
        ("capital_distance", "none", ()),
    ],
)
def test_an_indicator_says_how_far_back_it_looks(name, window, variables) -> None:
    assert CATALOGUE[name].window == window
    assert CATALOGUE[name].variables == variables


def test_what_hangs_on_the_table_of_actors_is_known(make_panel):
    """Other names of actors move only indicators that say so; of all others nothing."""
    panel = make_panel(seed=5)
    draws = np.random.default_rng(2)
    other = {
        name: panel.values[name] + draws.integers(1, 9, panel.values[name].shape).astype(np.float32)
        for name in ACTOR_VARIABLES
    }
    activity = replace(panel.actors, n_events=panel.actors.n_events + 7)
    before, after = (
        build_features(one, "all", EscalationDefinition(), 3)
        for one in (panel, replace(panel, values=panel.values | other, actors=activity))
    )
    moved = {
        name
        for number, name in enumerate(before.names)
        if not np.array_equal(before.raw[:, :, number], after.raw[:, :, number], equal_nan=True)
    }
    assert moved
    assert moved <= {one.name for one in CATALOGUE.values() if one.reads_actors}
    assert not any(one.reads_actors for one in indicators_of("small-1"))
