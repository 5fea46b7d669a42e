"""Sampling of training rows: all cases are kept, and of the many rest a weighted sample.

Each kept row of the rest stands for as many as were left out, so that the share of cases, and with
it the probability, stays what it was: King & Zeng (2001), doi:10.1093/oxfordjournals.pan.a004868
("weighting"). It bounds what training on large region sets costs.
"""

from __future__ import annotations

import numpy as np

from models.metrics import Floats, Ints


def sample_rows(labels: Floats, most: int, seed: int) -> tuple[Ints, Floats]:
    """Returns which rows train, in order, and how many rows each stands for.

    Args:
        labels: 1.0 or 0.0, shape (n_rows,).
        most: Rows that may be kept. All cases are kept, be they more; and at least as many others.
        seed: Seed of the draw.

    Returns:
        Positions, int64, and weights, float64, shape (n_kept,) each.
    """
    if len(labels) <= most:
        return np.arange(len(labels), dtype=np.int64), np.ones(len(labels))
    cases, rest = np.flatnonzero(labels > 0), np.flatnonzero(labels <= 0)
    n_drawn = min(len(rest), max(most - len(cases), len(cases), 1))
    drawn = np.random.default_rng(seed).choice(len(rest), n_drawn, replace=False, shuffle=False)
    kept = np.sort(np.concatenate([cases, rest[drawn]])).astype(np.int64)
    return kept, np.where(labels[kept] > 0, 1.0, len(rest) / max(n_drawn, 1))
