"""Scores: the calibrated probability of an outcome for each region, with what moved it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from data.calendar import period_label
from data.errors import Refused, UsageError
from data.panel import Panel
from features.build import FeatureMatrix, rows_for_origin
from models.artefacts.artefact import HorizonModel, LoadedModel
from models.artefacts.manifest import hash_regions
from models.baselines import climatology
from models.estimators.ensemble import ensemble_log_odds, explain_ensemble
from models.estimators.ridge import probability_of
from models.estimators.uncertainty import interval_of_log_odds, log_odds_deviation
from models.history import OutcomeHistory, build_history
from models.metrics import Floats
from models.outcome import ONSET, definition_of, outcome_definition
from models.settings import ModelSettings
from models.skill.guard import check_magnitude
from models.task import Rows

Status = Literal["ok", "baseline_only", "stale", "too_early", "not_asked"]
"""What may be said of a score.

`ok`: the model passed its gate for this outcome and horizon. `baseline_only`: it did not, and the
number served is the region's own climatology; the same where the region's history is too short or
ends just before the origin. `stale`: the region's data end too long before the as-of; there is no
number. `not_asked`: an onset is asked for only after a quiet year, and this was none; there is no
number. `too_early`: too few of the newest period's events are probably known yet; there is no
number. Only a publication says so (`service.publications.inputs`), because it takes what is known
of past deliveries.
"""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature adds to a score.

    Attributes:
        feature: Name of the feature.
        label: The feature in words, for people.
        value: Its value at the origin, in `unit`; None if it is missing.
        unit: Unit of the value.
        log_odds: What it adds to the log-odds of the outcome, against an average region-period.
    """

    feature: str
    label: str
    value: float | None
    unit: str
    log_odds: float


@dataclass(frozen=True)
class Score:
    """The risk of one outcome in one region over one horizon.

    Attributes:
        region_id: The region.
        outcome: Name of the outcome.
        horizon: Steps ahead; the window is origin + 1 … origin + horizon.
        status: What may be said of it.
        risk_score: The probability that is served, in [0, 1]; None if the status is `stale`.
        model_probability: What the model says, in [0, 1], served or not; None without data.
        low: Lower end of the 90 % interval of `risk_score`, in [0, 1]; None unless the status is
            `ok`, and None of trees. What it holds: see `models.estimators.uncertainty`.
        high: Its upper end.
        climatology: The region's own past frequency of the outcome, in [0, 1]; None without data.
        threshold: Deaths in the window that make the outcome true; None without data.
        base_log_odds: Log-odds of an average region-period.
        contributions: Sorted by absolute log-odds, largest first. `base_log_odds` plus their sum is
            the log-odds of `model_probability`.
        reason: Why the status is not `ok`, one sentence; empty if it is.
    """

    region_id: str
    outcome: str
    horizon: int
    status: Status
    risk_score: float | None
    model_probability: float | None
    climatology: float | None
    threshold: float | None
    base_log_odds: float
    contributions: tuple[Contribution, ...]
    reason: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ScoreRun:
    """All scores of one region set for one as-of.

    Attributes:
        model_version: Version of the model that made them.
        outcome_version: Version of the outcome definition.
        origin: Ordinal of the last period used.
        scores: One per region, outcome and horizon, in region order.
    """

    model_version: str
    outcome_version: str
    origin: int
    scores: tuple[Score, ...]


def score_panel(model: LoadedModel, panel: Panel, settings: ModelSettings) -> ScoreRun:
    """Returns the scores of every region at the panel's origin, for each horizon of the model.

    Args:
        model: The model in service.
        panel: Panel as known on the as-of.
        settings: Outcome definition, and when a region is stale.

    Raises:
        UsageError: The model belongs to another region set.
        Refused: The model was built for other regions, features or another outcome definition, or
            reads actors under other names than the panel's.
    """
    _check_fit(model, panel, settings)
    scores: list[Score] = []
    for horizon, part in sorted(model.horizons.items()):
        scores.extend(_score_horizon(model, part, panel, settings, horizon))
    return ScoreRun(
        model_version=model.model_version,
        outcome_version=model.manifest["outcome"]["version"],
        origin=panel.origin,
        scores=tuple(scores),
    )


def _score_horizon(
    model: LoadedModel, part: HorizonModel, panel: Panel, settings: ModelSettings, horizon: int
) -> list[Score]:
    described = model.manifest["horizons"][str(horizon)]
    features = rows_for_origin(
        panel, model.manifest["feature_set"], definition_of(settings), horizon
    )
    if features.fingerprint != described["feature_fingerprint"]:
        raise Refused(f"The model knows other features at horizon {horizon}.", _RETRAIN)
    history = build_history(panel, settings, horizon, model.manifest["outcome"]["name"])
    row = panel.origin - int(panel.periods[0])
    past = climatology(history, row)
    rows = Rows(
        names=features.names,
        features=features.values[0],
        thresholds=history.thresholds[row],
        region=np.arange(len(panel.region_ids)),
    )
    base, added = explain_ensemble(part.estimator, rows)
    base, added = part.calibration.apply(base), part.calibration.slope * added
    probability = probability_of(base + added.sum(axis=1))
    low, high = _interval(model, part, panel, settings, rows)
    odd = check_magnitude(probability[np.isfinite(history.thresholds[row])], described["guard"])
    scores = []
    for region, region_id in enumerate(panel.region_ids):
        status, reason = _judge_region(panel, history, region, described["gate"], settings)
        if status == "ok" and odd:
            status, reason = "baseline_only", f"{odd} The region's own past frequency is served."
        threshold = history.thresholds[row, region]
        has_data = status != "stale"
        is_scored = bool(has_data and np.isfinite(threshold))
        served = {"ok": probability[region], "baseline_only": past[region]}.get(status)
        scores.append(
            Score(
                region_id=region_id,
                outcome=model.manifest["outcome"]["name"],
                horizon=horizon,
                status=status,
                risk_score=None if served is None else float(served),
                model_probability=float(probability[region]) if is_scored else None,
                climatology=float(past[region]) if has_data else None,
                threshold=float(threshold) if is_scored else None,
                base_log_odds=float(base[region]),
                contributions=_explain(features, added[region], region) if is_scored else (),
                reason=reason,
                low=_end(low[region]) if status == "ok" else None,
                high=_end(high[region]) if status == "ok" else None,
            )
        )
    return scores


