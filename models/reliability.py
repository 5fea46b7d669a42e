"""The reliability curve: what was forecast against what then happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.metrics import Floats, Ints

CONSISTENCY_LEVEL = 0.9
"""Share of the draws that a consistency bar holds."""


@dataclass(frozen=True)
class ReliabilityBin:
    """Forecasts of about the same probability.

    Attributes:
        n: Forecasts in the bin.
        forecast: Their mean probability.
        frequency: Share of them that was followed by the outcome.
        bar_low: Lower end of the consistency bar.
        bar_high: Upper end: a reliable forecast has its frequency between the two in nine of ten
            cases, if its cases are independent. Windows that overlap are not, so that the bars are
            too narrow for horizons above 1.
    """

    n: int
    forecast: float
    frequency: float
    bar_low: float
    bar_high: float


def equal_count_bins(probability: Floats, n_bins: int = 10) -> Ints:
    """Returns the bin of each forecast, int64, shape (n_forecasts,).

    Bins hold about equally many forecasts; equal forecasts share a bin, so that there may be fewer
    bins than asked for.
    """
    inner = np.quantile(probability, np.arange(1, n_bins) / n_bins)
    raw = np.searchsorted(np.unique(inner), probability, side="left")
    return np.unique(raw, return_inverse=True)[1].astype(np.int64)


def reliability_table(
    probability: Floats, observed: Floats, *, seed: int, n_bins: int = 10, n_draws: int = 1000
) -> tuple[ReliabilityBin, ...]:
    """Returns the bins of the curve, from the lowest forecasts to the highest.

    The bars are drawn from outcomes that have exactly the forecast probabilities: Bröcker & Smith
    (2007), doi:10.1175/WAF993.1.

    Args:
        probability: Forecasts in [0, 1], shape (n_forecasts,).
        observed: Outcomes, 1.0 or 0.0, shape (n_forecasts,).
        seed: Seed of the draws.
        n_bins: Most bins.
        n_draws: Draws behind the bars.
    """
    generator = np.random.default_rng(seed)
    bins = equal_count_bins(probability, n_bins)
    tail = (1 - CONSISTENCY_LEVEL) / 2
    rows = []
    for one in range(int(bins.max()) + 1):
        here = bins == one
        forecast = probability[here]
        drawn = [(generator.random(len(forecast)) < forecast).mean() for _ in range(n_draws)]
        low, high = np.quantile(drawn, [tail, 1 - tail])
        rows.append(
            ReliabilityBin(
                n=len(forecast),
                forecast=float(forecast.mean()),
                frequency=float(observed[here].mean()),
                bar_low=float(low),
                bar_high=float(high),
            )
        )
    return tuple(rows)
