"""The track record of verified forecasts: how good they were, beside baselines, over the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data.calendar import Step, period_start
from models.bootstrap import as_json, draw_blocks, interval_of, mean_draws
from models.metrics import Floats, Ints, average_precision, brier_skill, log_losses
from models.reliability import reliability_table
from models.verification import VerifiedForecast


def measure_record(
    verified: Sequence[VerifiedForecast], step: Step, *, n_draws: int, seed: int
) -> dict[str, Any]:
    """Returns the track record of verified forecasts of one horizon, ready for JSON.

    Args:
        verified: The forecasts.
        step: Calendar unit of a period.
        n_draws: Bootstrap draws.
        seed: Seed of the draws.

    Returns:
        `n_forecasts`, `n_positives`, `mean_forecast`, `brier`, `brier_of_climatology`,
        `brier_skill` and `gain_in_log_score` over climatology with 95 % intervals over
        region-years, `average_precision` (None without a case), `reliability`; `baselines` (by
        name, on the forecasts for which it is known: `n_forecasts`, `brier`, `brier_skill` of what
        was served over it with its interval, `average_precision`); `by_year` (Brier skill over
        climatology by year of the origin); `by_level` (per risk level how many forecasts and how
        many came true). Without forecasts, the counts alone.
    """
    counts: dict[str, Any] = {
        "n_forecasts": len(verified),
        "n_positives": int(sum(one.observed for one in verified)),
    }
    if not verified:
        return counts
    observed = np.array([one.observed for one in verified])
    served = np.array([one.forecast.risk_score for one in verified])
    past = np.array([one.forecast.climatology for one in verified])
    names = sorted({one.forecast.region_id for one in verified})
    place = {name: at for at, name in enumerate(names)}
    region = np.array([place[one.forecast.region_id] for one in verified], np.int64)
    years = np.array([period_start(one.forecast.origin, step).year for one in verified], np.int64)
    draws = draw_blocks(region, years, n_draws=n_draws, seed=seed)
    own, theirs = (served - observed) ** 2, (past - observed) ** 2
    gains = log_losses(past, observed) - log_losses(served, observed)
    return {
        **counts,
        "mean_forecast": float(served.mean()),
        "brier": float(own.mean()),
        "brier_of_climatology": float(theirs.mean()),
        "brier_skill": as_json(
            interval_of(
                float(brier_skill(own.mean(), theirs.mean())),
                brier_skill(mean_draws(own, draws), mean_draws(theirs, draws)),
            )
        ),
        "gain_in_log_score": as_json(interval_of(float(gains.mean()), mean_draws(gains, draws))),
        "average_precision": _precision(served, observed),
        "reliability": [
            {
                "n": one.n,
                "forecast": one.forecast,
                "frequency": one.frequency,
                "bar_low": one.bar_low,
                "bar_high": one.bar_high,
            }
            for one in reliability_table(served, observed, seed=seed)
        ],
        "baselines": {
            name: compare_with(values, served, observed, region, years, n_draws=n_draws, seed=seed)
            for name, values in _baselines(verified, past).items()
        },
        "by_year": _by_year(own, theirs, observed, years),
        "by_level": _by_level(verified),
    }


def compare_with(
    theirs: Floats,
    served: Floats,
    observed: Floats,
    region: Ints,
    years: Ints,
    *,
    n_draws: int,
    seed: int,
) -> dict[str, Any]:
    """Returns how another forecast did on the same cases, where it is known.

    Args:
        theirs: Its probabilities, NaN where it has none, shape (n_forecasts,).
        served: What was served, shape (n_forecasts,).
        observed: Outcomes, 1.0 or 0.0, shape (n_forecasts,).
        region: Region of each forecast, shape (n_forecasts,).
        years: Year of each forecast's origin, shape (n_forecasts,).
        n_draws: Bootstrap draws.
        seed: Seed of the draws.

    Returns:
        `n_forecasts`, `brier`, `average_precision`, and of what was served `brier_skill` over it
        and `gain_in_log_score` with intervals; the count alone where it is nowhere known.
    """
    known = np.isfinite(theirs)
    found: dict[str, Any] = {"n_forecasts": int(known.sum())}
    if not known.any():
        return found
    theirs, served, observed = theirs[known], served[known], observed[known]
    draws = draw_blocks(region[known], years[known], n_draws=n_draws, seed=seed)
    own, other = (served - observed) ** 2, (theirs - observed) ** 2
    gains = log_losses(theirs, observed) - log_losses(served, observed)
    return {
        **found,
        "brier": float(other.mean()),
        "average_precision": _precision(theirs, observed),
        "brier_skill": as_json(
            interval_of(
                float(brier_skill(own.mean(), other.mean())),
                brier_skill(mean_draws(own, draws), mean_draws(other, draws)),
            )
        ),
        "gain_in_log_score": as_json(interval_of(float(gains.mean()), mean_draws(gains, draws))),
    }


def _baselines(verified: Sequence[VerifiedForecast], past: Floats) -> dict[str, Floats]:
    return {
        "zeros": np.zeros_like(past),
        "climatology": past,
        "conflictology": np.array(
            [np.nan if one.conflictology is None else one.conflictology for one in verified]
        ),
    }


def _precision(probability: Floats, observed: Floats) -> float | None:
    value = float(average_precision(probability, observed))
    return value if np.isfinite(value) else None


def _by_year(own: Floats, theirs: Floats, observed: Floats, years: Ints) -> list[dict[str, Any]]:
    rows = []
    for year in np.unique(years):
        here = years == year
        skill = float(brier_skill(own[here].mean(), theirs[here].mean()))
        rows.append(
            {
                "year": int(year),
                "n_forecasts": int(here.sum()),
                "n_positives": int(observed[here].sum()),
                "brier_skill": skill if np.isfinite(skill) else None,
            }
        )
    return rows


def _by_level(verified: Sequence[VerifiedForecast]) -> list[dict[str, Any]]:
    """Rows per level, from the lowest mean forecast to the highest."""
    found: dict[str, list[VerifiedForecast]] = {}
    for one in verified:
        if one.forecast.level is not None:
            found.setdefault(one.forecast.level, []).append(one)
    rows = [
        {
            "level": level,
            "n_forecasts": len(members),
            "n_followed": int(sum(one.observed for one in members)),
            "mean_forecast": float(np.mean([one.forecast.risk_score for one in members])),
        }
        for level, members in found.items()
    ]
    return sorted(rows, key=lambda row: (row["mean_forecast"], row["level"]))