def _interval(
    model: LoadedModel, part: HorizonModel, panel: Panel, settings: ModelSettings, rows: Rows
) -> tuple[Floats, Floats]:
    """Returns the ends of each region's interval, NaN without a threshold or coefficients."""
    estimator = part.estimator
    if not part.covariance.size:
        unknown = np.full(len(rows.features), np.nan)
        return unknown, unknown
    low_input, high_input = (
        ensemble_log_odds(
            estimator,
            replace(
                rows,
                features=rows_for_origin(
                    _counted_by(panel, estimate),
                    model.manifest["feature_set"],
                    definition_of(settings),
                    part.horizon,
                ).values[0],
            ),
        )
        for estimate in ("deaths_low", "deaths_high")
    )
    ends = interval_of_log_odds(
        ensemble_log_odds(estimator, rows),
        log_odds_deviation(estimator, part.covariance, rows),
        low_input,
        high_input,
    )
    low, high = (probability_of(part.calibration.apply(end)) for end in ends)
    return low, high


def _end(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _counted_by(panel: Panel, estimate: str) -> Panel:
    """Returns the panel with another estimate of the dead, where the source gives one."""
    deaths = panel.values["deaths"]
    other = panel.values.get(estimate)
    counted = deaths if other is None else np.where(np.isfinite(other), other, deaths)
    return replace(panel, values={**panel.values, "deaths": counted})


def _judge_region(
    panel: Panel,
    history: OutcomeHistory,
    region: int,
    gate: dict[str, Any],
    settings: ModelSettings,
) -> tuple[Status, str]:
    """Returns what may be said of a region's score, and why it is not more."""
    known = np.flatnonzero(panel.known[:, region])
    if not len(known):
        return "stale", "Nothing is known of this region as of that day."
    last, newest = int(panel.periods[known[-1]]), int(panel.periods[-1])
    behind = f"{newest - last} {panel.step}{'' if newest - last == 1 else 's'}"
    if newest - last > settings.stale_after_steps:
        return "stale", (
            f"The data of this region end with {period_label(last, panel.step)}, {behind} before "
            f"{period_label(newest, panel.step)}."
        )
    if last < panel.origin:
        return "baseline_only", (
            f"The data of this region end with {period_label(last, panel.step)}, before the origin "
            f"{period_label(panel.origin, panel.step)}: its own past frequency is served."
        )
    if not np.isfinite(history.thresholds[panel.origin - int(panel.periods[0]), region]):
        row = panel.origin - int(panel.periods[0])
        year = history.deaths[max(0, row + 1 - history.rows_of_years(1)) : row + 1, region]
        if history.outcome == ONSET and np.isfinite(year).all():
            return "not_asked", "An onset is asked for only after a quiet year; this was none."
        return "baseline_only", (
            "The history of this region is too short or has gaps: its own past frequency is served."
        )
    country = panel.countries[panel.country_of[region]]
    group = gate.get("group_of", {}).get(panel.region_ids[region], country)
    gate = gate.get("groups", {}).get(group, gate)
    if not gate["is_passed"]:
        return "baseline_only", f"{gate['reason']} The region's own past frequency is served."
    return "ok", ""


def _explain(features: FeatureMatrix, added: Floats, region: int) -> tuple[Contribution, ...]:
    natural: npt.NDArray[np.float32] = features.raw[0, region]
    found = [
        Contribution(
            feature=features.names[column],
            label=features.labels[column],
            value=float(natural[column]) if np.isfinite(natural[column]) else None,
            unit=features.units[column],
            log_odds=float(added[column]),
        )
        for column in range(len(features.names))
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.log_odds), one.feature)))


def _check_fit(model: LoadedModel, panel: Panel, settings: ModelSettings) -> None:
    manifest = model.manifest
    if manifest["region_set"] != panel.region_set:
        raise UsageError(
            f"The model {model.model_version} belongs to the region set "
            f"'{manifest['region_set']}', not to '{panel.region_set}'."
        )
    is_same = manifest["regions"]["sha256"] == hash_regions(panel.region_ids)
    if not is_same or manifest["step"] != panel.step:
        raise Refused(f"The model {model.model_version} was trained on other regions.", _RETRAIN)
    actors = manifest["actors"]
    if actors["are_read"] and actors["table_sha256"] != panel.actor_table:
        raise Refused(
            f"The model {model.model_version} was trained with another table of actors, and reads "
            "who is active.",
            "Run `tocsin train` again, or put that table back: `tocsin actors import`, "
            "`tocsin actors reset`.",
        )
    wanted = outcome_definition(settings, manifest["outcome"]["name"]).version
    if manifest["outcome"]["version"] != wanted:
        raise Refused(
            f"The model forecasts {manifest['outcome']['version']}, the settings ask for {wanted}.",
            _RETRAIN,
        )


_RETRAIN = "Run `tocsin train` again, or go back to the settings and data that it was trained with."
