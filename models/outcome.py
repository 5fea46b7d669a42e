"""Which outcome is forecast: its name, its definition by the settings, its thresholds and labels.

A definition has a version, which every output names. The numbers of an escalation also shape the
features (the threshold is one), whichever outcome is forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from data.calendar import Step
from data.errors import UnknownName
from features.outcomes import EscalationDefinition, escalation_thresholds, reach_labels
from features.severity import (
    OnsetDefinition,
    SevereDefinition,
    onset_thresholds,
    severe_thresholds,
)
from models.metrics import Floats
from models.settings import ESCALATION, ONSET, OUTCOMES, SEVERE, ModelSettings

__all__ = [
    "ESCALATION",
    "ONSET",
    "OUTCOMES",
    "SEVERE",
    "OutcomeDefinition",
    "check_outcome",
    "definition_of",
    "describe_outcome",
    "outcome_definition",
    "read_outcome",
    "thresholds_and_labels",
]

OutcomeDefinition: TypeAlias = EscalationDefinition | SevereDefinition | OnsetDefinition


def definition_of(settings: ModelSettings) -> EscalationDefinition:
    """Returns the escalation definition that the settings name; features are built with it."""
    return EscalationDefinition(
        multiple=settings.escalation_multiple,
        quantile=settings.escalation_quantile,
        floor=settings.escalation_floor,
    )


def check_outcome(outcome: str) -> None:
    """Refuses an unknown name.

    Raises:
        UnknownName: There is no such outcome.
    """
    if outcome not in OUTCOMES:
        raise UnknownName(f"No outcome '{outcome}'.", f"Choose from {', '.join(OUTCOMES)}.")


def outcome_definition(settings: ModelSettings, outcome: str) -> OutcomeDefinition:
    """Returns the definition of an outcome that the settings name.

    Raises:
        UnknownName: There is no such outcome.
    """
    check_outcome(outcome)
    if outcome == ESCALATION:
        return definition_of(settings)
    if outcome == SEVERE:
        return SevereDefinition(settings.severe_deaths)
    return OnsetDefinition(settings.severe_deaths, settings.onset_quiet_months)


def describe_outcome(settings: ModelSettings, outcome: str) -> dict[str, Any]:
    """Returns name, version and numbers of an outcome, for a manifest."""
    definition = outcome_definition(settings, outcome)
    return {"name": outcome, "version": definition.version, **asdict(definition)}


def read_outcome(described: Mapping[str, Any]) -> OutcomeDefinition:
    """Returns the definition that `describe_outcome` described.

    Raises:
        UnknownName: There is no such outcome.
        UsageError: The numbers make no outcome.
    """
    kinds: dict[str, type[OutcomeDefinition]] = {
        ESCALATION: EscalationDefinition,
        SEVERE: SevereDefinition,
        ONSET: OnsetDefinition,
    }
    kind = kinds.get(described["name"])
    if kind is None:
        raise UnknownName(f"No outcome '{described['name']}'.")
    numbers = {key: described[key] for key in described if key not in {"name", "version"}}
    return kind(**numbers)


def thresholds_and_labels(
    deaths: npt.NDArray[np.float32],
    known: npt.NDArray[np.bool_],
    horizon: int,
    definition: OutcomeDefinition,
    step: Step,
) -> tuple[Floats, Floats]:
    """Returns the threshold of each origin and whether its window reached it.

    Args:
        deaths: Deaths per period, shape (n_periods, n_regions).
        known: Where they are known, same shape.
        horizon: Steps ahead.
        definition: The outcome.
        step: Calendar unit of a period.

    Returns:
        Two float64 arrays, shape (n_periods, n_regions), NaN where undefined or not closed.

    Raises:
        UsageError: The horizon is out of range.
    """
    counted = np.where(known, deaths, np.nan).astype(np.float64)
    if isinstance(definition, EscalationDefinition):
        thresholds = escalation_thresholds(deaths, known, horizon, definition, step)
    elif isinstance(definition, SevereDefinition):
        thresholds = severe_thresholds(counted, horizon, definition, step)
    else:
        thresholds = onset_thresholds(counted, horizon, definition, step)
    return thresholds, reach_labels(counted, horizon, thresholds)
