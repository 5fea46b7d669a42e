"""Scores of published quantiles: against the integral, against draws, and with gaps in the data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.fatalities.measures import crps, quantile_crps
from models.fatalities.names import QUANTILES
from models.fatalities.period import draw_conflictology
from models.fatalities.units import series_of
from models.fatalities.verification import PublishedDeaths, measure_deaths, verify_deaths

EARLY, LATE = date(2000, 1, 1), date(2100, 1, 1)


def test_quantiles_score_as_their_pinball_losses_one_by_one():
    generator = np.random.default_rng(4)
    quantiles = np.sort(generator.gamma(0.5, 20, (50, 19)), axis=-1)
    observed = generator.gamma(0.5, 20, 50)
    expected = []
    for row, came in zip(quantiles, observed, strict=True):
        losses = [
            level * (came - q) if came >= q else (1 - level) * (q - came)
            for level, q in zip(QUANTILES, row, strict=True)
        ]
        expected.append(2 * sum(losses) / len(losses))
    np.testing.assert_allclose(quantile_crps(quantiles, QUANTILES, observed), expected)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_many_quantiles_score_as_the_draws_themselves(seed):
    generator = np.random.default_rng(seed)
    draws = np.sort(generator.gamma(0.5, 20, (3, 400)), axis=-1)
    observed = generator.gamma(0.5, 20, 3)
    levels = tuple((np.arange(400) + 0.5) / 400)
    np.testing.assert_allclose(
        quantile_crps(draws, levels, observed), crps(draws, observed), rtol=0.02, atol=0.02
    )


def forecast(panel, region, horizon, origin_row, **changes):
    made = PublishedDeaths(
        publication_id=1,
        region_id=panel.region_ids[region],
        horizon=horizon,
        origin=int(panel.periods[origin_row]),
        published_on=EARLY,
        quantiles=tuple(float(at) for at in range(19)),
        is_model=True,
    )
    return replace(made, **changes)


def test_each_forecast_is_held_against_its_own_period(panel):
    last = len(panel.periods) - 1
    forecasts = [
        forecast(panel, region, horizon, last - 14, published_on=LATE if region else EARLY)
        for region in range(3)
        for horizon in (1, 5, 14)
    ]
    found = verify_deaths(forecasts, panel)
    assert [one.key for one in found] == [one.key for one in forecasts]
    series = series_of(panel, "region")
    past = draw_conflictology(series, last - 14)
    for one in found:
        region = panel.region_ids.index(one.region_id)
        deaths = panel.values["deaths"][last - 14 + one.horizon, region]
        assert one.deaths == pytest.approx(deaths, abs=0.005)
        assert one.is_live is (region == 0)
        assert (one.in_50, one.in_90) == (4 <= one.deaths <= 14, 0 <= one.deaths <= 18)
        assert one.width_90 == 18
        low, high = np.quantile(past[region], [0.05, 0.95])
        assert one.conflictology_width_90 == pytest.approx(high - low, abs=0.011)
        assert one.conflictology_in_90 is bool(np.round(low, 2) <= one.deaths <= np.round(high, 2))


def test_what_is_not_known_is_not_scored(panel):
    last = len(panel.periods) - 1
    asked = [
        forecast(panel, 0, 1, last),
        forecast(panel, 0, 1, 5),
        forecast(panel, 0, 1, last - 2, region_id="nowhere"),
        forecast(panel, 0, 1, 0, origin=int(panel.periods[0]) - 5),
    ]
    assert verify_deaths(asked, panel) == ()
    known = panel.known.copy()
    known[last - 1, 0] = known[last - 6, 1] = False
    holed = replace(panel, known=known)
    # The period itself of region 0, one of the twelve before it of region 1.
    asked = [forecast(panel, region, 1, last - 2) for region in range(3)]
    assert [one.region_id for one in verify_deaths(asked, holed)] == [panel.region_ids[2]]


def test_of_several_with_one_origin_the_first_published_counts(panel):
    last = len(panel.periods) - 1
    later = forecast(panel, 0, 1, last - 1, published_on=LATE, publication_id=1)
    first = forecast(panel, 0, 1, last - 1, publication_id=2)
    (found,) = verify_deaths([later, first], panel)
    assert (found.publication_id, found.is_live) == (2, True)


def test_the_record_is_the_mean_of_the_cases(panel):
    last = len(panel.periods) - 1
    forecasts = [
        forecast(panel, region, horizon, last - 20, is_model=bool(region))
        for region in range(3)
        for horizon in range(1, 20)
    ]
    verified = verify_deaths(forecasts, panel)
    record = measure_deaths(verified, panel.step, n_draws=50, seed=1)
    assert (record["n_forecasts"], record["n_model"]) == (57, 38)
    own = sum(one.crps for one in verified) / 57
    theirs = sum(one.conflictology_crps for one in verified) / 57
    assert record["crps"] == pytest.approx(own)
    assert record["gain"]["value"] == pytest.approx(1 - own / theirs)
    assert record["gain"]["low"] <= record["gain"]["value"] <= record["gain"]["high"]
    held = record["coverage"]["served"]["90%"]
    assert held == pytest.approx(sum(one.in_90 for one in verified) / 57)
    assert sum(row["n_forecasts"] for row in record["by_year"]) == 57
    assert measure_deaths((), panel.step, n_draws=50, seed=1) == {"n_forecasts": 0, "n_model": 0}
