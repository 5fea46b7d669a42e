"""Words of conditions, in English and French: what a rule asks for, what is found, why it ended."""

from __future__ import annotations

from collections.abc import Mapping

from features.catalogue import CATALOGUE
from service.alerts.conditions import (
    INDICATOR_GONE,
    INDICATOR_LEFT,
    INDICATOR_UNKNOWN,
    NEIGHBOURS_CALM,
    NEIGHBOURS_UNKNOWN,
    Condition,
    Finding,
    Near,
    Where,
)
from service.indicator_words import name_indicator, write_amount
from service.languages import Language, name_outcome, write_percent

_NAMED = 3
"""So many neighbours are named."""

_NOTES_FR: Mapping[str, str] = {
    NEIGHBOURS_CALM: "Sa propre valeur n’est pas passée sous le niveau : plus aucun voisin n’est "
    "aussi actif que la règle le demande.",
    INDICATOR_LEFT: "Sa propre valeur n’est pas passée sous le niveau : l’indicateur que la règle "
    "demande est sorti de ses bornes.",
    INDICATOR_GONE: "Sa propre valeur n’est pas passée sous le niveau : l’indicateur que la règle "
    "demande n’y a pas de valeur à présent.",
    NEIGHBOURS_UNKNOWN: "Elle a une valeur, mais des voisins n’en ont pas, et la règle demande la "
    "leur.",
    INDICATOR_UNKNOWN: "Elle a une valeur, mais la publication ne contient pas l’indicateur que la "
    "règle demande.",
}

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "neighbour": "a neighbour whose probability of {outcome} is {percent} or more",
        "at_least": "{label} at least {amount}",
        "at_most": "{label} at most {amount}",
        "quoted": "“{text}”",
        "active": "Active neighbours (probability of {outcome}): {names}.",
        "calm": "No neighbour is now as active as the rule asks ({outcome}).",
        "named": "{name} {percent}",
        "value": "{label}: {amount}.",
        "closed": "{label}: as the rule asks.",
        "outside": "{label}: {amount}, no longer as the rule asks.",
        "closed_outside": "{label}: no longer as the rule asks.",
        "gone": "{label}: no value now.",
    },
    "fr": {
        "neighbour": "voisin dont la probabilité ({outcome}) atteint {percent}",
        "at_least": "{label}, au moins {amount}",
        "at_most": "{label}, au plus {amount}",
        "quoted": "« {text} »",
        "active": "Voisins actifs (probabilité, {outcome}) : {names}.",
        "calm": "Aucun voisin n’est à présent aussi actif que la règle le demande ({outcome}).",
        "named": "{name} {percent}",
        "value": "{label} : {amount}.",
        "closed": "{label} : comme la règle le demande.",
        "outside": "{label} : {amount}, ce que la règle ne demande plus.",
        "closed_outside": "{label} : ce n’est plus ce que la règle demande.",
        "gone": "{label} : pas de valeur à présent.",
    },
}
"""Key to text; both languages have the same keys and the same fields in braces."""


def note_words(note: str, language: Language) -> str | None:
    """Returns the note of an event that a condition brought about; None if it is another one."""
    if note not in _NOTES_FR:
        return None
    return note if language == "en" else _NOTES_FR[note]


def asked_words(condition: Condition, language: Language = "en", *, is_open: bool = False) -> str:
    """Returns what a condition asks for, `a neighbour whose probability of onset is 30% or more`.

    Args:
        condition: The condition.
        language: Language.
        is_open: With the bound within which an open alert stands.
    """
    words = _WORDS[language]
    if isinstance(condition, Near):
        return words["neighbour"].format(
            percent=write_percent(condition.bound(is_open=is_open), language),
            outcome=name_outcome(condition.outcome, language),
        )
    key, bound = condition.bound(is_open=is_open)
    text = words[key].format(
        label=_label(condition, language),
        amount=write_amount(bound, CATALOGUE[condition.indicator].unit, language),
    )
    return words["quoted"].format(text=text)


def rule_words(condition: Condition) -> str:
    """Returns what a condition asks for, with the bound of an open alert if that is another one."""
    enter, leave = (asked_words(condition, is_open=is_open) for is_open in (False, True))
    return enter if enter == leave else f"{enter}; an open alert stands with {leave}"


def finding_words(found: Finding, *, is_told: bool, language: Language) -> str:
    """Returns what is found of a condition of an alert that stands, a sentence.

    Args:
        found: What is found.
        is_told: False if indicators are read off numbers that may not be passed on.
        language: Language.
    """
    words, condition = _WORDS[language], found.condition
    if found.is_met is None:
        return note_words(found.note, language) or ""
    if isinstance(condition, Near):
        names = ", ".join(
            words["named"].format(
                name=one.region_name, percent=write_percent(one.risk_score or 0.0, language)
            )
            for one in found.neighbours[:_NAMED]
        )
        outcome = name_outcome(condition.outcome, language)
        return words["active" if found.is_met else "calm"].format(outcome=outcome, names=names)
    label = _label(condition, language)
    if found.value is None:
        return words["gone"].format(label=label)
    key = "value" if found.is_met else "outside"
    if not is_told:
        key = "closed" if found.is_met else "closed_outside"
    amount = write_amount(found.value, CATALOGUE[condition.indicator].unit, language)
    return words[key].format(label=label, amount=amount)


def _label(condition: Where, language: Language) -> str:
    return name_indicator(condition.indicator, CATALOGUE[condition.indicator].label, language)
