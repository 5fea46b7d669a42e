"""Models: training, a backtest with every figure, scoring with explanations."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from worlds import S1, S2, make_panel

from data.calendar import period_label
from data.panel import Panel
from models.score import score_panel
from models.settings import ModelSettings
from models.train import TrainedModel, train_model
from models.trial import Plan, run_trial

MADE_AT = datetime(2022, 1, 16, tzinfo=UTC)
ROUNDS = 3


def measure() -> dict[str, float]:
    """Returns seconds: medians of three for the small panel and for scoring, one run for S2."""
    small, large = make_panel(S1), make_panel(S2)
    settings = settings_for(small)
    of_one = settings_for(large).model_copy(update={"horizons": (3,)})
    plan = Plan(first=period_label(int(small.periods[-60]), "month"))
    trained, seconds = train(large, of_one)
    return {
        "models.s1.train_s": median(train(small, settings)[1] for _ in range(ROUNDS)),
        "models.s1.train_all_outcomes_s": train_all(small, settings),
        "models.s1.backtest_s": median(backtest(small, settings, plan) for _ in range(ROUNDS)),
        "models.s2.train_one_horizon_s": seconds,
        "models.s2.score_one_horizon_s": median(
            score(trained, large, of_one) for _ in range(ROUNDS)
        ),
    }


def settings_for(panel: Panel) -> ModelSettings:
    """Returns the default settings, with 18 years of training rows as on the real file."""
    return ModelSettings(train_from=period_label(int(panel.periods[-216]), "month"))


def train(panel: Panel, settings: ModelSettings) -> tuple[TrainedModel, float]:
    start = perf_counter()
    trained = train_model(panel, settings, created_at=MADE_AT)
    return trained, perf_counter() - start


def train_all(panel: Panel, settings: ModelSettings) -> float:
    """Returns seconds for every outcome at every horizon, with backtest and gate."""
    start = perf_counter()
    for outcome in settings.outcomes:
        train_model(panel, settings, created_at=MADE_AT, outcome=outcome)
    return perf_counter() - start


def backtest(panel: Panel, settings: ModelSettings, plan: Plan) -> float:
    start = perf_counter()
    run_trial(panel, settings, plan)
    return perf_counter() - start


def score(trained: TrainedModel, panel: Panel, settings: ModelSettings) -> float:
    start = perf_counter()
    score_panel(trained.model, panel, settings)
    return perf_counter() - start
