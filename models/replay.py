"""The replay: from what each forecast of a backtest is made, and what it is held against.

A task replays the newest panel, with what later deliveries changed in old periods;
`models.as_known` replays what was known at each origin. Either way a forecast is held against the
threshold that it was made with and the deaths of the newest panel, as published ones are
(`models.verification`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from features.outcomes import reached
from models.baselines import BASELINES
from models.history import OutcomeHistory
from models.metrics import Floats, Ints
from models.task import ClosedRows, Rows, Task

MIN_FIT_POSITIVES = 10
"""Positive training rows below which a refit is left out: there is nothing to learn from."""


class Replay(Protocol):
    """Where a backtest takes from what a forecast is made."""

    @property
    def history(self) -> OutcomeHistory:
        """What came, as the newest panel tells it: what forecasts are held against."""

    @property
    def origins(self) -> npt.NDArray[np.bool_]:
        """Of which rows of the history a forecast can be made and scored, shape (n_periods,)."""

    def at(self, origin_row: int) -> tuple[Task, int]:
        """Returns the task as it stood at an origin, and the row of the origin in it.

        The task holds until another origin is asked for. They are asked for in rising order.
        """

    def closed_rows(self, origin_row: int) -> ClosedRows:
        """Returns what may train at an origin, with the labels of that time."""


@dataclass(frozen=True)
class Origin:
    """What forecasts of one origin are made from, and held against.

    Attributes:
        row: Row of the origin in the history.
        year: Calendar year of the origin.
        rows: The model's input, of the regions that have a forecast.
        n_known: Periods of each region known up to the origin, int64, shape (n_rows,).
        observed: 1.0 if the outcome came, else 0.0, shape (n_rows,).
        baselines: Probabilities of each baseline, shape (n_rows,) each.
    """

    row: int
    year: int
    rows: Rows
    n_known: Ints
    observed: Floats
    baselines: dict[str, Floats]


@dataclass(frozen=True)
class Fold:
    """One refit and the origins that it serves.

    Attributes:
        refit: Row of the origin of the refit in the history.
        closed: What the estimator learns from.
        origins: The origins that have forecasts, at least one.
    """

    refit: int
    closed: ClosedRows
    origins: tuple[Origin, ...]


def gather_fold(replay: Replay, origins: list[int]) -> Fold | None:
    """Returns what a fold needs; None if there is too little to learn from, or no forecast.

    Args:
        replay: Where it comes from.
        origins: Rows of the origins in the history, rising; the refit is at the first.
    """
    closed = replay.closed_rows(origins[0])
    if closed.labels.sum() < MIN_FIT_POSITIVES or not (closed.labels <= 0).any():
        return None
    gathered = [_gather_origin(replay.history, row, *replay.at(row)) for row in origins]
    found = tuple(one for one in gathered if len(one.observed))
    return Fold(origins[0], closed, found) if found else None


def _gather_origin(history: OutcomeHistory, row: int, task: Task, own_row: int) -> Origin:
    """Returns what one origin needs, of the regions with a threshold whose deaths are known."""
    then = task.history
    observed = reached(history.window_sums[row], then.thresholds[own_row])
    region = np.flatnonzero(np.isfinite(observed)).astype(np.int64)
    return Origin(
        row=row,
        year=int(history.years[row]),
        rows=task.origin_rows(own_row, region),
        n_known=np.isfinite(then.deaths[: own_row + 1, region]).sum(axis=0),
        observed=observed[region],
        baselines={name: one(then, own_row)[region] for name, one in BASELINES.items()},
    )
