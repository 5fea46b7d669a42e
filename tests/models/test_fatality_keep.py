"""A kept forecast is the fresh one, bit for bit, and belongs to its inputs alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.fatalities.keep import hash_inputs, pack_release, unpack_release
from models.fatalities.release import HORIZONS, FatalityRelease


@pytest.fixture(scope="module")
def release():
    generator = np.random.default_rng(5)

    def draw():
        values = np.sort(generator.gamma(1, 9, (4, 19)), axis=-1)
        values[2] = np.nan
        return values

    return FatalityRelease(
        region_ids=("a", "é", "c", "d"),
        quantiles={horizon: draw() for horizon in HORIZONS},
        baseline=draw(),
        passed=True,
        reason="No sharper, but \u00ab better \u00bb.",
        record={"crps": 1 / 3, "gain": {"value": 0.1, "low": None, "high": 0.1 + 0.2}},
    )


def test_what_is_kept_comes_back_bit_for_bit(release):
    found = unpack_release(pack_release(release))
    assert found.baseline.tobytes() == release.baseline.tobytes()
    assert list(found.quantiles) == list(HORIZONS)
    for horizon, values in release.quantiles.items():
        assert found.quantiles[horizon].tobytes() == values.tobytes()
        assert found.quantiles[horizon].dtype == np.float64
    told = ("region_ids", "passed", "reason", "record")
    assert [getattr(found, name) for name in told] == [getattr(release, name) for name in told]


def test_damaged_bytes_are_nothing(release):
    body = pack_release(release)
    generator = np.random.default_rng(6)
    assert unpack_release(b"") is None
    for cut in (1, 100, len(body) // 2, len(body) - 1):
        assert unpack_release(body[:cut]) is None
    for at in generator.integers(0, len(body), 200):
        altered = bytearray(body)
        altered[at] ^= 0xFF
        assert unpack_release(bytes(altered)) is None


def test_whatever_the_forecast_hangs_on_changes_the_hash(panel, settings):
    hashes = {hash_inputs(panel, settings), hash_inputs(replace(panel), settings)}
    assert len(hashes) == 1
    deaths = panel.values["deaths"].copy()
    deaths[3, 1] += 1
    known = panel.known.copy()
    known[-1, 0] = False
    others = [
        replace(panel, values={**panel.values, "deaths": deaths}),
        replace(panel, known=known),
        replace(panel, periods=panel.periods - 1),
        replace(panel, region_ids=("other", *panel.region_ids[1:])),
        replace(panel, step="week"),
    ]
    hashes |= {hash_inputs(other, settings) for other in others}
    for changes in ({"seed": 99}, {"train_from": "1999-01"}, {"bootstrap_draws": 77}):
        hashes.add(hash_inputs(panel, settings.model_copy(update=changes)))
    assert len(hashes) == 1 + len(others) + 3


def test_another_version_of_the_code_changes_the_hash(panel, settings, monkeypatch):
    before = hash_inputs(panel, settings)
    monkeypatch.setattr("models.fatalities.keep._hash_code", lambda: "other")
    assert hash_inputs(panel, settings) != before
