"""Training: backtest, gate, calibrate and fit one small model per horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from data.calendar import period_label
from data.errors import NotReady
from data.panel import Panel
from models.artefact import HorizonModel, LoadedModel, pack_artefact
from models.backtest import backtest_folds, run_backtest
from models.bootstrap import draw_blocks
from models.calibration import PRIOR_DEVIATION, CalibrationChoice, choose_calibration
from models.estimators import FittedLogit, base_log_odds, fit_logit, probability_of
from models.forecasts import Forecasts, forecast_table
from models.gate import judge
from models.guard import measure_range
from models.history import OutcomeHistory
from models.manifest import complete_manifest, describe_training, encode_manifest
from models.outcome import ESCALATION
from models.settings import ModelSettings
from models.skill import measure_skill, skill_intervals
from models.task import Task, build_task

MIN_POSITIVES = 20
"""Closed windows with the outcome, and as many without, that training needs."""

MIN_YEARS = 5
"""Years of closed windows that training needs."""

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what was done."""


@dataclass(frozen=True)
class TrainedModel:
    """A model that is not stored yet.

    Attributes:
        model_version: Its version.
        manifest: Data, definition, settings, libraries, and per horizon (key: the horizon as text)
            features, coefficients, calibration, gate and skill.
        manifest_bytes: The manifest as it is signed.
        artefact: Fitted parts as joblib bytes.
        model: The same parts, ready to score.
        backtest: Out-of-time forecasts of all horizons; see `models.forecasts.forecast_table`.
    """

    model_version: str
    manifest: dict[str, Any]
    manifest_bytes: bytes = field(repr=False)
    artefact: bytes = field(repr=False)
    model: LoadedModel = field(repr=False)
    backtest: pd.DataFrame = field(repr=False)


def train_model(
    panel: Panel,
    settings: ModelSettings,
    *,
    created_at: datetime,
    on_progress: Progress | None = None,
    vintages: Sequence[str] = (),
    outcome: str = ESCALATION,
) -> TrainedModel:
    """Returns a model of an outcome, one fit per horizon, with its measured skill.

    The same panel and settings give the same numbers and the same version.

    Args:
        panel: Panel as known on the as-of.
        settings: Horizons, definition, penalty, backtest.
        created_at: The present moment, aware; it goes into the manifest.
        on_progress: Called after each step.
        vintages: Vintages of the deliveries behind the panel, for the manifest.
        outcome: Name of the outcome.

    Raises:
        UnknownName: There is no such outcome or feature set.
        NotReady: There is too little history to learn from or to measure on.
    """
    # One thread per sum: the order of additions, and so the last bit, is then the same everywhere,
    # and the small matrices are faster for it.
    with threadpool_limits(limits=1, user_api="blas"):
        fitted, described, backtest = _train_horizons(panel, settings, outcome, on_progress)
    content = {**describe_training(panel, settings, vintages, outcome), "horizons": described}
    artefact = pack_artefact(fitted)
    manifest = complete_manifest(
        content, as_of=panel.as_of, artefact=artefact, created_at=created_at
    )
    version = manifest["model_version"]
    return TrainedModel(
        model_version=version,
        manifest=manifest,
        manifest_bytes=encode_manifest(manifest),
        artefact=artefact,
        model=LoadedModel(version, manifest, fitted),
        backtest=backtest,
    )


def _train_horizons(
    panel: Panel, settings: ModelSettings, outcome: str, on_progress: Progress | None
) -> tuple[dict[int, HorizonModel], dict[str, Any], pd.DataFrame]:
    tasks = {
        horizon: build_task(panel, settings, horizon, outcome) for horizon in settings.horizons
    }
    for task in tasks.values():
        _check_history(task.history)
    count = _Counter(
        sum(len(backtest_folds(task, settings)) + 1 for task in tasks.values()), on_progress
    )
    fitted, described, tables = {}, {}, []
    for horizon, task in tasks.items():
        name = f"horizon {horizon}"
        forecasts = run_backtest(task, settings, on_fold=partial(count, f"{name}: backtest"))
        _check_forecasts(forecasts, task.history)
        fitted[horizon], described[str(horizon)], table = _finish(task, forecasts, settings)
        tables.append(table)
        count(f"{name}: fit")
    return fitted, described, pd.concat(tables, ignore_index=True)


