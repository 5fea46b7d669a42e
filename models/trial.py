"""A trial: the whole protocol of evaluation, on one panel and outcome, for several horizons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from data.calendar import period_label
from data.panel import Panel
from data.simulate import World
from models.artefacts.manifest import AS_KNOWN, FINAL_DATA, library_versions
from models.as_known import AsKnown, Knowledge
from models.backtest import backtest_folds, run_backtest, span_of
from models.checkpoints import FoldFiles, clear_folds, hash_run
from models.estimators.ridge import probability_of
from models.forecasts import Forecasts, check_forecasts, forecast_table
from models.history import OutcomeHistory
from models.origins import check_origins, describe_origins
from models.outcome import ESCALATION, describe_outcome
from models.progress import Progress, StepCounter
from models.recipes import DEFAULT_RECIPE, check_recipe
from models.replay import Replay
from models.settings import ModelSettings
from models.skill.assessment import assess_forecasts
from models.skill.truth import measure_against_truth, true_probabilities
from models.task import build_task

IN_SERVICE = "in_service"
"""Name of the baseline that the model in service makes, refitted at each origin."""

TOO_LITTLE = "Choose other origins, or ingest a longer history."


AnySettings = TypeVar("AnySettings", bound=ModelSettings)


@dataclass(frozen=True)
class Plan:
    """What a trial tries.

    Attributes:
        outcome: Name of the outcome.
        horizons: Steps ahead.
        first: Label of the first origin; None for the first that can be learned from.
        last: Label of the period by whose end the last window is closed; None for the last known.
        recipe: A name in `models.recipes.RECIPES`.
        also: Names of the auxiliary region sets whose closed windows train it too.
        in_service: Manifest of the model in service, a baseline; None if there is none.
    """

    outcome: str = ESCALATION
    horizons: tuple[int, ...] = (1, 3, 6)
    first: str | None = None
    last: str | None = None
    recipe: str = DEFAULT_RECIPE
    also: tuple[str, ...] = ()
    in_service: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Trial:
    """What a trial found.

    Attributes:
        report: Data, definition, settings, and the figures of each horizon (key: the horizon as
            text; see `models.skill.assessment`), ready for JSON.
        predictions: See `models.forecasts.forecast_table`.
    """

    report: dict[str, Any]
    predictions: pd.DataFrame = field(repr=False)


def run_trial(
    panel: Panel,
    settings: ModelSettings,
    plan: Plan,
    *,
    auxiliary: Sequence[Panel] = (),
    knowledge: Knowledge | None = None,
    vintage: str | None = None,
    folder: Path | None = None,
    world: World | None = None,
    on_progress: Progress | None = None,
) -> Trial:
    """Returns predictions and figures of a rolling-origin backtest.

    Args:
        panel: Panel as known on the as-of: it tells what came.
        settings: Definitions, features, penalty, refit interval, draws, processes.
        plan: What is tried.
        auxiliary: Panels of the region sets that train beside it or beside the model in service;
            with `knowledge` they are read from there.
        knowledge: What was known before: forecasts are then made from the inputs of their time.
            None replays the panel.
        vintage: Vintage of the newest delivery behind the panel, for people.
        folder: Where finished folds are kept until the trial ends; None to keep none.
        world: The simulated world that the events come from: the truth is then reported too.
        on_progress: Called with folds done, folds in all, and what was done.

    Raises:
        UnknownName: There is no such outcome, recipe or feature set.
        UsageError: The origins lie outside the panel, or a horizon is out of range.
        NotReady: There is too little history to forecast from or to measure on, or too few origins
            were ever the newest period.
        NothingKnown: Of an auxiliary set nothing was known at any refit.
    """
    check_recipe(plan.recipe)

    def replay_of(chosen: ModelSettings, horizon: int, names: Sequence[str]) -> Replay:
        if knowledge is not None:
            return AsKnown(panel, knowledge, chosen, horizon, plan.outcome, names)
        beside = [one for one in auxiliary if one.region_set in names]
        return build_task(panel, chosen, horizon, plan.outcome, beside)

    replays = {horizon: replay_of(settings, horizon, plan.also) for horizon in plan.horizons}
    spans = {one: span_of(replay.history, plan.first, plan.last) for one, replay in replays.items()}
    folds = {one: backtest_folds(replay, settings, spans[one]) for one, replay in replays.items()}
    described = _describe(panel, settings, plan, vintage)
    if knowledge is not None:
        for horizon in plan.horizons:
            check_origins(replays[horizon].history, spans[horizon], folds[horizon])
        nearest = min(plan.horizons)
        described["replay"] = AS_KNOWN
        described["as_known"] = describe_origins(
            replays[nearest].history, spans[nearest], folds[nearest], knowledge, plan.also
        )
    run = hash_run([panel, *(one for one in auxiliary if one.region_set in plan.also)], described)
    count = StepCounter(sum(map(len, folds.values())), on_progress)
    horizons, tables = {}, []
    for horizon in plan.horizons:
        history = replays[horizon].history
        store = None if folder is None else FoldFiles(folder, run, f"{plan.outcome}-{horizon}")
        # Taken out, so that what a replay holds is gone before the next begins.
        forecasts = run_backtest(
            replays.pop(horizon),
            settings,
            span=spans[horizon],
            recipe=plan.recipe,
            store=store,
            on_fold=partial(count, f"horizon {horizon}"),
        )
        check_forecasts(forecasts, history, TOO_LITTLE)
        if plan.in_service is not None:
            theirs, names = settings_of(settings, plan.in_service), auxiliary_names(plan.in_service)
            # Before there was a choice, the logit was what was trained.
            recipe = plan.in_service.get("recipe", "logit")
            if (theirs, names, recipe) == (settings, plan.also, plan.recipe):
                found = forecasts
            else:
                found = run_backtest(
                    replay_of(theirs, horizon, names), theirs, span=spans[horizon], recipe=recipe
                )
            forecasts = _add_in_service(found, forecasts, history)
        history = history.held_against(forecasts.row, forecasts.region, forecasts.threshold)
        # A recalibration would learn from what came as it is told now.
        figures, log_odds = assess_forecasts(
            panel, history, forecasts, settings, recalibrates=knowledge is None
        )
        figures["n_refits"] = forecasts.n_refits
        if world is not None:
            truth = true_probabilities(world, history, forecasts)
            figures["truth"] = measure_against_truth(forecasts, probability_of(log_odds), truth)
        horizons[str(horizon)] = figures
        tables.append(forecast_table(history, forecasts, log_odds))
    if folder is not None:
        clear_folds(folder)
    return Trial({**described, "horizons": horizons}, pd.concat(tables, ignore_index=True))


def auxiliary_names(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the auxiliary region sets that a stored model was trained beside."""
    return tuple(one["region_set"] for one in manifest.get("auxiliary", ()))


