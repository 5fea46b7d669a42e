"""What forecasts of fatalities were worth beside conflictology: CRPS, its gain, and coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.bootstrap import as_json, draw_blocks, interval_of, mean_draws
from models.metrics import Floats, Ints, brier_skill

RIVAL = "conflictology"
LEVELS: tuple[str, ...] = ("50%", "90%")
"""Nominal levels of the intervals whose coverage is told."""


def measure_distributions(
    unit: Ints,
    year: Ints,
    crps: Mapping[str, Floats],
    covered: Mapping[str, Sequence[Floats]],
    *,
    n_draws: int,
    seed: int,
) -> dict[str, Any]:
    """Returns the figures of closed forecasts, ready for JSON.

    Args:
        unit: Unit of each forecast, shape (n_forecasts,), at least one.
        year: Year of the period that it is of, shape (n_forecasts,).
        crps: Persons, shape (n_forecasts,), of what is measured and of `conflictology`, in that
            order.
        covered: By the same names, per level of `LEVELS`, 1.0 where the interval held what came.
        n_draws: Bootstrap draws of unit-years.
        seed: Seed of the draws.

    Returns:
        `n_forecasts`, `crps` and `crps_of_conflictology` in persons, `gain` (1 - their ratio, with
        its 95 % interval; None where conflictology never erred) and `coverage` by name and level.
    """
    own, theirs = (values for values in crps.values())
    draws = draw_blocks(unit, year, n_draws=n_draws, seed=seed)
    gain = interval_of(
        float(brier_skill(own.mean(), theirs.mean())),
        brier_skill(mean_draws(own, draws), mean_draws(theirs, draws)),
    )
    return {
        "n_forecasts": len(unit),
        "crps": float(own.mean()),
        f"crps_of_{RIVAL}": float(theirs.mean()),
        "gain": as_json(gain),
        "coverage": {
            name: {level: float(one.mean()) for level, one in zip(LEVELS, held, strict=True)}
            for name, held in covered.items()
        },
    }