def _finish(
    task: Task, forecasts: Forecasts, settings: ModelSettings
) -> tuple[HorizonModel, dict[str, Any], pd.DataFrame]:
    history = task.history
    draws = draw_blocks(
        forecasts.region, forecasts.year, n_draws=settings.bootstrap_draws, seed=settings.seed
    )
    choice = choose_calibration(
        forecasts.log_odds,
        forecasts.observed,
        forecasts.row,
        history.horizon,
        forecasts.year,
        draws,
    )
    verdict = judge(skill_intervals(forecasts, probability_of(choice.log_odds), draws))
    features, labels = task.training_rows(len(history.periods) - 1)
    estimator = fit_logit(features, labels, settings.ridge_c)
    origins = [period_label(int(ordinal), history.step) for ordinal in history.periods]
    described = {
        "feature_fingerprint": task.features.fingerprint,
        "features": _describe_features(task, estimator),
        "intercept": base_log_odds(estimator),
        "n_rows": len(labels),
        "n_positives": int(labels.sum()),
        "train_from": origins[history.first_row],
        "calibration": _describe_calibration(choice),
        "gate": asdict(verdict),
        "guard": measure_range(forecasts, probability_of(choice.log_odds)),
        "backtest": {
            "first_origin": origins[int(forecasts.row.min())],
            "last_origin": origins[int(forecasts.row.max())],
            "n_refits": len(backtest_folds(task, settings)),
            "embargo": history.horizon,
        },
        "skill": measure_skill(forecasts, choice.log_odds, draws, seed=settings.seed),
    }
    return (
        HorizonModel(history.horizon, estimator, choice.calibration),
        described,
        forecast_table(history, forecasts, choice.log_odds),
    )


def _describe_features(task: Task, estimator: FittedLogit) -> list[dict[str, Any]]:
    columns = zip(
        task.features.names,
        task.features.labels,
        task.features.units,
        estimator.centre.tolist(),
        estimator.scale.tolist(),
        estimator.logit.coef_[0].tolist(),
        strict=True,
    )
    keys = ("name", "label", "unit", "centre", "scale", "coefficient")
    return [dict(zip(keys, column, strict=True)) for column in columns]


def _describe_calibration(choice: CalibrationChoice) -> dict[str, Any]:
    return {
        "kind": "identity" if choice.is_identity else "linear in log-odds",
        "intercept": choice.calibration.intercept,
        "slope": choice.calibration.slope,
        "prior_deviation": PRIOR_DEVIATION,
        "fitted": asdict(choice.fitted),
        "gain_in_log_score": asdict(choice.gain),
    }


def _check_history(history: OutcomeHistory) -> None:
    labels = history.labels[history.first_row :]
    positives, negatives = int(np.nansum(labels)), int((labels == 0).sum())
    found = np.flatnonzero(np.isfinite(labels).any(axis=1))
    span = int(found[-1] - found[0] + 1) if len(found) else 0
    unit = f"{history.horizon} {history.step}{'s' if history.horizon > 1 else ''}"
    hint = "Ingest a longer history, or a region set that sees more of it."
    if span < history.rows_of_years(MIN_YEARS):
        raise NotReady(
            f"Too early to tell at {unit}: windows are closed over {span} {history.step}s, "
            f"{history.rows_of_years(MIN_YEARS)} are needed.",
            hint,
        )
    if min(positives, negatives) < MIN_POSITIVES:
        raise NotReady(
            f"Too early to tell at {unit}: {positives} closed windows held the outcome and "
            f"{negatives} did not, {MIN_POSITIVES} of each are needed.",
            hint,
        )


def _check_forecasts(forecasts: Forecasts, history: OutcomeHistory) -> None:
    if not len(forecasts) or len(np.unique(forecasts.observed)) < 2:
        raise NotReady(
            f"Too early to tell at {history.horizon} {history.step}s: nothing to measure skill on; "
            "no case of it fell into the out-of-time years, or none before them.",
            "Ingest a longer history, or raise TOCSIN_BACKTEST_YEARS.",
        )


class _Counter:
    """Counts steps and tells them on."""

    def __init__(self, total: int, on_progress: Progress | None) -> None:
        self.total = total
        self.done = 0
        self.on_progress = on_progress

    def __call__(self, text: str) -> None:
        self.done += 1
        if self.on_progress is not None:
            self.on_progress(self.done, self.total, text)
