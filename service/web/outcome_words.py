"""What pages call an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.settings import ESCALATION, ONSET, SEVERE, ModelSettings
from service.web import words


@dataclass(frozen=True)
class OutcomeWords:
    """An outcome in words, in the places where pages need it.

    Attributes:
        name: `Escalation`.
        brief: What it is, in a few words.
        title: `risk that violence escalates`.
        risk: `risk of escalation`.
        event: `an escalation`.
        plural: `escalations`.
        happened: `violence here escalated`.
        meaning: What it is, in a sentence.
    """

    name: str
    brief: str
    title: str
    risk: str
    event: str
    plural: str
    happened: str
    meaning: str


def describe_outcome_words(
    outcome: str, definition: Mapping[str, Any], settings: ModelSettings
) -> OutcomeWords:
    """Returns an outcome in words.

    Args:
        outcome: Its name.
        definition: Its numbers as the model's manifest tells them; the settings stand in for them.
        settings: Settings in force.
    """
    deaths = words.number(float(definition.get("deaths", settings.severe_deaths)), 0)
    if outcome == ESCALATION:
        floor = words.number(float(definition.get("floor", settings.escalation_floor)), 0)
        return OutcomeWords(
            name="Escalation",
            brief="well above what is usual there",
            title="risk that violence escalates",
            risk="risk of escalation",
            event="an escalation",
            plural="escalations",
            happened="violence here escalated",
            meaning="Escalation is violence well above what the region is used to, and at least "
            f"{floor} deaths.",
        )
    if outcome == SEVERE:
        return OutcomeWords(
            name="Severe violence",
            brief=f"at least {deaths} deaths",
            title="risk of severe violence",
            risk="risk of severe violence",
            event="severe violence",
            plural="windows of severe violence",
            happened="violence here was severe",
            meaning=f"Severe violence is at least {deaths} deaths in the window.",
        )
    if outcome == ONSET:
        return OutcomeWords(
            name="Onset",
            brief=f"{deaths} deaths after a quiet year",
            title="risk that violence breaks out",
            risk="risk of an onset",
            event="an onset",
            plural="onsets",
            happened="violence here broke out",
            meaning=f"An onset is at least {deaths} deaths in the window, after a year in which no "
            "window reached them. It is asked for only where the past year was that quiet.",
        )
    plain = words.spoken(outcome)
    return OutcomeWords(
        plain, "", f"risk of {plain}", f"risk of {plain}", plain, plain, f"{plain} came", ""
    )
