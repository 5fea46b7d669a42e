"""The backtest: forecasts as they would have been made, refit by refit.

At each refit the estimator sees only rows whose window is closed by then: a row t counts if
t + horizon <= origin, so no label reaches past the origin. The panel is the newest one, replayed:
what later deliveries changed in old periods is known to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd

from data.calendar import months_to_periods, period_label
from models.baselines import BASELINES
from models.estimators import fit_logit, log_odds_of, probability_of
from models.history import ESCALATION, OutcomeHistory
from models.metrics import Floats, Ints
from models.settings import ModelSettings
from models.task import Task

MIN_FIT_POSITIVES = 10
"""Positive training rows below which a refit is left out: there is nothing to learn from."""


@dataclass(frozen=True)
class Forecasts:
    """Out-of-time forecasts whose windows have closed, in order of origin and region.

    Attributes:
        row: Row of the origin in the panel, int64, shape (n_forecasts,).
        region: Position of the region, int64, shape (n_forecasts,).
        year: Calendar year of the origin, int64, shape (n_forecasts,).
        log_odds: The estimator's log-odds, shape (n_forecasts,).
        observed: 1.0 if the outcome came, else 0.0, shape (n_forecasts,).
        baselines: Probabilities of each baseline, shape (n_forecasts,) each.
    """

    row: Ints
    region: Ints
    year: Ints
    log_odds: Floats
    observed: Floats
    baselines: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.row)


def backtest_folds(task: Task, settings: ModelSettings) -> list[list[int]]:
    """Returns the origin rows of each refit, the refit being at the first of them.

    Origins are those of the last `backtest_years` of the panel whose window is closed in at least
    one region; refits before there are ten positives to learn from are left out.
    """
    history = task.history
    start = max(len(history.periods) - history.rows_of_years(settings.backtest_years), 0)
    refit_every = months_to_periods(settings.refit_every_months, history.step)
    closed = np.asarray(np.isfinite(history.labels).any(axis=1))
    folds = []
    for first in range(start, len(closed), refit_every):
        origins = [
            row for row in range(first, min(first + refit_every, len(closed))) if closed[row]
        ]
        _, labels = task.training_rows(first)
        enough = labels.sum() >= MIN_FIT_POSITIVES and (labels <= 0).any()
        if origins and enough:
            folds.append(origins)
    return folds


def run_backtest(
    task: Task, settings: ModelSettings, *, on_fold: Callable[[], None] | None = None
) -> Forecasts:
    """Returns the forecasts of all folds, none if there is too little history.

    Args:
        task: Arrays of one horizon.
        settings: Years, refit interval, penalty, and processes to use.
        on_fold: Called after each refit.
    """
    work = joblib.Parallel(n_jobs=settings.n_jobs, prefer="threads", return_as="generator")
    parts: Iterator[Forecasts] = work(
        joblib.delayed(_run_fold)(task, origins, settings.ridge_c)
        for origins in backtest_folds(task, settings)
    )
    done = []
    for part in parts:
        done.append(part)
        if on_fold is not None:
            on_fold()
    return _join(done)


def forecast_table(history: OutcomeHistory, forecasts: Forecasts, log_odds: Floats) -> pd.DataFrame:
    """Returns the forecasts as a table from which every figure can be computed again.

    Args:
        history: The history they were made from.
        forecasts: The forecasts.
        log_odds: Log-odds as served, after calibration, shape (n_forecasts,).

    Returns:
        Columns `region_id`, `origin` (a label such as 2021-06), `horizon`, `outcome`,
        `probability`, `observed`, one `baseline_*` per baseline, and `n_known`: how many periods of
        the region are known up to the origin.
    """
    n_known = np.isfinite(history.deaths).cumsum(axis=0)[forecasts.row, forecasts.region]
    labels = [period_label(int(ordinal), history.step) for ordinal in history.periods]
    return pd.DataFrame(
        {
            "region_id": [history.region_ids[region] for region in forecasts.region],
            "origin": [labels[row] for row in forecasts.row],
            "horizon": history.horizon,
            "outcome": ESCALATION,
            "probability": probability_of(log_odds),
            "observed": forecasts.observed.astype(np.int64),
            **{f"baseline_{name}": values for name, values in forecasts.baselines.items()},
            "n_known": n_known,
        }
    )


def _run_fold(task: Task, origins: list[int], ridge_c: float) -> Forecasts:
    features, labels = task.training_rows(origins[0])
    fitted = fit_logit(features, labels, ridge_c)
    history, years, parts = task.history, task.history.years, []
    for row in origins:
        region = np.flatnonzero(np.isfinite(history.labels[row])).astype(np.int64)
        parts.append(
            Forecasts(
                row=np.full(len(region), row, np.int64),
                region=region,
                year=np.full(len(region), years[row], np.int64),
                log_odds=log_odds_of(fitted, task.features.values[row, region]),
                observed=history.labels[row, region],
                baselines={name: one(history, row)[region] for name, one in BASELINES.items()},
            )
        )
    return _join(parts)


def _join(parts: list[Forecasts]) -> Forecasts:
    if not parts:
        whole, none = np.empty(0, np.int64), np.empty(0)
        return Forecasts(whole, whole, whole, none, none, dict.fromkeys(BASELINES, none))
    return Forecasts(
        row=np.concatenate([part.row for part in parts]),
        region=np.concatenate([part.region for part in parts]),
        year=np.concatenate([part.year for part in parts]),
        log_odds=np.concatenate([part.log_odds for part in parts]),
        observed=np.concatenate([part.observed for part in parts]),
        baselines={
            name: np.concatenate([part.baselines[name] for part in parts]) for name in BASELINES
        },
    )
