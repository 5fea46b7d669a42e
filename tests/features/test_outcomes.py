"""Escalation: thresholds and labels against exact rational arithmetic, and their edges."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.calendar import months_to_periods
from data.errors import UsageError
from features.outcomes import EscalationDefinition, escalation_thresholds, reach_labels

DEFAULT = EscalationDefinition()


def exact_threshold(deaths, known, row, region, horizon, definition, step) -> Fraction | None:
    """The definition word by word, in fractions; None where there is no threshold."""
    year, history = months_to_periods(12, step), months_to_periods(36, step)
    past = range(row - history + 1, row + 1)
    if past[0] < 0 or not all(known[period, region] for period in past):
        return None
    counts = [int(deaths[period, region]) for period in past]
    mean = Fraction(sum(counts[-year:]), year)
    sums = sorted(
        sum(counts[start : start + horizon]) for start in range(len(counts) - horizon + 1)
    )
    place = Fraction(str(definition.quantile)) * (len(sums) - 1)
    lower = math.floor(place)
    upper = min(lower + 1, len(sums) - 1)
    quantile = sums[lower] + (place - lower) * (sums[upper] - sums[lower])
    multiple = Fraction(str(definition.multiple))
    return max(multiple * horizon * mean, quantile, Fraction(str(definition.floor)))


def exact_label(deaths, known, row, region, horizon, definition, step) -> float:
    threshold = exact_threshold(deaths, known, row, region, horizon, definition, step)
    window = range(row + 1, row + horizon + 1)
    if threshold is None or window[-1] >= len(deaths):
        return math.nan
    if not all(known[period, region] for period in window):
        return math.nan
    return float(sum(int(deaths[period, region]) for period in window) >= threshold)


definitions = st.builds(
    EscalationDefinition,
    multiple=st.sampled_from((1.0, 1.5, 2.0)),
    quantile=st.sampled_from((0.0, 0.5, 0.9, 0.95, 1.0)),
    floor=st.sampled_from((1, 5, 10)),
)


def escalation_labels(deaths, known, horizon, definition, step) -> np.ndarray:
    thresholds = escalation_thresholds(deaths, known, horizon, definition, step)
    counted = np.where(known, deaths, np.nan).astype(np.float64)
    return reach_labels(counted, horizon, thresholds)


@settings(max_examples=60, deadline=None)
@given(
    definition=st.one_of(st.just(DEFAULT), definitions),
    horizon=st.sampled_from((1, 2, 3, 6, 12, 36)),
    step=st.sampled_from(("month", "month", "week")),
    seed=st.integers(0, 2**31),
    mean=st.sampled_from((0.3, 3.0, 30.0)),
    length=st.integers(1, 60),
    has_gap=st.booleans(),
)
def test_escalation_equals_exact_arithmetic(
    definition, horizon, step, seed, mean, length, has_gap
) -> None:
    draws = np.random.default_rng(seed)
    n_periods = length if step == "month" else 100 + 2 * length
    deaths = draws.poisson(draws.gamma(0.5, 2 * mean, (n_periods, 3))).astype(np.float32)
    known = np.ones(deaths.shape, np.bool_)
    if has_gap:
        known[draws.integers(0, n_periods), 0] = False
        deaths[~known] = np.nan
    thresholds = escalation_thresholds(deaths, known, horizon, definition, step)
    labels = escalation_labels(deaths, known, horizon, definition, step)
    assert thresholds.dtype == np.float64
    assert labels.dtype == np.float64
    for row in range(max(0, n_periods - 25), n_periods):
        for region in range(3):
            arguments = (deaths, known, row, region, horizon, definition, step)
            threshold = exact_threshold(*arguments)
            if threshold is None:
                assert math.isnan(thresholds[row, region])
            else:
                assert thresholds[row, region] == pytest.approx(float(threshold), abs=1e-6)
            np.testing.assert_equal(float(labels[row, region]), exact_label(*arguments))


def constant(level: float, n_periods: int = 40) -> tuple[np.ndarray, np.ndarray]:
    deaths = np.full((n_periods, 1), level, np.float32)
    return deaths, np.ones(deaths.shape, np.bool_)


@pytest.mark.parametrize(
    ("level", "horizon", "expected"),
    [
        (0, 1, 10),  # the floor keeps 0 to 1 from counting
        (2, 3, 10),  # 1.5 * 3 * 2 = 9 is still below it
        (4, 3, 18),  # 1.5 times the mean of the year
        (100, 6, 900),
    ],
)
def test_thresholds_of_a_steady_region(level, horizon, expected) -> None:
    thresholds = escalation_thresholds(*constant(level), horizon, DEFAULT, "month")
    assert np.isnan(thresholds[:35]).all()
    assert (thresholds[35:] == expected).all()


def test_an_old_burst_raises_the_bar_by_the_quantile_until_it_is_36_months_old() -> None:
    deaths, known = constant(0, 80)
    deaths[10:15] = 50
    thresholds = escalation_thresholds(deaths, known, 1, DEFAULT, "month")[:, 0]
    # The quantile lies half-way between the 32nd and the 33rd of 36 sums in order: with five, four
    # and three sums of 50 among them it is 50, 25 and 0.
    assert thresholds[45:48].tolist() == [50, 25, 10]


def test_a_sum_that_equals_the_threshold_counts() -> None:
    deaths, known = constant(0)
    deaths[39] = 10
    labels = escalation_labels(deaths, known, 1, DEFAULT, "month")[:, 0]
    assert labels[38] == 1
    deaths[39] = 9
    assert escalation_labels(deaths, known, 1, DEFAULT, "month")[38, 0] == 0
    assert np.isnan(labels[39])
    assert np.isnan(labels[34])


def test_a_tie_with_an_interpolated_quantile_does_not_hang_on_the_last_bit() -> None:
    deaths, known = constant(0)
    deaths[[5, 10]] = 20
    deaths[37] = 12
    # Four of 35 sums of two months are 20, and 0.6 of the way from 0 to 20 lies the quantile, 12;
    # in binary floating point that way is a little longer.
    assert escalation_thresholds(deaths, known, 2, DEFAULT, "month")[36, 0] == 12
    assert escalation_labels(deaths, known, 2, DEFAULT, "month")[36, 0] == 1


def test_one_unknown_month_leaves_no_threshold_for_three_years() -> None:
    deaths, known = constant(3, 100)
    known[40] = False
    thresholds = escalation_thresholds(deaths, known, 1, DEFAULT, "month")[:, 0]
    assert np.flatnonzero(np.isnan(thresholds)).tolist() == [*range(35), *range(40, 76)]


def test_a_number_where_nothing_is_known_is_not_used() -> None:
    deaths, known = constant(3, 60)
    known[45] = False
    deaths[45] = 1e6
    expected = escalation_labels(np.where(known, deaths, np.nan), known, 3, DEFAULT, "month")
    found = escalation_labels(deaths, known, 3, DEFAULT, "month")
    np.testing.assert_array_equal(found, expected)
    assert np.isnan(found[42:45]).all()


def test_blocks_of_regions_do_not_matter(monkeypatch) -> None:
    deaths = np.random.default_rng(5).poisson(6, (60, 7)).astype(np.float32)
    known = np.ones(deaths.shape, np.bool_)
    whole = escalation_thresholds(deaths, known, 3, DEFAULT, "month")
    monkeypatch.setattr("features.outcomes._REGIONS_AT_ONCE", 2)
    monkeypatch.setattr("features.outcomes._QUANTILES_AT_ONCE", 3)
    np.testing.assert_array_equal(escalation_thresholds(deaths, known, 3, DEFAULT, "month"), whole)


@pytest.mark.parametrize(("horizon", "step"), [(0, "month"), (37, "month"), (158, "week")])
def test_a_horizon_beyond_the_history_is_refused(horizon, step) -> None:
    with pytest.raises(UsageError, match=f"horizon of {horizon} {step}s"):
        escalation_thresholds(*constant(0), horizon, DEFAULT, step)


@pytest.mark.parametrize(
    "numbers", [{"multiple": -1}, {"quantile": 1.1}, {"quantile": math.nan}, {"floor": 0}]
)
def test_a_definition_without_sense_is_refused(numbers) -> None:
    with pytest.raises(UsageError):
        EscalationDefinition(**numbers)


def test_the_version_names_the_numbers() -> None:
    assert DEFAULT.version == EscalationDefinition(1.5, 0.9, 10.0).version == "escalation-1"
    versions = {
        EscalationDefinition(multiple=2).version,
        EscalationDefinition(quantile=0.8).version,
        EscalationDefinition(floor=25).version,
    }
    assert len(versions) == 3
    assert all(version.startswith("escalation-1-") for version in versions)
    assert EscalationDefinition(floor=25).version == EscalationDefinition(floor=25.0).version
