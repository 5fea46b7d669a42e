"""Training: backtest, gate, calibrate and fit one small model per horizon."""

from __future__ import annotations

from collections.abc import Sequence
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
from models.artefacts.artefact import HorizonModel, LoadedModel, pack_artefact
from models.artefacts.manifest import complete_manifest, describe_training, encode_manifest
from models.backtest import backtest_folds, run_backtest
from models.drift import describe_inputs
from models.estimators.calibration import PRIOR_DEVIATION, CalibrationChoice
from models.estimators.ensemble import FittedEnsemble
from models.estimators.ridge import base_log_odds
from models.estimators.uncertainty import LEVEL, WIDENING, coefficient_covariance
from models.forecasts import Forecasts, check_forecasts, forecast_table
from models.history import OutcomeHistory
from models.outcome import ESCALATION
from models.progress import Progress, StepCounter
from models.recipes import DEFAULT_RECIPE, fit_served
from models.settings import ModelSettings
from models.skill.guard import measure_range
from models.skill.measured import measure_forecasts
from models.task import Task, build_task

MIN_POSITIVES = 20
"""Closed windows with the outcome, and as many without, that training needs."""

MIN_YEARS = 5
"""Years of closed windows that training needs."""

TOO_LITTLE = "Ingest a longer history, or raise TOCSIN_BACKTEST_YEARS."


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
    auxiliary: Sequence[Panel] = (),
    recipe: str = DEFAULT_RECIPE,
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
        auxiliary: Panels of other region sets whose closed windows train too.
        recipe: A name in `models.recipes.SERVED`.

    Raises:
        UnknownName: There is no such outcome, feature set or recipe that can be served.
        UsageError: An auxiliary set cannot train beside this one; see `models.task.build_task`.
        NotReady: There is too little history to learn from or to measure on.
    """
    # One thread per sum: the order of additions, and so the last bit, is then the same everywhere,
    # and the small matrices are faster for it.
    with threadpool_limits(limits=1, user_api="blas"):
        fitted, described, backtest = _train_horizons(
            panel, settings, outcome, auxiliary, recipe, on_progress
        )
    content = {
        **describe_training(panel, settings, vintages, outcome, auxiliary),
        "recipe": recipe,
        "horizons": described,
    }
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
    panel: Panel,
    settings: ModelSettings,
    outcome: str,
    auxiliary: Sequence[Panel],
    recipe: str,
    on_progress: Progress | None,
) -> tuple[dict[int, HorizonModel], dict[str, Any], pd.DataFrame]:
    tasks = {
        horizon: build_task(panel, settings, horizon, outcome, auxiliary)
        for horizon in settings.horizons_of(panel.step)
    }
    for task in tasks.values():
        _check_history(task.history)
    count = StepCounter(
        sum(len(backtest_folds(task, settings)) + 1 for task in tasks.values()), on_progress
    )
    fitted, described, tables = {}, {}, []
    for horizon in tuple(tasks):
        # Taken out, so that the features of one horizon are gone before the next begins.
        task = tasks.pop(horizon)
        name = f"horizon {horizon}"
        forecasts = run_backtest(
            task, settings, recipe=recipe, on_fold=partial(count, f"{name}: backtest")
        )
        check_forecasts(forecasts, task.history, TOO_LITTLE)
        fitted[horizon], described[str(horizon)], table = _finish(
            task, forecasts, settings, panel, recipe
        )
        tables.append(table)
        count(f"{name}: fit")
    return fitted, described, pd.concat(tables, ignore_index=True)


def _finish(
    task: Task,
    forecasts: Forecasts,
    settings: ModelSettings,
    panel: Panel,
    recipe: str,
) -> tuple[HorizonModel, dict[str, Any], pd.DataFrame]:
    history = task.history
    measured = measure_forecasts(panel, forecasts, history.horizon, settings)
    choice = measured.choice
    last = len(history.periods) - 1
    rows = task.closed_rows(last)
    estimator = fit_served(recipe, rows, settings)
    origins = [period_label(int(ordinal), history.step) for ordinal in history.periods]
    described = {
        "feature_fingerprint": task.features.fingerprint,
        "parts": list(estimator.parts),
        "features": _describe_features(task, estimator),
        "inputs": describe_inputs(
            task.features.names,
            map(
                partial(task.features.column, first_row=history.first_row),
                range(len(task.features.names)),
            ),
            history.rows_of_years(1),
        ),
        "intercept": None if estimator.logit is None else base_log_odds(estimator.logit),
        "n_rows": len(task.closed_labels(last)),
        "n_sampled": len(rows.labels),
        "n_auxiliary": 0 if rows.others is None else len(rows.others.labels),
        "n_positives": int(rows.labels.sum()),
        "train_from": origins[history.first_row],
        "calibration": _describe_calibration(choice),
        "gate": measured.gate,
        "interval": {"level": LEVEL, "widening": WIDENING},
        "guard": measure_range(forecasts, measured.probability),
        "backtest": {
            "first_origin": origins[int(forecasts.row.min())],
            "last_origin": origins[int(forecasts.row.max())],
            "n_refits": forecasts.n_refits,
            "embargo": history.horizon,
        },
        "skill": measured.skill,
        "strata": measured.strata,
    }
    return (
        HorizonModel(
            history.horizon,
            estimator,
            choice.calibration,
            coefficient_covariance(estimator, rows, settings.ridge_c),
        ),
        described,
        forecast_table(history, forecasts, choice.log_odds),
    )


def _describe_features(task: Task, estimator: FittedEnsemble) -> list[dict[str, Any]]:
    """Names, scales and the coefficients of each part, per feature; None for a part there is not.

    `coefficient` is the logit's, `count_mean` and `count_dispersion` are the count model's.
    """
    logit, counts, wide = estimator.logit, estimator.counts, estimator.wide
    scaled = logit or counts or wide
    none = [None] * len(task.features.names)
    columns = {
        "name": task.features.names,
        "label": task.features.labels,
        "unit": task.features.units,
        "centre": none if scaled is None else scaled.centre.tolist(),
        "scale": none if scaled is None else scaled.scale.tolist(),
        "coefficient": none if logit is None else logit.logit.coef_[0].tolist(),
        "count_mean": none if counts is None else counts.mean[1:].tolist(),
        "count_dispersion": none if counts is None else counts.dispersion[1:].tolist(),
        "wide_coefficient": none if wide is None else wide.logit.coef_[0].tolist(),
    }
    return [
        dict(zip(columns, column, strict=True)) for column in zip(*columns.values(), strict=True)
    ]


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
