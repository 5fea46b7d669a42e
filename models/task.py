"""One forecasting task: features and outcomes of one horizon, and which rows may train."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.panel import Panel
from features.build import FeatureMatrix, build_features
from models.history import OutcomeHistory, build_history
from models.metrics import Floats
from models.outcome import ESCALATION, definition_of
from models.settings import ModelSettings


@dataclass(frozen=True)
class Rows:
    """Region-periods side by side, for a fit or a forecast.

    Attributes:
        names: Names of the features.
        features: The model's input, float32, shape (n_rows, n_features), NaN where missing.
        thresholds: Deaths that make the outcome true, shape (n_rows,).
    """

    names: tuple[str, ...]
    features: npt.NDArray[np.float32]
    thresholds: Floats


@dataclass(frozen=True)
class ClosedRows(Rows):
    """Rows whose window is closed: what a model learns from.

    Attributes:
        labels: 1.0 or 0.0, shape (n_rows,).
        sums: Deaths in the window, shape (n_rows,).
    """

    labels: Floats
    sums: Floats


@dataclass(frozen=True)
class Task:
    """What is learned and forecast for one horizon.

    Attributes:
        history: The outcomes.
        features: The model's input; row t uses periods up to t only.
    """

    history: OutcomeHistory
    features: FeatureMatrix

    def training_rows(self, origin_row: int) -> tuple[npt.NDArray[np.float32], Floats]:
        """Returns features and labels of all rows whose window is closed at the origin.

        Args:
            origin_row: Row of the origin; a row t counts if t + horizon <= origin_row.

        Returns:
            Features, shape (n_rows, n_features), and labels, shape (n_rows,).
        """
        closed = self.closed_rows(origin_row)
        return closed.features, closed.labels

    def closed_rows(self, origin_row: int) -> ClosedRows:
        """Returns all rows whose window is closed at the origin: t + horizon <= origin_row."""
        history = self.history
        closed = slice(history.first_row, max(0, origin_row - history.horizon + 1))
        is_closed = np.isfinite(history.labels[closed])
        return ClosedRows(
            names=self.features.names,
            features=self.features.values[closed][is_closed],
            thresholds=history.thresholds[closed][is_closed],
            labels=history.labels[closed][is_closed],
            sums=history.window_sums[closed][is_closed],
        )

    def origin_rows(self, origin_row: int, region: npt.NDArray[np.int64]) -> Rows:
        """Returns the rows of some regions at one origin.

        Args:
            origin_row: Row of the origin.
            region: Positions of the regions, shape (n_rows,).
        """
        return Rows(
            names=self.features.names,
            features=self.features.values[origin_row, region],
            thresholds=self.history.thresholds[origin_row, region],
        )


def build_task(
    panel: Panel, settings: ModelSettings, horizon: int, outcome: str = ESCALATION
) -> Task:
    """Returns the arrays of one horizon, built from the panel.

    Args:
        panel: Panel as known on its as-of.
        settings: Outcome definitions, feature set and first training month.
        horizon: Steps ahead.
        outcome: Name of the outcome.

    Raises:
        UnknownName: There is no such outcome or feature set.
        UsageError: The horizon is out of range.
    """
    return Task(
        history=build_history(panel, settings, horizon, outcome),
        features=build_features(panel, settings.feature_set, definition_of(settings), horizon),
    )
