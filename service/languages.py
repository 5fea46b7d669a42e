"""English and French: days, steps, percentages, and the names of levels and outcomes.

Names of indicators are in `service.indicator_words`; those of regions are not translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")

_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
_STEPS: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {"month": ("month", "months"), "week": ("week", "weeks")},
    "fr": {"month": ("mois", "mois"), "week": ("semaine", "semaines")},
}
_LEVELS_FR = {"low": "faible", "moderate": "modéré", "high": "élevé", "very_high": "très élevé"}
_OUTCOMES: Mapping[Language, Mapping[str, str]] = {
    "en": {"severe": "severe violence"},
    "fr": {"escalation": "escalade", "severe": "violence grave", "onset": "début de violence"},
}


def count_steps(number: int, step: str, language: Language) -> str:
    """Returns `3 months`, `3 mois`."""
    one, many = _STEPS[language][step]
    return f"{number} {one if number == 1 else many}"


def write_day(day: date, language: Language) -> str:
    """Returns `15 January 2022`, `15 janvier 2022`."""
    number = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[language][day.month - 1]} {day.year}"


def write_percent(share: float, language: Language) -> str:
    """Returns `31%`, `31 %`; a share that rounds to 0 or 100 without being it says so."""
    text = f"{share * 100:.0f}"
    if text == "0" and share > 0:
        text = "<1"
    if text == "100" and share < 1:
        text = ">99"
    return f"{text}\u202f%" if language == "fr" else f"{text}%"


def name_level(level: str, language: Language) -> str:
    """Returns the level in words; one that a deployment named itself stays as it is."""
    words = level.replace("_", " ")
    return _LEVELS_FR.get(level, words) if language == "fr" else words


def name_outcome(outcome: str, language: Language) -> str:
    """Returns the outcome in words."""
    return _OUTCOMES[language].get(outcome, outcome.replace("_", " "))
