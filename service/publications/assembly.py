"""From scores to a publication: names, levels, changes and the facts a reader needs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from data.errors import StateError
from data.panel import Panel
from data.regions import RegionSet, digest_shapes
from models.score import Contribution, Score, ScoreRun
from service.indicator_values import list_closed_indicators
from service.publications.explanation import compare_families
from service.publications.publication import (
    INPUTS,
    MONTHLY_COUNTS,
    Attribution,
    Publication,
    PublishedScore,
)
from service.settings import Settings

_Key = tuple[str, str, int]


def assemble_publication(
    run: ScoreRun,
    panel: Panel,
    region_set: RegionSet,
    previous: Publication | None,
    model_manifest: Mapping[str, Any],
    attributions: Sequence[Attribution],
    settings: Settings,
    published_at: datetime,
    others: Sequence[tuple[ScoreRun, Mapping[str, Any]]] = (),
) -> Publication:
    """Returns the publication of score runs, as revision 1 and not yet stored.

    Args:
        run: The scores of the outcome that pages show first.
        panel: What they were made from.
        region_set: Names and order of the regions.
        previous: The publication that `change` refers to, or None.
        model_manifest: The model's manifest. What readers need of it goes into the publication's
            manifest as `model`: among it `skill` and `gate`, by horizon (key: the horizon as text).
            Beside it: `previous_model_version`, `levels` (name to least risk score) and `shapes`
            (digest of the region shapes), and `other_models`: the same as `model` by outcome.
        attributions: Inputs that must be named.
        settings: For the risk levels.
        published_at: Now, UTC.
        others: Scores of further outcomes from the same panel, with their models' manifests.

    Raises:
        StateError: A score names a region that the set does not hold, the panel is of another set,
            or a number is not finite.
    """
    if panel.region_set != region_set.name:
        raise StateError(f"A panel of '{panel.region_set}' cannot publish '{region_set.name}'.")
    positions = {region_id: index for index, region_id in enumerate(region_set.region_ids)}
    runs = (run, *(other for other, _ in others))
    for score in (score for one in runs for score in one.scores):
        if score.region_id not in positions:
            raise StateError(f"Region {score.region_id} is not in the set '{region_set.name}'.")
    before = _served_before(previous)
    earlier = {} if previous is None else {_key(score): score for score in previous.scores}
    ordered = [
        (one, score)
        for one in runs
        for score in sorted(
            one.scores, key=lambda score: (score.horizon, positions[score.region_id])
        )
    ]
    return Publication(
        region_set=region_set.name,
        as_of=panel.as_of,
        revision=1,
        step=panel.step,
        origin=int(run.origin),
        data_cutoff=panel.data_cutoff,
        published_at=published_at.replace(microsecond=0),
        model_version=run.model_version,
        outcome_version=run.outcome_version,
        is_simulated=panel.is_simulated,
        is_schematic=region_set.is_schematic,
        attributions=tuple(attributions),
        previous_as_of=None if previous is None else previous.as_of,
        manifest=_as_stored(
            {
                "model": summarise_model(model_manifest),
                "previous_model_version": None if previous is None else previous.model_version,
                "levels": settings.levels,
                **({INPUTS: MONTHLY_COUNTS} if panel.is_counted else {}),
                "shapes": digest_shapes(region_set),
                **(
                    {
                        "other_models": {
                            manifest["outcome"]["name"]: summarise_model(manifest)
                            for _, manifest in others
                        }
                    }
                    if others
                    else {}
                ),
            }
        ),
        scores=tuple(
            _compare(
                replace(
                    _publish(score, region_set, positions[score.region_id], before, settings),
                    model_version=one.model_version,
                    outcome_version=one.outcome_version,
                ),
                earlier,
                previous,
            )
            for one, score in ordered
        ),
    )


def summarise_model(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what readers of a publication need of a model's manifest.

    The moment of training is not among it: the same model trained twice says the same.
    """
    by_horizon: Mapping[str, Mapping[str, Any]] = manifest.get("horizons", {})
    told = {name: manifest[name] for name in ("outcome", "data", "replay") if name in manifest}
    for name in ("skill", "gate", "backtest"):
        told[name] = {
            horizon: described[name]
            for horizon, described in by_horizon.items()
            if name in described
        }
    return told


def _key(score: PublishedScore) -> _Key:
    return score.region_id, score.outcome, score.horizon


def _compare(
    score: PublishedScore,
    earlier: Mapping[_Key, PublishedScore],
    previous: Publication | None,
) -> PublishedScore:
    before = earlier.get(_key(score))
    made_by = None
    if before is not None and previous is not None:
        made_by = before.model_version or previous.model_version
    changes = compare_families(score, before, is_same_model=made_by == score.model_version)
    return replace(score, changed_families=changes.families, changed_reason=changes.reason)


def _served_before(previous: Publication | None) -> dict[_Key, float]:
    if previous is None:
        return {}
    return {
        _key(score): score.risk_score
        for score in previous.scores
        if score.status == "ok" and score.risk_score is not None
    }


def _publish(
    score: Score,
    region_set: RegionSet,
    position: int,
    before: Mapping[_Key, float],
    settings: Settings,
) -> PublishedScore:
    region = region_set.regions[position]
    risk_score = _number(score.risk_score)
    earlier = before.get((score.region_id, score.outcome, score.horizon))
    is_comparable = score.status == "ok" and risk_score is not None and earlier is not None
    closed = list_closed_indicators(region_set.source)
    return PublishedScore(
        region_id=region.region_id,
        region_name=region.name,
        country=region.country,
        outcome=score.outcome,
        horizon=int(score.horizon),
        status=score.status,
        risk_score=risk_score,
        level=None if risk_score is None else settings.level_of(risk_score),
        change=risk_score - earlier if is_comparable else None,  # type: ignore[operator]
        low=_number(score.low),
        high=_number(score.high),
        model_probability=_number(score.model_probability),
        climatology=_number(score.climatology),
        threshold=_number(score.threshold),
        base_log_odds=float(score.base_log_odds),
        contributions=tuple(
            Contribution(
                feature=item.feature,
                label=item.label,
                # What may not be passed on moves the score and is not told.
                value=None if item.feature in closed else _number(item.value),
                unit=item.unit,
                log_odds=float(item.log_odds),
            )
            for item in score.contributions
        ),
        reason=score.reason,
    )


def _number(value: float | None) -> float | None:
    """A plain float: numpy's own would change the stored text from version to version."""
    if value is None:
        return None
    if not math.isfinite(value):
        raise StateError(f"A score holds {value}, which is no number: missing must be None.")
    return float(value)


def _as_stored(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as JSON gives them back, so that a stored publication equals the one assembled."""
    try:
        stored: dict[str, Any] = json.loads(json.dumps(facts, allow_nan=False))
    except (TypeError, ValueError) as problem:
        raise StateError(f"The model's manifest is not JSON-ready: {problem}.") from None
    return stored
