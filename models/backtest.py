"""The backtest: forecasts as they would have been made, refit by refit.

At each refit the estimator sees only rows whose window is closed by then: a row t counts if
t + horizon <= origin, so no label reaches past the origin. The panel is the newest one, replayed:
what later deliveries changed in old periods is known to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import joblib
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from data.calendar import months_to_periods, parse_period, period_label
from data.errors import UsageError
from features.cluster import Shared
from models.baselines import BASELINES
from models.forecasts import Forecasts, join_forecasts
from models.history import OutcomeHistory
from models.recipes import DEFAULT_RECIPE, RECIPES
from models.settings import ModelSettings
from models.task import Task

MIN_FIT_POSITIVES = 10
"""Positive training rows below which a refit is left out: there is nothing to learn from."""


@dataclass(frozen=True)
class Span:
    """Which origins a backtest makes forecasts for.

    Attributes:
        first_row: Row of the first origin.
        last_row: Last row that a window may reach; the last origin lies a horizon before it.
    """

    first_row: int
    last_row: int


class FoldStore(Protocol):
    """Where finished folds are kept, so that a backtest that was killed can go on."""

    def load(self, first_row: int) -> Forecasts | None:
        """Returns the forecasts of the fold that is refit at a row; None if there are none."""

    def save(self, first_row: int, forecasts: Forecasts) -> None:
        """Keeps the forecasts of a fold."""


def span_of(history: OutcomeHistory, first: str | None, last: str | None) -> Span:
    """Returns the span between two periods; without them, all rows.

    Args:
        history: The history.
        first: Label of the first origin, e.g. `2017-01`.
        last: Label of the period by whose end the last window is closed, e.g. `2021-12`.

    Raises:
        UsageError: A label is no period of the panel, or they are in the wrong order.
    """
    start, end = int(history.periods[0]), int(history.periods[-1])
    rows = [
        (ordinal if text is None else parse_period(text, history.step)) - start
        for text, ordinal in ((first, start), (last, end))
    ]
    if not 0 <= rows[0] < rows[1] < len(history.periods):
        raise UsageError(
            f"There are no origins from {first} to {last}.",
            f"The panel runs from {period_label(start, history.step)} to "
            f"{period_label(end, history.step)}.",
        )
    return Span(rows[0], rows[1])


def backtest_folds(
    task: Task, settings: ModelSettings, span: Span | None = None
) -> list[list[int]]:
    """Returns the origin rows of each refit, the refit being at the first of them.

    Origins are those of the span, or of the last `backtest_years` of the panel, whose window is
    closed in at least one region; refits before there are ten positives to learn from are left out.
    """
    history = task.history
    if span is None:
        start = max(len(history.periods) - history.rows_of_years(settings.backtest_years), 0)
        span = Span(start, len(history.periods) - 1)
    refit_every = months_to_periods(settings.refit_every_months, history.step)
    closed = np.asarray(np.isfinite(history.labels).any(axis=1))
    stop = span.last_row - history.horizon + 1
    folds = []
    for first in range(span.first_row, stop, refit_every):
        origins = [row for row in range(first, min(first + refit_every, stop)) if closed[row]]
        labels = task.closed_labels(first)
        enough = labels.sum() >= MIN_FIT_POSITIVES and (labels <= 0).any()
        if origins and enough:
            folds.append(origins)
    return folds


def run_backtest(
    task: Task,
    settings: ModelSettings,
    *,
    span: Span | None = None,
    recipe: str = DEFAULT_RECIPE,
    store: FoldStore | None = None,
    on_fold: Callable[[], None] | None = None,
) -> Forecasts:
    """Returns the forecasts of all folds, none if there is too little history.

    Folds are fitted side by side through joblib: in threads here, or on the workers of a cluster
    inside `features.cluster.on_cluster`, which gives the same numbers.

    Args:
        task: Arrays of one horizon.
        settings: Years, refit interval, penalty, and processes to use.
        span: Origins; default: those of the last `backtest_years`.
        recipe: A name in `models.recipes.RECIPES`.
        store: Keeps finished folds and gives them back.
        on_fold: Called after each refit.
    """
    done: dict[int, Forecasts] = {}
    open_folds = []
    for origins in backtest_folds(task, settings, span):
        kept = None if store is None else store.load(origins[0])
        if kept is None:
            open_folds.append(origins)
            continue
        done[origins[0]] = kept
        if on_fold is not None:
            on_fold()
    shared = Shared(task)
    work = joblib.Parallel(n_jobs=settings.n_jobs, prefer="threads", return_as="generator")
    parts: Iterator[Forecasts] = work(
        joblib.delayed(_run_fold)(shared, origins, settings, recipe) for origins in open_folds
    )
    for origins, part in zip(open_folds, parts, strict=True):
        done[origins[0]] = part
        if store is not None:
            store.save(origins[0], part)
        if on_fold is not None:
            on_fold()
    return join_forecasts([done[row] for row in sorted(done)])


def _run_fold(
    shared: Shared[Task], origins: list[int], settings: ModelSettings, recipe: str
) -> Forecasts:
    task = shared.value
    # In another process the caller's limit does not hold: see `models.train`.
    with threadpool_limits(limits=1, user_api="blas"):
        forecast = RECIPES[recipe](task.closed_rows(origins[0]), settings)
    history, years, parts = task.history, task.history.years, []
    for row in origins:
        region = np.flatnonzero(np.isfinite(history.labels[row])).astype(np.int64)
        parts.append(
            Forecasts(
                row=np.full(len(region), row, np.int64),
                region=region,
                year=np.full(len(region), years[row], np.int64),
                log_odds=forecast(task.origin_rows(row, region)),
                observed=history.labels[row, region],
                baselines={name: one(history, row)[region] for name, one in BASELINES.items()},
            )
        )
    return join_forecasts(parts)