def settings_of(settings: AnySettings, manifest: Mapping[str, Any]) -> AnySettings:
    """Returns the settings with the features, penalty and training rows of a stored model.

    Args:
        settings: Settings in force.
        manifest: The model's manifest.
    """
    return settings.model_copy(
        update={
            "feature_set": manifest["feature_set"],
            "ridge_c": manifest["settings"]["ridge_c"],
            "train_from": manifest["settings"]["train_from"],
            **{
                name: manifest["settings"][name]
                for name in ("auxiliary_weight", "most_training_rows")
                if name in manifest["settings"]
            },
        }
    )


def _add_in_service(found: Forecasts, forecasts: Forecasts, history: OutcomeHistory) -> Forecasts:
    """Adds what the model in service would have said, learned anew at each refit."""
    probability = np.full(history.deaths.shape, np.nan)
    probability[found.row, found.region] = probability_of(found.log_odds)
    said = probability[forecasts.row, forecasts.region]
    # Where it had too little to learn from, the base rate stands in for it.
    said = np.where(np.isfinite(said), said, forecasts.baselines["base_rate"])
    return replace(forecasts, baselines={**forecasts.baselines, IN_SERVICE: said})


def _describe(
    panel: Panel, settings: ModelSettings, plan: Plan, vintage: str | None
) -> dict[str, Any]:
    in_service = None if plan.in_service is None else plan.in_service["model_version"]
    return {
        "region_set": panel.region_set,
        "n_regions": len(panel.region_ids),
        "step": panel.step,
        "as_of": panel.as_of.isoformat(),
        "known_to": period_label(panel.origin, panel.step),
        "vintage": vintage,
        "is_simulated": panel.is_simulated,
        "replay": FINAL_DATA,
        "outcome": describe_outcome(settings, plan.outcome),
        "recipe": plan.recipe,
        "auxiliary": list(plan.also),
        "model_in_service": in_service,
        "from": plan.first,
        "to": plan.last,
        "settings": settings.model_dump(
            mode="json",
            include={
                *("feature_set", "train_from", "climatology_from", "ridge_c", "backtest_years"),
                *("refit_every_months", "bootstrap_draws", "seed"),
                *("auxiliary_weight", "most_training_rows"),
                *("escalation_multiple", "escalation_quantile", "escalation_floor"),
            },
        ),
        "libraries": library_versions(),
    }
