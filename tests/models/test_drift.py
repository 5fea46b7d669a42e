"""Drift of inputs: silent on more of the same, loud where an input has moved or is missing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.drift import describe_inputs, judge_drift, measure_inputs
from models.sequential import CalibrationTest


def psi_by_hand(recent, training, edges, n_recent, n_training):
    """The index bin by bin, the last bin for what is missing."""
    total, n_bins = 0.0, len(edges) + 2
    for at in range(n_bins):
        shares = []
        for values, n in ((recent, n_recent), (training, n_training)):
            if at == n_bins - 1:
                inside = np.isnan(values)
            else:
                low = -np.inf if at == 0 else edges[at - 1]
                high = np.inf if at == len(edges) else edges[at]
                inside = (values >= low) & (values < high)
            shares.append((inside.mean() * n + 0.5) / (n + 0.5 * n_bins))
        total += (shares[0] - shares[1]) * np.log(shares[0] / shares[1])
    return total


def test_the_index_is_the_sum_over_bins_and_missing_is_one():
    generator = np.random.default_rng(2)
    values = generator.gamma(1.0, 1.0, (60, 20, 2)).astype(np.float32)
    values[:, :, 1] = np.round(values[:, :, 1])
    values[generator.random(values.shape) < 0.1] = np.nan
    for column, one in enumerate(
        json.loads(json.dumps(describe_inputs(("a", "b"), np.moveaxis(values, 2, 0), 12)))
    ):
        own = values[:, :, column].astype(float)
        assert sum(one["shares"]) == pytest.approx(1)
        assert len(one["shares"]) == len(one["edges"]) + 2 <= 11
        expected = psi_by_hand(own[-12:].ravel(), own.ravel(), one["edges"], 20, 100)
        assert one["psi_of_last_year"] == pytest.approx(expected)


def test_the_panel_that_a_model_was_trained_on_has_not_drifted(panel, trained, settings):
    inputs = measure_inputs(panel, trained.manifest, settings)
    assert {one.horizon for one in inputs} == set(settings.horizons)
    assert not [one for one in inputs if one.is_drifted]
    gaps = [one.limit - one.psi for one in inputs]
    assert gaps == sorted(gaps)


def test_a_source_that_counts_otherwise_has_drifted(panel, trained, settings):
    values = {**panel.values, "deaths": panel.values["deaths"].copy()}
    values["deaths"][-24:] = 5 + 40 * values["deaths"][-24:]
    inputs = measure_inputs(replace(panel, values=values), trained.manifest, settings)
    drifted = {one.feature for one in inputs if one.is_drifted}
    assert "deaths_3m" in drifted
    assert not any(name.startswith(("events", "season")) for name in drifted)
    verdict = judge_drift(inputs, {})
    assert verdict.is_drifted
    assert len(verdict.reasons) == len(drifted)
    assert "deaths_3m has moved" in " ".join(verdict.reasons)


def test_a_model_that_does_not_say_what_it_was_trained_on_has_no_verdict(panel, trained, settings):
    horizons = {
        name: {key: value for key, value in one.items() if key != "inputs"}
        for name, one in trained.manifest["horizons"].items()
    }
    manifest = {**trained.manifest, "horizons": horizons}
    assert measure_inputs(panel, manifest, settings) == ()
    assert not judge_drift((), {}).is_drifted


def test_evidence_against_calibration_is_a_reason():
    weak = CalibrationTest(99.0, 30, 900, "the outcome comes more often than forecast")
    assert not judge_drift((), {1: weak}).is_drifted
    verdict = judge_drift((), {1: weak, 3: replace(weak, e_value=120.0)})
    assert verdict.reasons == (
        "At horizon 3, the outcome comes more often than forecast: the evidence against "
        "calibration is 120 to 1 over 30 periods.",
    )
