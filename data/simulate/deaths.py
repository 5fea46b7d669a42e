"""How many events an operation has in the simulated world, and how many die in each.

One event in eleven kills nobody. Else deaths follow a log-normal, rounded up and cut off at 250, so
that most events kill one to three and a few kill dozens. A table per kind of operation gives the
exact mean, and drawing is by inversion of the same table. Some raids and assaults are coordinated:
several events on one day.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from data.simulate.process import OPERATIONS, Floats, Integers

MAX_DEATHS = 250
MAX_EXTRA_EVENTS = 4
_NO_DEATHS_SHARE = 0.09
# Location and scale of the logarithm of deaths before rounding, per kind of operation.
_LOCATIONS = (0.55, 0.45, 0.85, 0.45)
_SCALES = (1.15, 1.15, 1.00, 1.10)
_COORDINATED: Floats = np.array([0.07, 0.02, 0.0, 0.04])
_ONE_MORE = 0.5


def _death_tables() -> Floats:
    """Returns the distribution function of deaths, shape (4, MAX_DEATHS + 1)."""
    limits = np.log(np.arange(1, MAX_DEATHS + 1))
    tables = []
    for location, scale in zip(_LOCATIONS, _SCALES, strict=True):
        some = ndtr((limits - location) / scale)
        some = _NO_DEATHS_SHARE + (1 - _NO_DEATHS_SHARE) * some / some[-1]
        tables.append(np.concatenate([[_NO_DEATHS_SHARE], some]))
    return np.array(tables)


_TABLES = _death_tables()
MEAN_DEATHS: Floats = (1.0 - _TABLES[:, :-1]).sum(axis=1)
"""Expected deaths per event, per kind of operation."""
MEAN_EVENTS: Floats = 1.0 + _COORDINATED * sum(_ONE_MORE**i for i in range(MAX_EXTRA_EVENTS))
"""Expected events per operation, per kind of operation."""


def expected_deaths(rates: Floats) -> Floats:
    """Returns expected deaths, shape (n_draws, n_regions), of rates (n_draws, 4, n_regions)."""
    return np.asarray(np.einsum("k,dkr->dr", MEAN_EVENTS * MEAN_DEATHS, rates))


def draw_deaths(kinds: Integers, rng: np.random.Generator) -> Integers:
    """Returns the deaths of events of the given kinds, same shape as `kinds` (1-d)."""
    deaths = np.empty(len(kinds), dtype=np.int64)
    chances = rng.random(len(kinds))
    for kind in range(len(OPERATIONS)):
        here = kinds == kind
        deaths[here] = np.searchsorted(_TABLES[kind], chances[here], side="right")
    return deaths


def draw_extra_events(kinds: Integers, rng: np.random.Generator) -> Integers:
    """Returns how many further events belong to each operation (0 unless it is coordinated)."""
    chances = rng.random(len(kinds))
    extra = np.zeros(len(kinds), dtype=np.int64)
    share = _COORDINATED[kinds]
    for _ in range(MAX_EXTRA_EVENTS):
        extra += chances < share
        share = share * _ONE_MORE
    return extra


def draw_region_deaths(operations: Integers, rng: np.random.Generator) -> Integers:
    """Returns total deaths per draw and region for counts of operations.

    Args:
        operations: Shape (n_draws, 4, n_regions).
        rng: Source of chance.

    Returns:
        int64, shape (n_draws, n_regions).
    """
    _, n_kinds, n_regions = operations.shape
    counts = operations.ravel()
    cells = np.repeat(np.arange(counts.size), counts)
    kinds = cells // n_regions % n_kinds
    events_of = 1 + draw_extra_events(kinds, rng)
    cells, kinds = np.repeat(cells, events_of), np.repeat(kinds, events_of)
    deaths = draw_deaths(kinds, rng)
    totals = np.bincount(cells, weights=deaths, minlength=counts.size)
    return np.asarray(totals.reshape(operations.shape).sum(axis=1).astype(np.int64))
