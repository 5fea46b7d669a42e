"""The backtest: forecasts as they would have been made, refit by refit.

At each refit the estimator sees only rows whose window is closed by then: a row t counts if
t + horizon <= origin, so no label reaches past the origin. Where the rows come from is the replay's
affair (`models.replay`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import joblib
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from data.calendar import months_to_periods, parse_period, period_label
from data.errors import UsageError
from features.cluster import Shared, compute_calls
from models.forecasts import Forecasts, join_forecasts
from models.history import OutcomeHistory
from models.recipes import DEFAULT_RECIPE, RECIPES
from models.replay import Fold, Replay, gather_fold
from models.settings import ModelSettings


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
    replay: Replay, settings: ModelSettings, span: Span | None = None
) -> list[list[int]]:
    """Returns the origin rows of each refit, the refit being at the first of them.

    Origins are those of the replay that lie in the span, or in the last `backtest_years` of the
    panel. A refit may still find too little to learn from: see `run_backtest`.
    """
    history = replay.history
    if span is None:
        start = max(len(history.periods) - history.rows_of_years(settings.backtest_years), 0)
        span = Span(start, len(history.periods) - 1)
    is_origin = replay.origins
    refit_every = months_to_periods(settings.refit_every_months, history.step)
    stop = span.last_row - history.horizon + 1
    folds = [
        [row for row in range(first, min(first + refit_every, stop)) if is_origin[row]]
        for first in range(span.first_row, stop, refit_every)
    ]
    return [origins for origins in folds if origins]


def run_backtest(
    replay: Replay,
    settings: ModelSettings,
    *,
    span: Span | None = None,
    recipe: str = DEFAULT_RECIPE,
    store: FoldStore | None = None,
    on_fold: Callable[[], None] | None = None,
) -> Forecasts:
    """Returns the forecasts of all folds, none if there is too little history.

    What a fold needs is gathered here, one after the other; folds are then fitted side by side
    through joblib: in threads here, or on the workers of a cluster inside
    `features.cluster.on_cluster`, which gives the same numbers. A refit with too few cases to learn
    from is left out.

    Args:
        replay: What forecasts are made from: the task of one horizon, or what was known when.
        settings: Years, refit interval, penalty, and processes to use.
        span: Origins; default: those of the last `backtest_years`.
        recipe: A name in `models.recipes.RECIPES`.
        store: Keeps finished folds and gives them back.
        on_fold: Called after each refit.
    """
    done: dict[int, Forecasts] = {}
    open_folds = []
    for origins in backtest_folds(replay, settings, span):
        kept = None if store is None else store.load(origins[0])
        if kept is None:
            open_folds.append(origins)
            continue
        done[origins[0]] = kept
        if on_fold is not None:
            on_fold()
    n_at_once = joblib.effective_n_jobs(settings.n_jobs)
    for first in range(0, len(open_folds), n_at_once):
        some = open_folds[first : first + n_at_once]
        folds = [fold for origins in some if (fold := gather_fold(replay, origins)) is not None]
        calls = [joblib.delayed(_forecast_fold)(Shared(one), settings, recipe) for one in folds]
        for number, part in compute_calls(calls, n_jobs=settings.n_jobs, prefer="threads"):
            refit = folds[number].refit
            done[refit] = part
            if store is not None:
                store.save(refit, part)
            if on_fold is not None:
                on_fold()
        if on_fold is not None:
            for _ in range(len(some) - len(folds)):
                on_fold()
    return join_forecasts([done[row] for row in sorted(done)])


def _forecast_fold(shared: Shared[Fold], settings: ModelSettings, recipe: str) -> Forecasts:
    fold = shared.value
    # In another process the caller's limit does not hold: see `models.train`.
    with threadpool_limits(limits=1, user_api="blas"):
        forecast = RECIPES[recipe](fold.closed, settings)
    return join_forecasts(
        [
            Forecasts(
                row=np.full(len(one.observed), one.row, np.int64),
                region=one.rows.region,
                year=np.full(len(one.observed), one.year, np.int64),
                refit=np.full(len(one.observed), fold.refit, np.int64),
                n_known=one.n_known,
                threshold=one.rows.thresholds,
                log_odds=forecast(one.rows),
                observed=one.observed,
                baselines=one.baselines,
            )
            for one in fold.origins
        ]
    )
