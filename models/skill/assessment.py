"""The assessment: every figure that a backtest report prints for one outcome and horizon."""

from __future__ import annotations

from typing import Any

from data.calendar import period_label
from data.panel import Panel
from models.bootstrap import (
    BlockDraws,
    as_json,
    average_precision_draws,
    interval_of,
    mean_draws,
)
from models.forecasts import Forecasts
from models.history import OutcomeHistory
from models.metrics import Floats, average_precision, log_losses
from models.settings import ModelSettings
from models.skill.decisions import (
    COST_LOSS_RATIOS,
    cost_loss_curve,
    operating_table,
    precision_recall_points,
)
from models.skill.measured import measure_forecasts
from models.skill.where_when import split_where_when

CURVES: tuple[str, ...] = ("climatology", "conflictology")
"""Baselines whose curves are drawn beside the model's."""


def assess_forecasts(
    panel: Panel,
    history: OutcomeHistory,
    forecasts: Forecasts,
    settings: ModelSettings,
    *,
    recalibrates: bool = True,
) -> tuple[dict[str, Any], Floats]:
    """Returns all figures of one outcome and horizon, and the log-odds as served.

    Args:
        panel: The panel that tells what came.
        history: What came, against the thresholds that the forecasts were made with.
        forecasts: Out-of-time forecasts with both classes among them.
        settings: Draws and seed.
        recalibrates: False if no recalibration may be learned from what came.

    Returns:
        Figures, ready for JSON: `first_origin`, `last_origin`, `gate`, `calibration`, `skill`
        (see `models.skill.table.measure_skill`), `paired` (gain over each baseline in average
        precision and log score, with paired intervals), `where_when`, `strata`, `operating`,
        `precision_recall`, `cost_loss`; and the log-odds after calibration, shape (n_forecasts,).
    """
    found = measure_forecasts(
        panel, forecasts, history.horizon, settings, recalibrates=recalibrates
    )
    choice, draws, probability = found.choice, found.draws, found.probability
    labels = [period_label(int(history.periods[row]), history.step) for row in forecasts.row]
    curves = {"model": probability, **{name: forecasts.baselines[name] for name in CURVES}}
    figures = {
        "first_origin": labels[0],
        "last_origin": labels[-1],
        "gate": found.gate,
        "calibration": "identity" if choice.is_identity else "linear in log-odds",
        "skill": found.skill,
        "paired": _pair_up(forecasts, probability, draws),
        "where_when": split_where_when(forecasts, choice.log_odds, draws, seed=settings.seed),
        "strata": found.strata,
        "operating": operating_table(history, forecasts, probability),
        "precision_recall": {
            name: precision_recall_points(values, forecasts.observed)
            for name, values in curves.items()
        },
        "cost_loss": {
            "ratios": list(COST_LOSS_RATIOS),
            **{
                name: cost_loss_curve(values, forecasts.observed) for name, values in curves.items()
            },
        },
    }
    return figures, choice.log_odds


def _pair_up(forecasts: Forecasts, probability: Floats, draws: BlockDraws) -> dict[str, Any]:
    observed = forecasts.observed
    own = average_precision(probability, observed)
    own_drawn = average_precision_draws(probability, observed, draws)
    own_losses = log_losses(probability, observed)
    paired = {}
    for name, values in forecasts.baselines.items():
        gains = log_losses(values, observed) - own_losses
        paired[name] = {
            "average_precision": as_json(
                interval_of(
                    float(own - average_precision(values, observed)),
                    own_drawn - average_precision_draws(values, observed, draws),
                )
            ),
            "log_score": as_json(interval_of(float(gains.mean()), mean_draws(gains, draws))),
        }
    return paired
