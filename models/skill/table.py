"""The skill table: what out-of-time forecasts were worth, beside every baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from models.bootstrap import (
    BlockDraws,
    Interval,
    as_json,
    average_precision_draws,
    interval_of,
    mean_draws,
    within_region_auc_draws,
)
from models.estimators.ridge import probability_of
from models.forecasts import Forecasts
from models.metrics import (
    Floats,
    auc,
    average_precision,
    brier_score,
    brier_skill,
    log_score,
    murphy_parts,
    within_region_auc,
)
from models.reliability import equal_count_bins, reliability_table

TRACK_RECORD_THRESHOLDS: tuple[float, ...] = (0.1, 0.25, 0.5)


def measure_skill(
    forecasts: Forecasts, log_odds: Floats, draws: BlockDraws, *, seed: int
) -> dict[str, Any]:
    """Returns every figure of one horizon, ready for JSON; a figure that has no value is None.

    Args:
        forecasts: Out-of-time forecasts, not empty.
        log_odds: Log-odds as served, shape (n_forecasts,).
        draws: Bootstrap draws, the same for all figures.
        seed: Seed of the consistency bars.

    Returns:
        `n_forecasts`, `n_positives`, `prevalence`; `model` with intervals; `skill_against` each
        baseline in Brier score, paired; `baselines` with their own figures; `murphy`,
        `reliability` and `track_record` of the model.
    """
    probability, observed = probability_of(log_odds), forecasts.observed
    bins = equal_count_bins(probability)
    return {
        "n_forecasts": len(forecasts),
        "n_positives": int(observed.sum()),
        "prevalence": float(observed.mean()),
        "model": {
            "average_precision": as_json(
                interval_of(
                    float(average_precision(probability, observed)),
                    average_precision_draws(probability, observed, draws),
                )
            ),
            "brier": as_json(_mean_interval((probability - observed) ** 2, draws)),
            "log_score": _number(float(log_score(probability, observed))),
            "auc": _number(auc(probability, observed)),
            "within_region_auc": as_json(
                interval_of(
                    within_region_auc(probability, observed, forecasts.region),
                    within_region_auc_draws(probability, observed, forecasts.region, draws),
                )
            ),
        },
        "skill_against": {
            name: as_json(one)
            for name, one in skill_intervals(forecasts, probability, draws).items()
        },
        "baselines": {
            name: {
                "average_precision": _number(float(average_precision(values, observed))),
                "brier": _number(float(brier_score(values, observed))),
                "log_score": _number(float(log_score(values, observed))),
                "auc": _number(auc(values, observed)),
                "within_region_auc": _number(within_region_auc(values, observed, forecasts.region)),
            }
            for name, values in forecasts.baselines.items()
        },
        "murphy": asdict(murphy_parts(probability, observed, bins)),
        "reliability": [asdict(one) for one in reliability_table(probability, observed, seed=seed)],
        "track_record": [
            _record_above(threshold, probability, observed) for threshold in TRACK_RECORD_THRESHOLDS
        ],
    }


def skill_intervals(
    forecasts: Forecasts, probability: Floats, draws: BlockDraws
) -> Mapping[str, Interval]:
    """Returns the Brier skill against each baseline with its paired interval."""
    own = (probability - forecasts.observed) ** 2
    found = {}
    for name, reference in forecasts.baselines.items():
        theirs = (reference - forecasts.observed) ** 2
        found[name] = interval_of(
            float(brier_skill(own.mean(), theirs.mean())),
            brier_skill(mean_draws(own, draws), mean_draws(theirs, draws)),
        )
    return found


def _record_above(threshold: float, probability: Floats, observed: Floats) -> dict[str, Any]:
    # `>=`, as a score on a level's bound belongs to that level.
    above = probability >= threshold
    return {
        "threshold": threshold,
        "n_forecasts": int(above.sum()),
        "n_followed": int(observed[above].sum()),
    }


def _mean_interval(values: Floats, draws: BlockDraws) -> Interval:
    return interval_of(float(values.mean()), mean_draws(values, draws))


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
