"""One forecasting task: features and outcomes of one horizon, and which rows may train."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.panel import Panel
from features.build import FeatureMatrix, build_features
from models.history import OutcomeHistory, build_history, definition_of
from models.metrics import Floats
from models.settings import ModelSettings


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
        history = self.history
        closed = slice(history.first_row, max(0, origin_row - history.horizon + 1))
        labels = history.labels[closed]
        is_closed = np.isfinite(labels)
        return self.features.values[closed][is_closed], labels[is_closed]


def build_task(panel: Panel, settings: ModelSettings, horizon: int) -> Task:
    """Returns the arrays of one horizon, built from the panel.

    Args:
        panel: Panel as known on its as-of.
        settings: Outcome definition, feature set and first training month.
        horizon: Steps ahead.
    """
    return Task(
        history=build_history(panel, settings, horizon),
        features=build_features(panel, settings.feature_set, definition_of(settings), horizon),
    )
