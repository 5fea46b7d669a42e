"""Measures of probability forecasts of a yes-or-no outcome.

Every function takes `probability` and `observed` (1.0 or 0.0) of the same shape (n_forecasts,),
without NaN, and, where it says so, `weight`: how often each forecast counts, shape (n_forecasts,)
or (n_draws, n_forecasts) for all draws of a bootstrap at once. Nothing here knows what the outcome
is, and nothing is drawn: see `models.bootstrap` for intervals and `models.reliability` for the
curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LOG_SCORE_FLOOR = 0.001
"""Probabilities are moved to at least this far from 0 and 1 before their logarithm is taken."""


@dataclass(frozen=True)
class MurphyParts:
    """Parts of a Brier score: it equals reliability - resolution + uncertainty + within_bins.

    Attributes:
        reliability: Mean squared distance of forecast and frequency, >= 0; small is good.
        resolution: Mean squared distance of the frequencies from the base rate; large is good.
        uncertainty: Variance of the outcome; nobody's merit.
        within_bins: What is lost by binning; 0 where every bin holds one forecast value.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


def brier_score(probability: Floats, observed: Floats, weight: Floats | None = None) -> Floats:
    """Returns the mean squared error, in [0, 1], one number per row of `weight`.

    Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    return _weighted_mean((probability - observed) ** 2, weight)


def brier_skill(score: Floats | float, reference: Floats | float) -> Floats:
    """Returns 1 - score / reference: 1 is perfect, 0 as good as the reference; NaN if that is 0."""
    below = np.asarray(reference, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, 1 - np.asarray(score, np.float64) / below, np.nan)


def log_score(probability: Floats, observed: Floats, weight: Floats | None = None) -> Floats:
    """Returns the mean negative log-likelihood in nats, one number per row of `weight`."""
    return _weighted_mean(log_losses(probability, observed), weight)


def log_losses(probability: Floats, observed: Floats) -> Floats:
    """Returns the negative log-likelihood of each forecast in nats, shape (n_forecasts,)."""
    safe = np.clip(probability, LOG_SCORE_FLOOR, 1 - LOG_SCORE_FLOOR)
    return -np.where(observed > 0, np.log(safe), np.log1p(-safe))


def murphy_parts(probability: Floats, observed: Floats, bins: Ints) -> MurphyParts:
    """Returns the decomposition of the Brier score over bins of the forecast.

    Args:
        probability: Forecasts, shape (n_forecasts,).
        observed: Outcomes, shape (n_forecasts,).
        bins: Bin of each forecast, 0, 1, …, shape (n_forecasts,).

    Murphy (1973), doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2; the last part after
    Stephenson et al. (2008), doi:10.1175/2007WAF2006116.1.
    """
    counts = np.bincount(bins).astype(np.float64)
    filled = counts > 0
    share = counts[filled] / counts.sum()
    forecast = np.bincount(bins, probability)[filled] / counts[filled]
    frequency = np.bincount(bins, observed)[filled] / counts[filled]
    base_rate = float(observed.mean())
    reliability = float(share @ (forecast - frequency) ** 2)
    resolution = float(share @ (frequency - base_rate) ** 2)
    uncertainty = base_rate * (1 - base_rate)
    whole = float(brier_score(probability, observed))
    return MurphyParts(
        reliability, resolution, uncertainty, whole - (reliability - resolution + uncertainty)
    )


def average_precision(
    probability: Floats, observed: Floats, weight: Floats | None = None
) -> Floats:
    """Returns the area under the precision-recall steps, in [0, 1]; NaN without a positive.

    Equal forecasts count as one step, as in scikit-learn. One number per row of `weight`.
    """
    order = np.argsort(-probability, kind="stable")
    ranked, truth = probability[order], observed[order]
    if not truth.any():
        shape = () if weight is None else weight.shape[:-1]
        return np.full(shape, np.nan)
    starts = _steps_with_positives(ranked, truth)
    weights = np.ones(len(order)) if weight is None else weight[..., order]
    end = starts[-1]
    # Weights are whole numbers, so that the order of additions does not matter.
    gained = np.add.reduceat(weights[..., :end] * truth[:end], starts[:-1], axis=-1)
    flagged = np.cumsum(np.add.reduceat(weights[..., :end], starts[:-1], axis=-1), axis=-1)
    hits = np.cumsum(gained, axis=-1)
    total = hits[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        # A step that no draw of the bootstrap holds has no weight and gains nothing.
        precision = np.where(flagged > 0, hits / flagged, 0.0)
        area = (gained * precision).sum(axis=-1) / total
    return np.where(total > 0, area, np.nan)


def auc(probability: Floats, observed: Floats) -> float:
    """Returns the share of (positive, negative) pairs that are ranked right, ties half.

    NaN if either class is missing.
    """
    won, pairs = ranked_pairs(probability[observed > 0], probability[observed <= 0])
    return won / pairs if pairs else float("nan")


def within_region_auc(probability: Floats, observed: Floats, region: Ints) -> float:
    """Returns the AUC over pairs of the same region only, each pair counting the same.

    It says how well the timing is known: what a region's own level contributes cancels out. NaN
    if no region has both classes.
    """
    won = pairs = 0.0
    for here in group_rows(region):
        forecasts, positive = probability[here], observed[here] > 0
        won_here, pairs_here = ranked_pairs(forecasts[positive], forecasts[~positive])
        won, pairs = won + won_here, pairs + pairs_here
    return won / pairs if pairs else float("nan")


def group_rows(group: Ints) -> list[Ints]:
    """Returns the positions of each group's members, one array per group, in order of group."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order])) + 1
    return np.split(order, starts) if len(order) else []


def ranked_pairs(positives: Floats, negatives: Floats) -> tuple[float, float]:
    """Returns how many pairs the positive forecast wins (a tie is half), and how many there are."""
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    up_to = np.searchsorted(ordered, positives, side="right")
    return float((below + up_to).sum()) / 2, float(len(positives) * len(negatives))


def _steps_with_positives(ranked: Floats, truth: Floats) -> Ints:
    """Returns where each step begins that ends with equal forecasts among which is a positive.

    Steps without a positive gain nothing and are taken together with the next one; what lies after
    the last positive counts for nothing. The last number is the end of the last step.
    """
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) + 1
    n_positives = np.cumsum(truth > 0)[ends - 1]
    gains = np.diff(n_positives, prepend=0) > 0
    return np.concatenate([[0], ends[gains]]).astype(np.int64)


def _weighted_mean(values: Floats, weight: Floats | None) -> Floats:
    if weight is None:
        return np.asarray(values.mean())
    return np.asarray(weight @ values / weight.sum(axis=-1))
