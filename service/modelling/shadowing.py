"""Shadow models beside the one in service: scored with each publication, verified, never served."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select

from data.calendar import Step, period_start
from data.errors import Refused
from data.panel import Panel
from data.regions import load_region_set
from models.artefacts.artefact import LoadedModel
from models.artefacts.signing import PublicKey
from models.score import ScoreRun, score_panel
from models.shadows import load_shadows
from models.track_record import compare_with
from models.verification import VerifiedForecast
from service.record.verification import load_verified
from service.settings import Settings
from service.tables import publications, shadow_scores

_log = logging.getLogger("tocsin.cycle")


def read_shadows(
    connection: Connection, region_set: str, outcome: str, as_of: date, key: PublicKey
) -> tuple[LoadedModel, ...]:
    """Returns the shadows that may score an as-of; what is refused is logged and left out.

    Args:
        connection: A read transaction.
        region_set: Name of the set.
        outcome: Name of the outcome.
        as_of: Knowledge limit: a model that was trained on later knowledge does not score.
        key: Public part of the service's signing key.
    """
    found, refused = load_shadows(connection, region_set, outcome, key)
    for reason in refused:
        _log.warning("shadow left out: %s", reason)
    return tuple(
        model for model in found if date.fromisoformat(model.manifest["data"]["as_of"]) <= as_of
    )


def score_shadows(
    shadows: Sequence[LoadedModel], panel: Panel, settings: Settings
) -> tuple[ScoreRun, ...]:
    """Returns what each shadow says; one that does not fit is logged and left out."""
    runs = []
    for model in shadows:
        try:
            runs.append(score_panel(model, panel, settings))
        except Refused as problem:
            _log.warning("shadow %s left out: %s", model.model_version, problem.message)
    return tuple(runs)


def store_shadows(connection: Connection, publication_id: int, runs: Sequence[ScoreRun]) -> None:
    """Stores the scores of shadows, in the publication's transaction.

    Args:
        connection: The write transaction.
        publication_id: Row number of the publication that they stand beside.
        runs: What `score_shadows` returned.
    """
    rows = [
        {
            "publication_id": publication_id,
            "model_version": run.model_version,
            "region_id": score.region_id,
            "outcome": score.outcome,
            "horizon": score.horizon,
            "status": score.status,
            "risk_score": score.risk_score,
            "model_probability": score.model_probability,
        }
        for run in runs
        for score in run.scores
    ]
    if rows:
        connection.execute(insert(shadow_scores), rows)


def describe_shadows(
    connection: Connection, settings: Settings, region_set: str, outcome: str
) -> dict[str, Any]:
    """Returns the live record of every shadow of a set, ready for JSON.

    Args:
        connection: An open transaction.
        settings: Draws and seed.
        region_set: Name of the set.
        outcome: Name of the outcome.

    Returns:
        `region_set`, `outcome`, `step` and `shadows`: per model version and horizon (as text)
        `n_scored` (scores that it made beside publications) and, on live forecasts that are
        verified, what `models.track_record.compare_with` returns: its Brier score and average
        precision, and `brier_skill` and `gain_in_log_score` of what was served over it. Compared is
        what each would have served: the gate holds for shadows too.

    Raises:
        UnknownName: There is no such set.
    """
    regions = load_region_set(connection, region_set)
    verified = {
        (one.forecast.publication_id, one.forecast.region_id, one.forecast.horizon): one
        for one in load_verified(connection, region_set)
        if one.forecast.outcome == outcome and one.is_live
    }
    found: dict[str, dict[int, list[tuple[VerifiedForecast | None, float]]]] = {}
    query = (
        select(shadow_scores)
        .join(publications, publications.c.publication_id == shadow_scores.c.publication_id)
        .where(
            publications.c.region_set == region_set,
            shadow_scores.c.outcome == outcome,
            shadow_scores.c.risk_score.is_not(None),
        )
        .order_by(shadow_scores.c.model_version, shadow_scores.c.publication_id)
    )
    for row in connection.execute(query).mappings():
        came = verified.get((row["publication_id"], row["region_id"], row["horizon"]))
        by_horizon = found.setdefault(row["model_version"], {})
        by_horizon.setdefault(row["horizon"], []).append((came, row["risk_score"]))
    return {
        "region_set": region_set,
        "outcome": outcome,
        "step": regions.step,
        "shadows": {
            version: {
                str(horizon): {
                    "n_scored": len(pairs),
                    **_compare(pairs, regions.step, settings),
                }
                for horizon, pairs in sorted(horizons.items())
            }
            for version, horizons in found.items()
        },
    }


def _compare(
    pairs: Sequence[tuple[VerifiedForecast | None, float]], step: Step, settings: Settings
) -> dict[str, Any]:
    known = [(came, said) for came, said in pairs if came is not None]
    if not known:
        return {"n_forecasts": 0}
    cases = [came for came, _ in known]
    names = sorted({one.forecast.region_id for one in cases})
    place = {name: at for at, name in enumerate(names)}
    return compare_with(
        np.array([said for _, said in known]),
        np.array([one.forecast.risk_score for one in cases]),
        np.array([one.observed for one in cases]),
        np.array([place[one.forecast.region_id] for one in cases], np.int64),
        np.array([period_start(one.forecast.origin, step).year for one in cases], np.int64),
        n_draws=settings.bootstrap_draws,
        seed=settings.seed,
    )
