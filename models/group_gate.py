"""The gate, country by country: where a country has enough cases, its own record decides.

A model may be worth something over a whole set and nothing in one country of it. Where the
out-of-time forecasts of a country hold enough cases, the gate judges them alone; where they do not,
an interval would be so wide that nothing could pass, and the verdict on the whole set stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from models.bootstrap import BlockDraws, draw_blocks
from models.forecasts import Forecasts
from models.gate import judge
from models.metrics import Floats
from models.settings import ModelSettings
from models.skill import skill_intervals


def judge_by_country(
    forecasts: Forecasts,
    probability: Floats,
    draws: BlockDraws,
    countries: Sequence[str],
    settings: ModelSettings,
) -> dict[str, Any]:
    """Returns the verdict on the whole set and on each country, ready for JSON.

    Args:
        forecasts: Out-of-time forecasts.
        probability: Probabilities as served, shape (n_forecasts,).
        draws: Draws for the whole set.
        countries: Country of each region, in region order.
        settings: From how many cases on a country is judged by itself; draws and seed.

    Returns:
        `is_passed` and `reason` of the whole set, and `groups`: by country `is_passed`, `reason`,
        `n_forecasts`, `n_positives` and `is_own`, true if its own record decided.
    """
    whole = judge(skill_intervals(forecasts, probability, draws))
    of_forecast = np.array(countries)[forecasts.region]
    groups: dict[str, Any] = {}
    for country in sorted(set(countries)):
        here = of_forecast == country
        n_forecasts, n_positives = int(here.sum()), int(forecasts.observed[here].sum())
        is_own = min(n_positives, n_forecasts - n_positives) >= settings.gate_group_cases
        verdict = whole
        if is_own:
            part = _only(forecasts, here)
            own = draw_blocks(
                part.region, part.year, n_draws=settings.bootstrap_draws, seed=settings.seed
            )
            verdict = judge(skill_intervals(part, probability[here], own))
            if not verdict.is_passed:
                verdict = replace(verdict, reason=f"In {country}: {verdict.reason}")
        groups[country] = {
            **asdict(verdict),
            "n_forecasts": n_forecasts,
            "n_positives": n_positives,
            "is_own": is_own,
        }
    return {**asdict(whole), "groups": groups}


def countries_without(gate: dict[str, Any]) -> list[str]:
    """Returns the countries whose own record did not pass the gate."""
    return [
        country
        for country, verdict in gate.get("groups", {}).items()
        if verdict["is_own"] and not verdict["is_passed"]
    ]


def _only(forecasts: Forecasts, here: np.ndarray[Any, np.dtype[np.bool_]]) -> Forecasts:
    return Forecasts(
        row=forecasts.row[here],
        region=forecasts.region[here],
        year=forecasts.year[here],
        log_odds=forecasts.log_odds[here],
        observed=forecasts.observed[here],
        baselines={name: values[here] for name, values in forecasts.baselines.items()},
    )
