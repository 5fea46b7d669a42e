"""Measures of forecasts that are distributions, held as sorted draws of equal weight."""

from __future__ import annotations

import numpy as np

from models.metrics import Floats

N_DRAWS = 240
"""Draws per forecast: a multiple of 12, so that 12 past values are repeated without rounding."""

INTERVALS: tuple[float, ...] = (0.5, 0.8, 0.9)
"""Nominal levels of the intervals that are measured."""


def crps(draws: Floats, observed: Floats) -> Floats:
    """Returns the continuous ranked probability score of each forecast, in persons.

    Gneiting & Raftery (2007), doi:10.1198/016214506000001437, for an empirical distribution.

    Args:
        draws: Sorted draws, shape (..., n_draws).
        observed: What came, shape (...).
    """
    n_draws = draws.shape[-1]
    rank = 2.0 * np.arange(1, n_draws + 1) - n_draws - 1
    spread = (draws * rank).sum(axis=-1) / n_draws**2
    return np.asarray(np.abs(draws - observed[..., None]).mean(axis=-1) - spread)


def quantile_crps(quantiles: Floats, levels: tuple[float, ...], observed: Floats) -> Floats:
    """Returns the CRPS of forecasts of which quantiles alone are known, in persons.

    Twice the mean pinball loss of the quantiles: what the score of the whole distribution comes to
    at so many levels. Laio & Tamea (2007), doi:10.5194/hess-11-1267-2007.

    Args:
        quantiles: Rising, shape (..., n_levels).
        levels: Their levels in (0, 1), evenly apart.
        observed: What came, shape (...).
    """
    above = observed[..., None] - quantiles
    share = np.asarray(levels)
    return np.asarray(2 * np.maximum(share * above, (share - 1) * above).mean(axis=-1))


def interval_ends(draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Returns the ends of the central interval that holds a share of the draws.

    Args:
        draws: Sorted draws, shape (..., n_draws).
        level: Share, in (0, 1).
    """
    n_draws = draws.shape[-1]
    cut = round((1 - level) / 2 * n_draws)
    return draws[..., cut], draws[..., n_draws - 1 - cut]


def is_covered(
    draws: Floats, observed: Floats, level: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Returns where the interval holds what came, its ends included, shape of `observed`."""
    low, high = interval_ends(draws, level)
    return np.asarray((low <= observed) & (observed <= high))


def spread_values(values: Floats) -> Floats:
    """Returns sorted values as `N_DRAWS` draws, each repeated as often.

    Args:
        values: Shape (..., n_values), n_values a divisor of `N_DRAWS`.
    """
    return np.repeat(np.sort(values, axis=-1), N_DRAWS // values.shape[-1], axis=-1)
