"""The simulated world's truth beside a forecast: how far off it is, and what could be reached."""

from __future__ import annotations

from typing import Any

import numpy as np

from data.simulate import World, true_exceedance_probability
from models.forecasts import Forecasts
from models.history import OutcomeHistory
from models.metrics import Floats, average_precision, brier_score, brier_skill, log_score

N_FUTURES = 500
"""Futures drawn per origin: the true probability is known to within 0.022, one standard error."""


def true_probabilities(world: World, history: OutcomeHistory, forecasts: Forecasts) -> Floats:
    """Returns the true probability of each forecast's outcome, shape (n_forecasts,).

    Args:
        world: The world that the events come from, with the regions in the same order.
        history: The history that the forecasts were made from.
        forecasts: The forecasts.
    """
    truth = np.full(history.labels.shape, np.nan)
    for row in np.unique(forecasts.row):
        truth[row] = true_exceedance_probability(
            world,
            int(history.periods[row]),
            history.horizon,
            history.thresholds[row],
            n_draws=N_FUTURES,
        )
    return np.asarray(truth[forecasts.row, forecasts.region])


def measure_against_truth(
    forecasts: Forecasts, probability: Floats, truth: Floats
) -> dict[str, Any]:
    """Returns the distance from the truth and the best score to be had, ready for JSON.

    Args:
        forecasts: The forecasts.
        probability: Probabilities as served, shape (n_forecasts,).
        truth: True probabilities, shape (n_forecasts,).

    Returns:
        `calibration_error` (root of the mean squared distance from the true probability), that of
        climatology, and `best` and `reached`: average precision, Brier score, log score and Brier
        skill over climatology of the truth and of the forecasts. The true probability is about what
        happened; what is observed is what was reported of it, so that the best is a little less.
    """
    observed = forecasts.observed
    past = forecasts.baselines["climatology"]
    reference = float(brier_score(past, observed))

    def score(values: Floats) -> dict[str, float]:
        brier = float(brier_score(values, observed))
        return {
            "average_precision": float(average_precision(values, observed)),
            "brier": brier,
            "log_score": float(log_score(values, observed)),
            "brier_skill": float(brier_skill(brier, reference)),
        }

    return {
        "calibration_error": float(np.sqrt(((probability - truth) ** 2).mean())),
        "calibration_error_of_climatology": float(np.sqrt(((past - truth) ** 2).mean())),
        "mean_truth": float(truth.mean()),
        "mean_forecast": float(probability.mean()),
        "best": score(truth),
        "reached": score(probability),
    }
