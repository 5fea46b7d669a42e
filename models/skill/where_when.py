"""Where and when, apart: how much of the skill is knowing the place, how much the moment."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.bootstrap import BlockDraws, as_json, interval_of, within_region_auc_draws
from models.estimators.ridge import probability_of
from models.forecasts import Forecasts
from models.metrics import (
    Floats,
    average_precision,
    brier_score,
    brier_skill,
    group_rows,
    within_region_auc,
)

N_SHUFFLES = 100


def split_where_when(
    forecasts: Forecasts, log_odds: Floats, draws: BlockDraws, *, seed: int
) -> dict[str, Any]:
    """Returns figures of timing, ready for JSON.

    Args:
        forecasts: Out-of-time forecasts, not empty.
        log_odds: Log-odds as served, shape (n_forecasts,).
        draws: Bootstrap draws.
        seed: Seed of the shuffles.

    Returns:
        `within_region_auc`, over pairs of the same region, of the `model`, of its
        `region_specific` part (log-odds less that period's mean over regions: what is left when the
        season and the common trend are taken away) and of the `calendar` baseline; and
        `shuffled_timing`: the mean figures of forecasts whose periods are permuted inside each
        region, in which only "where" survives.
    """
    ranked = {
        "model": log_odds,
        "region_specific": region_specific_part(log_odds, forecasts.row),
        "calendar": forecasts.baselines["calendar"],
    }
    return {
        "within_region_auc": {
            name: as_json(
                interval_of(
                    within_region_auc(values, forecasts.observed, forecasts.region),
                    within_region_auc_draws(values, forecasts.observed, forecasts.region, draws),
                )
            )
            for name, values in ranked.items()
        },
        "shuffled_timing": _shuffle(forecasts, probability_of(log_odds), seed),
    }


def region_specific_part(log_odds: Floats, row: np.ndarray[Any, np.dtype[np.int64]]) -> Floats:
    """Returns log-odds less their mean over the regions of the same origin, shape kept."""
    origin = np.unique(row, return_inverse=True)[1]
    means = np.bincount(origin, log_odds) / np.bincount(origin)
    return np.asarray(log_odds - means[origin])


def _shuffle(forecasts: Forecasts, probability: Floats, seed: int) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    observed = forecasts.observed
    past = float(brier_score(forecasts.baselines["climatology"], observed))
    rows = group_rows(forecasts.region)
    found = []
    for _ in range(N_SHUFFLES):
        shuffled = probability.copy()
        for here in rows:
            shuffled[here] = generator.permutation(probability[here])
        found.append(
            (
                float(average_precision(shuffled, observed)),
                float(brier_skill(brier_score(shuffled, observed), past)),
                within_region_auc(shuffled, observed, forecasts.region),
            )
        )
    means = np.mean(found, axis=0)
    names = ("average_precision", "brier_skill", "within_region_auc")
    return {
        "n_shuffles": N_SHUFFLES,
        **{
            name: float(mean) if np.isfinite(mean) else None
            for name, mean in zip(names, means, strict=True)
        },
    }
