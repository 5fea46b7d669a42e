"""Simulated worlds of several seeds, each made once, and what escalation means in them."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from data.simulate import World, simulate_world

SEEDS = (0, 1, 2, 42, 20_260_101)


@cache
def world_of(seed: int) -> World:
    return simulate_world(date(2034, 12, 31), seed)


def escalations(
    here: World, horizon: int, first: int, last: int, stride: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Thresholds and later sums per origin, straight from the definition."""
    found = []
    for origin in range(first, last, stride):
        past = here.deaths[: origin + 1]
        recent = past[-12:].mean(axis=0)
        ends = range(origin - 35, origin + 1)
        own = [past[end - horizon + 1 : end + 1].sum(axis=0) for end in ends]
        limits = np.maximum(1.5 * horizon * recent, np.quantile(own, 0.9, axis=0))
        sums = here.deaths[origin + 1 : origin + 1 + horizon].sum(axis=0)
        found.append((np.maximum(limits, 10.0), sums))
    return found
