"""Drift as a use case: judged with each publication, stored beside it, told where it is seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select

from data.panel import Panel
from models.artefacts.artefact import LoadedModel
from models.drift import DriftVerdict, judge_drift, measure_inputs
from models.sequential import CalibrationTest, weigh_calibration
from models.verification import VerifiedForecast
from service.publications.store import find_head
from service.settings import Settings
from service.tables import drift_verdicts


def judge_model(
    model: LoadedModel, panel: Panel, settings: Settings, verified: Iterable[VerifiedForecast]
) -> DriftVerdict:
    """Returns whether the inputs or the calibration of a model have drifted.

    Args:
        model: The model in service.
        panel: Panel as known on the as-of.
        settings: Outcome definition.
        verified: What is verified of its set; only live forecasts that this model made count.
    """
    own = [
        one
        for one in verified
        if one.is_live
        and one.forecast.is_model
        and one.forecast.model_version == model.model_version
        and one.forecast.outcome == model.manifest["outcome"]["name"]
    ]
    return judge_drift(
        measure_inputs(panel, model.manifest, settings),
        {
            horizon: _weigh([one for one in own if one.forecast.horizon == horizon], horizon)
            for horizon in sorted({one.forecast.horizon for one in own})
        },
    )


def store_verdict(
    connection: Connection, publication_id: int, model: LoadedModel, verdict: DriftVerdict
) -> None:
    """Stores a verdict, in the publication's transaction.

    Args:
        connection: The write transaction.
        publication_id: Row number of the publication.
        model: The model that was judged.
        verdict: What `judge_model` returned.
    """
    connection.execute(
        insert(drift_verdicts).values(
            publication_id=publication_id,
            outcome=model.manifest["outcome"]["name"],
            model_version=model.model_version,
            is_drifted=verdict.is_drifted,
            verdict=describe_verdict(verdict),
        )
    )


def describe_verdict(verdict: DriftVerdict) -> dict[str, Any]:
    """Returns a verdict, ready for JSON."""
    return {
        "is_drifted": verdict.is_drifted,
        "reasons": list(verdict.reasons),
        "inputs": [{**asdict(one), "is_drifted": one.is_drifted} for one in verdict.inputs],
        "calibration": {
            str(horizon): asdict(test) for horizon, test in verdict.calibration.items()
        },
    }


def load_verdicts(connection: Connection, region_set: str) -> list[dict[str, Any]]:
    """Returns the verdict on each model behind a set's newest publication; see `load_verdict`."""
    head = find_head(connection, region_set)
    if head is None:
        return []
    query = select(drift_verdicts.c.outcome).where(
        drift_verdicts.c.publication_id == head.publication_id
    )
    found = [
        load_verdict(connection, region_set, outcome)
        for outcome in connection.scalars(query.order_by(drift_verdicts.c.outcome)).all()
    ]
    return [verdict for verdict in found if verdict is not None]


def load_verdict(connection: Connection, region_set: str, outcome: str) -> dict[str, Any] | None:
    """Returns the verdict of a set's newest publication, ready for JSON; None if there is none.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
        outcome: Name of the outcome.

    Returns:
        `as_of`, `outcome`, `model_version` and what `describe_verdict` returned.
    """
    head = find_head(connection, region_set)
    if head is None:
        return None
    row = connection.execute(
        select(drift_verdicts).where(
            drift_verdicts.c.publication_id == head.publication_id,
            drift_verdicts.c.outcome == outcome,
        )
    ).one_or_none()
    if row is None:
        return None
    return {
        "as_of": head.as_of.isoformat(),
        "outcome": row.outcome,
        "model_version": row.model_version,
        **row.verdict,
    }


def _weigh(verified: list[VerifiedForecast], horizon: int) -> CalibrationTest:
    return weigh_calibration(
        np.array([one.forecast.origin for one in verified], np.int64),
        np.array([one.forecast.risk_score for one in verified]),
        np.array([one.observed for one in verified]),
        horizon,
    )
