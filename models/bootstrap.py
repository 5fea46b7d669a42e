"""Intervals of skill: a block bootstrap over region-years.

Months of one region and year resemble each other, so whole region-years are drawn with
replacement. All figures of one table share the same draws: a difference of two figures is paired.
Künsch (1989), doi:10.1214/aos/1176347265, on blocks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from models.metrics import Floats, Ints, average_precision, group_rows, ranked_pairs

INTERVAL_LEVEL = 0.95
"""Share of the draws that an interval holds."""

_MOST_WEIGHTS = 2_000_000
_DRAWS_AT_ONCE = 64


@dataclass(frozen=True)
class Interval:
    """A figure with what the bootstrap says of its uncertainty.

    Attributes:
        value: The figure on all forecasts.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class BlockDraws:
    """Draws of blocks, made once and used for every figure.

    Attributes:
        block: Block of each forecast, 0, 1, …, int64, shape (n_forecasts,).
        counts: How often each draw holds each block, uint8, shape (n_draws, n_blocks). As many
            blocks are drawn as there are: one comes once on average, and never 256 times.
    """

    block: Ints
    counts: npt.NDArray[np.uint8]


def draw_blocks(region: Ints, year: Ints, *, n_draws: int, seed: int) -> BlockDraws:
    """Returns draws of region-years with replacement, as many as there are.

    Args:
        region: Region of each forecast, shape (n_forecasts,).
        year: Calendar year of each forecast's origin, shape (n_forecasts,).
        n_draws: Number of draws.
        seed: Seed of the draws.
    """
    pairs = np.stack([region, year], axis=1)
    block = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    n_blocks = int(block.max()) + 1
    generator = np.random.default_rng(seed)
    shares = np.full(n_blocks, 1 / n_blocks)
    counts = np.empty((n_draws, n_blocks), np.uint8)
    for draw in counts:
        draw[:] = generator.multinomial(n_blocks, shares)
    return BlockDraws(block, counts)


def mean_draws(values: Floats, draws: BlockDraws) -> Floats:
    """Returns the mean of `values`, shape (n_forecasts,), in each draw: shape (n_draws,).

    NaN for a draw that holds none of them.
    """
    totals = np.bincount(draws.block, values, draws.counts.shape[1])
    sizes = np.bincount(draws.block, minlength=draws.counts.shape[1])
    sums, drawn = np.empty((2, len(draws.counts)))
    at_once = _DRAWS_AT_ONCE
    for first in range(0, len(draws.counts), at_once):
        counts = draws.counts[first : first + at_once].astype(np.float64)
        sums[first : first + at_once] = counts @ totals
        drawn[first : first + at_once] = counts @ sizes
    means: Floats = np.full(len(drawn), np.nan)
    np.divide(sums, drawn, out=means, where=drawn > 0)
    return means


def average_precision_draws(probability: Floats, observed: Floats, draws: BlockDraws) -> Floats:
    """Returns the average precision in each draw, shape (n_draws,)."""
    at_once = max(1, _MOST_WEIGHTS // len(probability))
    # Sorted once here, so that each call finds them in order.
    order = np.argsort(-probability, kind="stable")
    probability, observed, block = probability[order], observed[order], draws.block[order]
    return np.concatenate(
        [
            average_precision(
                probability, observed, draws.counts[i : i + at_once][:, block].astype(np.float64)
            )
            for i in range(0, len(draws.counts), at_once)
        ]
    )


def within_region_auc_draws(
    probability: Floats, observed: Floats, region: Ints, draws: BlockDraws
) -> Floats:
    """Returns the within-region AUC in each draw, shape (n_draws,).

    A pair counts as often as the draw holds the block of the one times that of the other, so the
    pairs are counted once per pair of blocks.
    """
    n_draws = len(draws.counts)
    won, pairs = np.zeros(n_draws), np.zeros(n_draws)
    for here in group_rows(region):
        forecasts, is_positive, block = probability[here], observed[here] > 0, draws.block[here]
        if is_positive.all() or not is_positive.any():
            continue  # No pair: most cells of a grid see nothing.
        blocks = np.unique(block)
        won_by, pairs_by = np.zeros((2, len(blocks), len(blocks)))
        for i, first in enumerate(blocks):
            positives = forecasts[(block == first) & is_positive]
            for j, second in enumerate(blocks):
                negatives = forecasts[(block == second) & ~is_positive]
                won_by[i, j], pairs_by[i, j] = ranked_pairs(positives, negatives)
        counts = draws.counts[:, blocks].astype(np.float64)
        won += ((counts @ won_by) * counts).sum(axis=1)
        pairs += ((counts @ pairs_by) * counts).sum(axis=1)
    share: Floats = np.divide(won, pairs, out=np.full(n_draws, np.nan), where=pairs > 0)
    return share


def interval_of(value: float, drawn: Floats) -> Interval:
    """Returns the figure with its percentile interval; NaN ends if no draw has the figure."""
    sound = drawn[np.isfinite(drawn)]
    if not len(sound):
        return Interval(value, float("nan"), float("nan"))
    tail = (1 - INTERVAL_LEVEL) / 2
    low, high = np.quantile(sound, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def as_json(interval: Interval) -> dict[str, float | None]:
    """Returns the interval as a mapping; a number that has no value is None."""
    return {
        name: number if np.isfinite(number) else None for name, number in asdict(interval).items()
    }
