"""On the real file, the model beats what it must beat, out of time, in 2017 to 2021."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.calendar import Step, end_of_day
from data.database import open_database
from data.panel import Panel, build_panel
from data.regions.geojson import read_region_file
from data.regions.storage import save_region_set
from data.sources.ged import GED, read_ged
from data.store.append import append_delivery
from models.artefacts.signing import load_or_make_key
from models.metrics import average_precision, brier_score, within_region_auc
from models.registry import load_champion, save_model
from models.score import score_panel
from models.settings import ModelSettings
from models.train import TrainedModel, train_model

AS_OF = date(2022, 1, 15)
NOW = datetime(2022, 1, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def real_panel(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return _read_panel(shared_data, tmp_path_factory, "month")


def _read_panel(shared_data: Path, tmp_path_factory: pytest.TempPathFactory, step: Step) -> Panel:
    events_file = shared_data / "ged_sahel_1989_2021.csv"
    region_set = read_region_file(
        shared_data / "sahel_admin1.geojson",
        name="plain",
        id_property="pcode",
        name_property="name",
        country_property="iso3",
        step=step,
    )
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('real') / 'tocsin.db'}")
    with opened.write() as connection:
        save_region_set(connection, region_set, NOW)
        append_delivery(
            connection,
            read_ged(events_file, known_at=AS_OF),
            source=GED,
            vintage="24.1",
            known_at=end_of_day(AS_OF),
            received_at=NOW,
            file_name=events_file.name,
            sha256=hashlib.sha256(events_file.read_bytes()).hexdigest(),
        )
    with opened.read() as connection:
        panel = build_panel(connection, region_set, AS_OF)
    opened.close()
    return panel


@pytest.fixture(scope="module")
def real_model(real_panel: Panel) -> TrainedModel:
    return train_model(real_panel, ModelSettings(bootstrap_draws=400), created_at=NOW)


def _origins(model: TrainedModel, horizon: int) -> pd.DataFrame:
    return model.backtest[model.backtest["horizon"] == horizon]


@pytest.mark.parametrize(
    ("horizon", "precision_floor", "skill_floor", "within_floor"),
    [(1, 0.27, 0.08, 0.64), (3, 0.33, 0.10, 0.60), (6, 0.31, 0.10, 0.53)],
)
def test_skill_out_of_time(real_model, horizon, precision_floor, skill_floor, within_floor):
    forecasts = _origins(real_model, horizon)
    assert forecasts["origin"].min() == "2017-01"
    assert forecasts["origin"].max() == f"2021-{12 - horizon:02d}"
    probability = forecasts["probability"].to_numpy()
    observed = forecasts["observed"].to_numpy(dtype=np.float64)
    region = pd.factorize(forecasts["region_id"])[0].astype(np.int64)
    precision = average_precision(probability, observed)
    assert precision > precision_floor
    for rival in ("conflictology", "climatology", "calendar", "last_value"):
        values = forecasts[f"baseline_{rival}"].to_numpy()
        assert precision > average_precision(values, observed) + 0.08
        assert brier_score(probability, observed) < brier_score(values, observed)
    past = brier_score(forecasts["baseline_climatology"].to_numpy(), observed)
    assert 1 - brier_score(probability, observed) / past > skill_floor
    within = within_region_auc(probability, observed, region)
    calendar = within_region_auc(forecasts["baseline_calendar"].to_numpy(), observed, region)
    assert within > max(within_floor, calendar)


def test_there_are_as_many_escalations_as_others_counted(real_model):
    counted = {h: int(_origins(real_model, h)["observed"].sum()) for h in (1, 3, 6)}
    assert counted == {1: pytest.approx(139, abs=3), 3: pytest.approx(208, abs=3),
                       6: pytest.approx(245, abs=5)}  # fmt: skip


def test_the_gate_opens_at_every_horizon(real_model):
    verdicts = {h: one["gate"] for h, one in real_model.manifest["horizons"].items()}
    assert {h: one["is_passed"] for h, one in verdicts.items()} == dict.fromkeys("136", True)


def test_forecasts_are_about_as_high_as_what_happened(real_model):
    for described in real_model.manifest["horizons"].values():
        curve = described["skill"]["reliability"]
        assert json.dumps(curve)
        total = sum(one["n"] for one in curve)
        error = sum(one["n"] * abs(one["forecast"] - one["frequency"]) for one in curve) / total
        assert error < 0.04


def test_the_stored_model_scores_all_31_regions(real_panel, real_model, connection, tmp_path):
    key = load_or_make_key(tmp_path)
    save_model(connection, real_model, key)
    loaded = load_champion(connection, "plain", "escalation", key.public)
    run = score_panel(loaded, real_panel, ModelSettings())
    assert len(run.scores) == 3 * 31
    assert {one.status for one in run.scores} == {"ok"}
    assert all(0 < one.risk_score < 1 for one in run.scores)
    hottest = max((one for one in run.scores if one.horizon == 3), key=lambda one: one.risk_score)
    assert hottest.climatology > 0.05
    assert run == score_panel(real_model.model, real_panel, ModelSettings())


def test_shuffling_the_months_of_a_region_takes_the_timing_away(real_model):
    forecasts = _origins(real_model, 1)
    observed = forecasts["observed"].to_numpy(dtype=np.float64)
    region = pd.factorize(forecasts["region_id"])[0].astype(np.int64)
    generator = np.random.default_rng(1)
    shuffled = forecasts["probability"].to_numpy(copy=True)
    for one in np.unique(region):
        shuffled[region == one] = generator.permutation(shuffled[region == one])
    kept = within_region_auc(shuffled, observed, region)
    assert kept < within_region_auc(forecasts["probability"].to_numpy(), observed, region) - 0.08
    assert kept == pytest.approx(0.5, abs=0.08)


def test_a_horizon_of_its_own_gives_the_same_numbers(real_panel, real_model):
    alone = train_model(
        replace(real_panel), ModelSettings(horizons=(3,), bootstrap_draws=400), created_at=NOW
    )
    assert alone.manifest["horizons"]["3"] == real_model.manifest["horizons"]["3"]


def test_weeks_are_trained_and_scored_too(shared_data, tmp_path_factory):
    panel = _read_panel(shared_data, tmp_path_factory, "week")
    settings = ModelSettings(horizons=(4, 13), bootstrap_draws=200)
    model = train_model(panel, settings, created_at=NOW)
    for horizon in (4, 13):
        forecasts = _origins(model, horizon)
        assert forecasts["origin"].min() == "2017-W02"
        probability = forecasts["probability"].to_numpy()
        observed = forecasts["observed"].to_numpy(dtype=np.float64)
        for rival in ("conflictology", "climatology", "calendar"):
            values = forecasts[f"baseline_{rival}"].to_numpy()
            assert brier_score(probability, observed) < brier_score(values, observed)
            assert average_precision(probability, observed) > average_precision(values, observed)
