"""Models: training, a backtest with every figure, scoring with explanations."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

from worlds import S1, S2, make_panel

from data.calendar import period_label
from data.panel import Panel
from features.build import build_features, rows_for_origin
from models.outcome import definition_of
from models.recipes import DEFAULT_RECIPE
from models.score import score_panel
from models.settings import ModelSettings
from models.train import TrainedModel, train_model
from models.trial import Plan, run_trial

MADE_AT = datetime(2022, 1, 16, tzinfo=UTC)
ROUNDS = 3


def measure() -> dict[str, float]:
    """Returns seconds, and ratios of times that were taken turn about in this run."""
    small, large = make_panel(S1), make_panel(S2)
    settings = settings_for(small)
    of_one = settings_for(large).model_copy(update={"horizons": (3,)})
    plan = Plan(first=period_label(int(small.periods[-60]), "month"))
    rounds = [
        (
            train(small, settings)[1],
            *(train(small, settings, recipe)[1] for recipe in ("logit", "boosting")),
            backtest(small, settings, plan),
        )
        for _ in range(ROUNDS)
    ]
    mix, logit, boosting, tried = (min(times) for times in zip(*rounds, strict=True))
    trained, seconds = train(large, of_one)
    large_rounds = [
        (build_rows(large, of_one), score(trained, large, of_one)) for _ in range(ROUNDS)
    ]
    rows, scored = (min(times) for times in zip(*large_rounds, strict=True))
    return {
        "models.s1.train_s": mix,
        "models.s1.train_all_outcomes_s": train_all(small, settings),
        "models.s1.backtest_s": tried,
        "models.s1.train_over_logit_alone": mix / logit,
        "models.s1.boosting_over_train": boosting / mix,
        "models.s1.backtest_over_train": tried / mix,
        "models.s2.train_one_horizon_s": seconds,
        "models.s2.train_over_feature_rebuild": seconds / rebuild(large, of_one),
        "models.s2.score_one_horizon_s": scored,
        "models.s2.score_over_building_its_rows": scored / rows,
    }


def settings_for(panel: Panel) -> ModelSettings:
    """Returns the default settings, with 18 years of training rows as on the real file."""
    return ModelSettings(train_from=period_label(int(panel.periods[-216]), "month"))


def train(
    panel: Panel, settings: ModelSettings, recipe: str = DEFAULT_RECIPE
) -> tuple[TrainedModel, float]:
    start = perf_counter()
    trained = train_model(panel, settings, created_at=MADE_AT, recipe=recipe)
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


def build_rows(panel: Panel, settings: ModelSettings) -> float:
    """Returns seconds for the features of one origin, three times: a score takes three."""
    start = perf_counter()
    for _ in range(3):
        rows_for_origin(panel, settings.feature_set, definition_of(settings), 3)
    return perf_counter() - start


def rebuild(panel: Panel, settings: ModelSettings) -> float:
    """Returns seconds for the features of all origins."""
    start = perf_counter()
    build_features(panel, settings.feature_set, definition_of(settings), 3)
    return perf_counter() - start
