"""Strata: the same figures for parts of the forecasts, chosen by what was known at the origin.

A stratum never looks at the outcome, so that no stratum is easy by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.calendar import months_to_periods
from data.panel import Panel
from features.windows import window_sums
from models.bootstrap import BlockDraws, as_json, interval_of, mean_draws
from models.forecasts import Forecasts
from models.metrics import Floats, Ints, average_precision, brier_skill

ONSET_MONTHS = 36
QUIET_MONTHS = 12
PACE_MONTHS = 6
HARD_MONTHS = 60

STATES: tuple[str, ...] = ("onset", "re-ignition", "intensification", "continuation", "unknown")
"""State of a region at the origin, and so what an escalation there would be.

`onset`: nobody was killed in the last 36 months. `re-ignition`: nobody in the last 12.
`intensification`: more in the last 6 months than in the 6 before. `continuation`: the rest.
"""

MIN_POSITIVES = 5
"""Positive forecasts below which a stratum has counts and no figures."""


@dataclass(frozen=True)
class Stratum:
    """A part of the forecasts.

    Attributes:
        group: What divides the forecasts: `country`, `state`, `hard` or `year`.
        name: Which part this is.
        is_member: Bool, shape (n_forecasts,).
    """

    group: str
    name: str
    is_member: np.ndarray[Any, np.dtype[np.bool_]]


def divide(panel: Panel, forecasts: Forecasts) -> tuple[Stratum, ...]:
    """Returns all strata that hold a forecast, group by group.

    Args:
        panel: The panel that the forecasts were made from.
        forecasts: The forecasts.
    """
    at = (forecasts.row, forecasts.region)
    country = np.array(panel.countries)[panel.country_of][forecasts.region]
    state = np.array(STATES)[_states(panel)[at]]
    events = np.where(panel.known, panel.values["events"], np.nan).astype(np.float64)
    hard = window_sums(events, months_to_periods(HARD_MONTHS, panel.step))[at] == 0
    groups: Sequence[tuple[str, Sequence[str], Any]] = (
        ("country", sorted(set(panel.countries)), country),
        ("state", STATES, state),
        (
            "hard",
            ["no event in 60 months", "others"],
            np.where(hard, "no event in 60 months", "others"),
        ),
        ("year", sorted({str(year) for year in forecasts.year}), forecasts.year.astype(str)),
    )
    return tuple(
        Stratum(group, name, labels == name)
        for group, names, labels in groups
        for name in names
        if (labels == name).any()
    )


def measure_strata(
    strata: Sequence[Stratum], forecasts: Forecasts, probability: Floats, draws: BlockDraws
) -> list[dict[str, Any]]:
    """Returns counts and figures of each stratum, ready for JSON.

    Args:
        strata: The strata.
        forecasts: The forecasts.
        probability: Probabilities as served, shape (n_forecasts,).
        draws: Bootstrap draws of all forecasts; a stratum keeps the draws of its own blocks.

    Returns:
        `group`, `name`, `n_forecasts`, `n_positives`; from 5 positives on also
        `average_precision` of the model and of conflictology, and the Brier skill against
        climatology and conflictology with paired intervals; else None.
    """
    return [_measure(stratum, forecasts, probability, draws) for stratum in strata]


def _measure(
    stratum: Stratum, forecasts: Forecasts, probability: Floats, draws: BlockDraws
) -> dict[str, Any]:
    here = stratum.is_member
    observed, said = forecasts.observed[here], probability[here]
    enough = observed.sum() >= MIN_POSITIVES
    own_draws = BlockDraws(draws.block[here], draws.counts)
    own = (said - observed) ** 2
    conflictology = forecasts.baselines["conflictology"][here]
    found: dict[str, Any] = {}
    for rival in ("climatology", "conflictology"):
        theirs = (forecasts.baselines[rival][here] - observed) ** 2
        found[f"brier_skill_{rival}"] = (
            as_json(
                interval_of(
                    float(brier_skill(own.mean(), theirs.mean())),
                    brier_skill(mean_draws(own, own_draws), mean_draws(theirs, own_draws)),
                )
            )
            if enough
            else None
        )
    return {
        "group": stratum.group,
        "name": stratum.name,
        "n_forecasts": int(here.sum()),
        "n_positives": int(observed.sum()),
        "mean_forecast": float(said.mean()),
        "average_precision": float(average_precision(said, observed)) if enough else None,
        "average_precision_conflictology": (
            float(average_precision(conflictology, observed)) if enough else None
        ),
        **found,
    }


def _states(panel: Panel) -> Ints:
    """Returns the position in `STATES` of each period and region."""
    deaths = np.where(panel.known, panel.values["deaths"], np.nan).astype(np.float64)

    def over(months: int) -> Floats:
        return window_sums(deaths, months_to_periods(months, panel.step))

    half_year = months_to_periods(PACE_MONTHS, panel.step)
    pace = over(PACE_MONTHS)
    before = np.full_like(pace, np.nan)
    before[half_year:] = pace[:-half_year]
    long = over(ONSET_MONTHS)
    conditions = [np.isnan(long), long == 0, over(QUIET_MONTHS) == 0, pace > before]
    return np.select(conditions, [4, 0, 1, 2], default=3).astype(np.int64)
