"""The truth about the future of a simulated world: many draws of it from its true state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data.calendar import period_label
from data.errors import UsageError
from data.simulate.deaths import draw_region_deaths
from data.simulate.process import State, next_state, operation_rates
from data.simulate.world import World

_FUTURE = 6


def draw_future_deaths(
    world: World, origin: int, horizon: int, n_draws: int, seed: int = 0
) -> npt.NDArray[np.int64]:
    """Returns futures of the world as it could have gone on from the end of `origin`.

    Each is a run of the very process that made the world, from its true state at the end of the
    origin; what the world did later plays no part.

    Args:
        world: The world.
        origin: Ordinal of one of its months.
        horizon: Number of months, >= 1.
        n_draws: Number of futures, >= 1.
        seed: Seed of the draws, independent of the world's.

    Returns:
        Deaths, int64, shape (n_draws, horizon, n_regions), persons per month.

    Raises:
        UsageError: The origin is no month of the world, or a number is below one.
    """
    position = origin - int(world.periods[0])
    if not 0 <= position < len(world.periods):
        raise UsageError(
            f"{period_label(origin, 'month')} is no month of this world, which ends with "
            f"{period_label(int(world.periods[-1]), 'month')}.",
            "Choose an origin in it.",
        )
    if horizon < 1 or n_draws < 1:
        raise UsageError(f"Horizon is {horizon} and draws are {n_draws}.", "Both must be >= 1.")
    rng = np.random.default_rng([world.seed, _FUTURE, origin, horizon, seed])
    state = _state_after(world, position).repeated(n_draws)
    months = []
    for period in range(origin + 1, origin + horizon + 1):
        operations = rng.poisson(operation_rates(world.theatre, state, period))
        months.append(draw_region_deaths(operations, rng))
        state = next_state(world.theatre, state, operations, period, rng)
    return np.stack(months, axis=1)


def true_exceedance_probability(
    world: World,
    origin: int,
    horizon: int,
    thresholds: npt.ArrayLike,
    n_draws: int = 1000,
    seed: int = 0,
) -> npt.NDArray[np.float64]:
    """Returns the true probability that deaths in the next months reach a threshold.

    The sum runs over origin+1 … origin+horizon and must be `>=` the threshold, as in the
    definition of escalation. The Monte Carlo error is at most `0.5 / sqrt(n_draws)`, one standard
    error.

    Args:
        world: The world.
        origin: Ordinal of one of its months.
        horizon: Number of months, >= 1.
        thresholds: Persons, shape (n_regions,) or (..., n_regions); NaN where undefined.
        n_draws: Number of futures drawn.
        seed: Seed of the draws.

    Returns:
        Shape of `thresholds`, in [0, 1], NaN where the threshold is.

    Raises:
        UsageError: The origin is no month of the world, a number is below one, or the last axis of
            the thresholds is not the regions.
    """
    limits = np.asarray(thresholds, dtype=np.float64)
    n_regions = len(world.region_set.regions)
    if limits.shape[-1:] != (n_regions,):
        raise UsageError(
            f"Thresholds have shape {limits.shape}.", f"The last axis must be {n_regions} regions."
        )
    sums = draw_future_deaths(world, origin, horizon, n_draws, seed).sum(axis=1)
    # Sorted draws: the share at or above a threshold is what lies right of it.
    ordered = np.sort(sums, axis=0)
    result = np.full(limits.shape, np.nan)
    for region in range(n_regions):
        below = np.searchsorted(ordered[:, region], limits[..., region], side="left")
        result[..., region] = 1.0 - below / n_draws
    result[np.isnan(limits)] = np.nan
    return result


def _state_after(world: World, position: int) -> State:
    """Returns the state at the end of the period at `position`, as one draw."""
    here = slice(position + 1, position + 2)
    states = world.states
    return State(
        mood=states.mood[here],
        tide=states.tide[here],
        footholds=states.footholds[here],
        offensives=states.offensives[here],
        memory=states.memory[here],
    )
