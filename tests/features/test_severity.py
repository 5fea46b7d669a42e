"""Severe violence and its onset, against slow loops."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import UsageError
from features.outcomes import reach_labels
from features.severity import (
    OnsetDefinition,
    SevereDefinition,
    onset_thresholds,
    severe_thresholds,
)

N_PERIODS, N_REGIONS = 90, 6


@pytest.fixture(scope="module")
def counted() -> np.ndarray:
    generator = np.random.default_rng(5)
    deaths = generator.poisson(2.0, (N_PERIODS, N_REGIONS)).astype(np.float64)
    deaths[generator.random(deaths.shape) < 0.05] += 25
    deaths[10, 1] = np.nan
    deaths[80:, 2] = np.nan
    return deaths


@pytest.mark.parametrize("horizon", [1, 3, 6, 12, 18])
def test_onset_and_severe_by_hand(counted, horizon):
    severe = severe_thresholds(counted, horizon, SevereDefinition(), "month")
    onset = onset_thresholds(counted, horizon, OnsetDefinition(), "month")
    labels = reach_labels(counted, horizon, severe)
    n_onsets = 0
    for row in range(N_PERIODS):
        for region in range(N_REGIONS):
            past = counted[max(0, row - 35) : row + 1, region]
            has_history = len(past) == 36 and not np.isnan(past).any()
            assert np.isfinite(severe[row, region]) == has_history
            if not has_history:
                assert np.isnan(onset[row, region])
                continue
            assert severe[row, region] == 25
            window = min(horizon, 12)
            year = [past[end - window : end].sum() for end in range(24 + window, 37)]
            assert np.isfinite(onset[row, region]) == (max(year) < 25)
            n_onsets += np.isfinite(onset[row, region])
            after = counted[row + 1 : row + 1 + horizon, region]
            if len(after) < horizon or np.isnan(after).any():
                assert np.isnan(labels[row, region])
            else:
                assert labels[row, region] == (after.sum() >= 25)
    assert n_onsets > 0 or horizon > 6


def test_a_sum_that_equals_the_bar_counts():
    deaths = np.zeros((40, 1))
    deaths[37:39] = 12.5
    severe = severe_thresholds(deaths, 2, SevereDefinition(), "month")
    assert reach_labels(deaths, 2, severe)[36, 0] == 1
    assert reach_labels(deaths, 2, severe)[37, 0] == 0


def test_the_version_names_the_numbers():
    assert SevereDefinition().version == "severe-1"
    assert OnsetDefinition(25.0, 12).version == "onset-1"
    assert SevereDefinition(30).version.startswith("severe-1-")
    assert OnsetDefinition(25, 24).version != OnsetDefinition(25, 18).version


@pytest.mark.parametrize(
    "make",
    [
        lambda: SevereDefinition(0),
        lambda: OnsetDefinition(-1),
        lambda: OnsetDefinition(25, 0),
        lambda: OnsetDefinition(25, 37),
        lambda: severe_thresholds(np.zeros((40, 1)), 37, SevereDefinition(), "month"),
    ],
)
def test_what_makes_no_outcome_is_refused(make):
    with pytest.raises(UsageError):
        make()
