"""Forecasts out of time, calibrated and measured: what a model's manifest and a report both say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.panel import Panel
from models.bootstrap import BlockDraws, draw_blocks
from models.estimators.calibration import CalibrationChoice, choose_calibration, keep_identity
from models.estimators.ridge import probability_of
from models.forecasts import Forecasts
from models.metrics import Floats
from models.settings import ModelSettings
from models.skill.group_gate import judge_by_group
from models.skill.strata import divide, measure_strata
from models.skill.table import measure_skill


@dataclass(frozen=True)
class MeasuredForecasts:
    """What forecasts are worth as they would be served.

    Attributes:
        draws: The blocks that all intervals are drawn from.
        choice: The calibration, and the log-odds after it.
        probability: Served probabilities, in [0, 1], shape (n_forecasts,).
        gate: Of each group of regions, whether the model is served; see `models.skill.group_gate`.
        skill: See `models.skill.table.measure_skill`.
        strata: See `models.skill.strata.measure_strata`.
    """

    draws: BlockDraws
    choice: CalibrationChoice
    probability: Floats
    gate: dict[str, Any]
    skill: dict[str, Any]
    strata: list[dict[str, Any]]


def measure_forecasts(
    panel: Panel,
    forecasts: Forecasts,
    horizon: int,
    settings: ModelSettings,
    *,
    recalibrates: bool = True,
) -> MeasuredForecasts:
    """Returns forecasts as they would be served, and what they are worth.

    Args:
        panel: The panel that the forecasts were made from.
        forecasts: Out-of-time forecasts with both classes among them.
        horizon: Steps that a forecast covers.
        settings: Draws, seed and gate.
        recalibrates: False if no recalibration may be learned from what came.
    """
    draws = draw_blocks(
        forecasts.region, forecasts.year, n_draws=settings.bootstrap_draws, seed=settings.seed
    )
    choice = (
        choose_calibration(
            forecasts.log_odds, forecasts.observed, forecasts.row, horizon, forecasts.year, draws
        )
        if recalibrates
        else keep_identity(forecasts.log_odds)
    )
    probability = probability_of(choice.log_odds)
    return MeasuredForecasts(
        draws=draws,
        choice=choice,
        probability=probability,
        gate=judge_by_group(forecasts, probability, draws, panel, settings),
        skill=measure_skill(forecasts, choice.log_odds, draws, seed=settings.seed),
        strata=measure_strata(divide(panel, forecasts), forecasts, probability, draws),
    )
