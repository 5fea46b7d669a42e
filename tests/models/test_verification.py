"""Published forecasts are scored once their window is closed, live ones apart."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from models.track_record import measure_record
from models.verification import PublishedForecast, verify_forecasts


@pytest.fixture(scope="module")
def forecasts(panel):
    generator = np.random.default_rng(3)
    return [
        PublishedForecast(
            region_id=region_id,
            outcome="escalation",
            horizon=3,
            origin=int(panel.periods[row]),
            as_of=date(2005, 1, 1),
            published_on=date(2005 + (row + 1) // 12, (row + 1) % 12 + 1, 10),
            risk_score=float(generator.random()),
            climatology=0.2,
            threshold=10.0,
            is_model=True,
            level="high" if row % 2 else "low",
        )
        for row in range(60, 180)
        for region_id in panel.region_ids
    ]


def test_what_came_is_counted_by_the_published_bar(panel, forecasts):
    verified = verify_forecasts(forecasts, panel)
    assert len(verified) == 12 * 117
    for one in verified[::17]:
        row = one.forecast.origin - int(panel.periods[0])
        region = panel.region_ids.index(one.forecast.region_id)
        total = panel.values["deaths"][row + 1 : row + 4, region].sum()
        assert one.observed == (total >= 10)
    assert {one.is_live for one in verified} == {True}


def test_the_first_publication_of_an_origin_counts(panel, forecasts):
    one = forecasts[0]
    later = replace(one, published_on=date(2019, 1, 1), risk_score=0.99)
    for order in ([one, later], [later, one]):
        (found,) = verify_forecasts(order, panel)
        assert found.forecast == one


def test_what_is_made_up_afterwards_is_not_live(panel, forecasts):
    one = forecasts[0]
    closes = date(2010, 4, 30)
    days = {closes: True, date(2010, 5, 1): False}
    for day, is_live in days.items():
        (found,) = verify_forecasts([replace(one, published_on=day)], panel)
        assert found.is_live is is_live


def test_open_unknown_and_foreign_windows_are_left_out(panel, forecasts, blank_rows):
    last = int(panel.periods[-1])
    assert verify_forecasts([replace(forecasts[0], origin=last - 2)], panel) == ()
    assert len(verify_forecasts([replace(forecasts[0], origin=last - 3)], panel)) == 1
    assert verify_forecasts([replace(forecasts[0], region_id="XX")], panel) == ()
    blanked = blank_rows(panel, 0, 62)
    assert verify_forecasts(forecasts[:1], blanked) == ()


def test_the_record_has_the_scores_of_its_forecasts(panel, forecasts):
    verified = verify_forecasts(forecasts, panel)
    record = measure_record(verified, panel.step, n_draws=100, seed=1)
    json.dumps(record, allow_nan=False)
    observed = np.array([one.observed for one in verified])
    served = np.array([one.forecast.risk_score for one in verified])
    assert record["brier"] == pytest.approx(((served - observed) ** 2).mean())
    assert record["brier_of_climatology"] == pytest.approx(((0.2 - observed) ** 2).mean())
    skill = record["brier_skill"]
    assert skill["value"] == pytest.approx(1 - record["brier"] / record["brier_of_climatology"])
    assert skill["low"] < skill["value"] < skill["high"] < 0
    assert sum(one["n"] for one in record["reliability"]) == len(verified)
    assert sum(one["n_forecasts"] for one in record["by_year"]) == len(verified)
    early = [one for one in verified if one.forecast.origin < int(panel.periods[72])]
    own, past = (
        np.mean([(getattr(one.forecast, name) - one.observed) ** 2 for one in early])
        for name in ("risk_score", "climatology")
    )
    assert record["by_year"][0]["brier_skill"] == pytest.approx(1 - own / past)
    for row in record["by_level"]:
        members = [one.observed for one in verified if one.forecast.level == row["level"]]
        assert (row["n_forecasts"], row["n_followed"]) == (len(members), sum(members))
    assert record["baselines"]["climatology"]["brier_skill"]["value"] == skill["value"]
    assert record["baselines"]["zeros"]["brier"] == pytest.approx(observed.mean())
    shares = np.array([one.conflictology for one in verified])
    assert record["baselines"]["conflictology"]["brier"] == pytest.approx(
        ((shares - observed) ** 2).mean()
    )


def test_conflictology_is_the_share_of_the_last_twelve_windows(panel, forecasts):
    for one in verify_forecasts(forecasts, panel)[::31]:
        row = one.forecast.origin - int(panel.periods[0])
        own = panel.values["deaths"][:, panel.region_ids.index(one.forecast.region_id)]
        reached = [own[end - 2 : end + 1].sum() >= 10 for end in range(row - 11, row + 1)]
        assert one.conflictology == pytest.approx(np.mean(reached))


def test_without_forecasts_or_without_a_case_nothing_is_made_up(panel, forecasts):
    assert measure_record([], panel.step, n_draws=100, seed=1) == {
        "n_forecasts": 0,
        "n_positives": 0,
    }
    quiet = [replace(one, observed=0.0) for one in verify_forecasts(forecasts, panel)]
    record = measure_record(quiet, panel.step, n_draws=100, seed=1)
    assert record["average_precision"] is None
    assert record["n_positives"] == 0
