"""Gain: what a family of indicators is worth to the model out of time.

The same origins are forecast twice, with the feature set alone and with the family added. The two
are compared forecast by forecast, and resampled by region-years, so that what both get right or
wrong falls out. A family earns its place if the whole interval of its gain lies above 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import NotReady
from data.panel import Panel
from models.backtest import run_backtest
from models.bootstrap import Interval, draw_blocks, interval_of, mean_draws
from models.estimators.ridge import probability_of
from models.forecasts import Forecasts
from models.metrics import average_precision, brier_skill, log_losses
from models.progress import Progress, StepCounter
from models.settings import ModelSettings
from models.task import build_task


@dataclass(frozen=True)
class Gain:
    """What one family adds to a feature set at one horizon.

    Attributes:
        family: The family, as a word.
        horizon: Steps ahead.
        n_added: Indicators that the set did not have.
        n_forecasts: Out-of-time forecasts.
        n_positives: Those after which the outcome came.
        log_score: Mean log score without less that with the family, nats, paired; positive is
            better with it.
        brier_skill: Brier skill of the forecasts with the family against those without, paired.
        average_precision: Average precision with the family less that without.
    """

    family: str
    horizon: int
    n_added: int
    n_forecasts: int
    n_positives: int
    log_score: Interval
    brier_skill: Interval
    average_precision: float

    @property
    def is_earned(self) -> bool:
        """True if the log score is better with the family by more than chance."""
        return self.log_score.low > 0


def measure_gains(
    panel: Panel,
    settings: ModelSettings,
    families: Sequence[str],
    horizon: int,
    *,
    on_progress: Progress | None = None,
) -> list[Gain]:
    """Returns the gain of each family over the feature set of the settings.

    Args:
        panel: Panel as known on the as-of.
        settings: Feature set, outcome definition, backtest.
        families: Families of indicators, as words.
        horizon: Steps ahead.
        on_progress: Called after each backtest with steps done, steps in all, and what was done.

    Raises:
        UnknownName: There is no such family.
        NotReady: There is too little history for a backtest.
    """
    count = StepCounter(len(families) + 1, on_progress)
    without, n_features = _forecast(panel, settings, horizon)
    if not len(without):
        raise NotReady(
            "There is too little history to measure a gain.", "Ingest a longer history first."
        )
    count(settings.feature_set)
    gains = []
    for family in families:
        added = settings.model_copy(update={"feature_set": f"{settings.feature_set}+{family}"})
        with_family, n_with = _forecast(panel, added, horizon)
        gains.append(_compare(family, horizon, n_with - n_features, without, with_family, settings))
        count(family)
    return gains


def _forecast(panel: Panel, settings: ModelSettings, horizon: int) -> tuple[Forecasts, int]:
    task = build_task(panel, settings, horizon)
    return run_backtest(task, settings), len(task.features.names)


def _compare(
    family: str,
    horizon: int,
    n_added: int,
    without: Forecasts,
    with_family: Forecasts,
    settings: ModelSettings,
) -> Gain:
    draws = draw_blocks(
        without.region, without.year, n_draws=settings.bootstrap_draws, seed=settings.seed
    )
    observed = without.observed
    before, after = (probability_of(one.log_odds) for one in (without, with_family))
    gained = log_losses(before, observed) - log_losses(after, observed)
    squares = (before - observed) ** 2, (after - observed) ** 2
    return Gain(
        family=family,
        horizon=horizon,
        n_added=n_added,
        n_forecasts=len(without),
        n_positives=int(observed.sum()),
        log_score=interval_of(float(gained.mean()), mean_draws(gained, draws)),
        brier_skill=interval_of(
            float(brier_skill(squares[1].mean(), squares[0].mean())),
            brier_skill(mean_draws(squares[1], draws), mean_draws(squares[0], draws)),
        ),
        average_precision=float(
            average_precision(after, observed) - average_precision(before, observed)
        ),
    )
