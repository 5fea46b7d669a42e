"""Baselines are what their one sentence says, and look at nothing after the origin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.baselines import BASELINES
from models.history import OutcomeHistory, build_history


@pytest.fixture(scope="module", params=[1, 3, 6])
def history(request, panel, settings) -> OutcomeHistory:
    return build_history(panel, settings, request.param)


def test_the_known_baselines_are_all_there():
    assert list(BASELINES) == [
        "zeros",
        "base_rate",
        "climatology",
        "climatology_long",
        "calendar",
        "last_value",
        "conflictology",
        "mean_60",
    ]


@pytest.mark.parametrize("name", list(BASELINES))
def test_nothing_after_the_origin_counts(history, name):
    origin = 120
    later = replace(
        history,
        deaths=np.where(np.arange(len(history.deaths))[:, None] > origin, 999.0, history.deaths),
        thresholds=np.where(
            np.arange(len(history.deaths))[:, None] > origin, 1.0, history.thresholds
        ),
        labels=np.where(
            np.arange(len(history.deaths))[:, None] + history.horizon > origin,
            1 - history.labels,
            history.labels,
        ),
    )
    before, after = BASELINES[name](history, origin), BASELINES[name](later, origin)
    assert before.shape == (len(history.region_ids),)
    assert ((before >= 0) & (before <= 1)).all()
    assert before.tolist() == after.tolist()


def test_the_newest_closed_window_counts(history):
    origin = 120
    labels = history.labels.copy()
    labels[origin - history.horizon] = 1 - labels[origin - history.horizon]
    changed = replace(history, labels=labels)
    for name in ("base_rate", "climatology"):
        assert (BASELINES[name](history, origin) != BASELINES[name](changed, origin)).any()


def test_climatology_by_hand(history):
    origin = 150
    end = origin - history.horizon + 1
    recent = history.labels[end - 60 : end]
    base = recent.mean()
    expected = (recent.sum(axis=0) + 2 * base) / (60 + 2)
    assert BASELINES["climatology"](history, origin) == pytest.approx(expected)
    assert BASELINES["base_rate"](history, origin) == pytest.approx(np.full(12, base))


def test_calendar_knows_the_month_and_not_the_region(history):
    origin = 150
    end = origin - history.horizon + 1
    rows = np.arange(end - 60, end)
    same = history.labels[rows[rows % 12 == origin % 12]]
    base = history.labels[rows].mean()
    expected = (same.sum() + 2 * base) / (same.size + 2)
    assert BASELINES["calendar"](history, origin) == pytest.approx(np.full(12, expected))


def test_conflictology_counts_the_last_twelve_windows(history):
    origin, h = 150, history.horizon
    for region in range(len(history.region_ids)):
        sums = [
            history.deaths[e - h + 1 : e + 1, region].sum() for e in range(origin - 11, origin + 1)
        ]
        share = np.mean([total >= history.thresholds[origin, region] for total in sums])
        assert BASELINES["conflictology"](history, origin)[region] == pytest.approx(share)
        last = float(sums[-1] >= history.thresholds[origin, region])
        assert BASELINES["last_value"](history, origin)[region] == last


def test_an_unknown_region_takes_the_base_rate(panel, settings, blank_rows):
    history = build_history(blank_rows(panel, 3, 0), settings, 3)
    base = BASELINES["base_rate"](history, 150)[3]
    assert base > 0
    for name in ("climatology", "conflictology"):
        assert BASELINES[name](history, 150)[3] == pytest.approx(base)
    assert BASELINES["last_value"](history, 150)[3] == 0


def test_without_any_closed_window_the_rate_is_zero(history):
    start = replace(history, first_row=0)
    for name in ("base_rate", "climatology", "calendar"):
        assert BASELINES[name](start, 0).tolist() == [0.0] * 12
