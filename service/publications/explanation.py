"""Why a score is what it is: drivers by family, what changed, and one plain sentence.

The model adds in log-odds, so that families and changes are exact sums: base plus families is the
log-odds of the model's probability, and the changes of the families sum to its change.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from features.catalogue import CATALOGUE
from models.score import Contribution
from service.languages import Language, count_steps, name_level, name_outcome, write_percent
from service.publications.explanation_words import FAMILIES, OTHER, PHRASES
from service.publications.publication import FamilyShare, PublishedScore

NoComparison = Literal["first", "model_changed", "not_scored"]
"""Why drivers are not compared with those of the publication before; a key of `PHRASES`."""

_NAMED = 2
_LEAST_LOG_ODDS = 0.05


@dataclass(frozen=True)
class FamilyChanges:
    """What each family added to the log-odds since the publication before.

    Attributes:
        families: The largest change first; their sum is the change of the model's log-odds. Empty
            if they cannot be compared.
        reason: Why they cannot; None if they can.
    """

    families: tuple[FamilyShare, ...]
    reason: NoComparison | None


def family_of(feature: str) -> str:
    """Returns the family of a feature; `other` if the catalogue does not hold it."""
    indicator = CATALOGUE.get(feature)
    return OTHER if indicator is None else indicator.family


def group_by_family(contributions: Iterable[Contribution]) -> tuple[FamilyShare, ...]:
    """Returns what each family adds to the log-odds, the largest first."""
    return _sort(_sum_by_family(contributions))


def compare_families(
    now: PublishedScore, before: PublishedScore | None, *, is_same_model: bool
) -> FamilyChanges:
    """Returns what changed since the publication before, family by family.

    Args:
        now: The score.
        before: That of the same region, outcome and horizon in the publication before; None if
            there is none.
        is_same_model: Whether the same model made both, and so from the same features.
    """
    if before is None:
        return FamilyChanges((), "first")
    if not is_same_model:
        return FamilyChanges((), "model_changed")
    if now.model_probability is None or before.model_probability is None:
        return FamilyChanges((), "not_scored")
    sums, earlier = _sum_by_family(now.contributions), _sum_by_family(before.contributions)
    changes = {
        family: sums.get(family, 0.0) - earlier.get(family, 0.0)
        for family in dict.fromkeys([*sums, *earlier])
    }
    # Where the base belongs to the region's group it may differ from publication to publication.
    base = now.base_log_odds - before.base_log_odds
    if base:
        changes[OTHER] = changes.get(OTHER, 0.0) + base
    return FamilyChanges(_sort(changes), None)


def explain_score(score: PublishedScore, step: str, language: Language) -> str:
    """Returns one plain sentence about a score: what it is, what moves it, what changed.

    Args:
        score: The score.
        step: Calendar unit of its horizon.
        language: `en` or `fr`.
    """
    phrases = PHRASES[language]
    named = {
        "region": score.region_name,
        "outcome": name_outcome(score.outcome, language),
        "span": count_steps(score.horizon, step, language),
    }
    if score.risk_score is None:
        return phrases["none"].format(**named) + phrases["end"]
    percent = write_percent(score.risk_score, language)
    if score.status != "ok" or score.level is None:
        return phrases["baseline"].format(**named, percent=percent) + phrases["end"]
    said = phrases["score"].format(
        **named, percent=percent, level=name_level(score.level, language)
    )
    parts = [said, *explain_drivers(score, language), *explain_change(score, language)]
    return ", ".join(parts) + phrases["end"]


def explain_drivers(score: PublishedScore, language: Language) -> tuple[str, ...]:
    """Returns phrases on the families that raise and lower the model's number most."""
    phrases = PHRASES[language]
    told = []
    families = group_by_family(score.contributions)
    for key, sign in (("raised", 1), ("lowered", -1)):
        strong = [one for one in families if sign * one.log_odds >= _LEAST_LOG_ODDS]
        if strong:
            told.append(phrases[key].format(families=_list(strong[:_NAMED], language)))
    return tuple(told) or (phrases["average"],)


def explain_change(score: PublishedScore, language: Language) -> tuple[str, ...]:
    """Returns a phrase on the change since the publication before; nothing if there is none."""
    phrases = PHRASES[language]
    if score.change is None:
        return ()
    points = round(abs(score.change) * 100)
    if not points:
        return (phrases["same"],)
    counted = f"{points} point{'s' if points > 1 else ''}"
    key, sign = ("more", 1) if score.change > 0 else ("less", -1)
    causes = [one for one in score.changed_families if sign * one.log_odds >= _LEAST_LOG_ODDS]
    if not causes:
        return (phrases[f"{key}_alone"].format(points=counted),)
    return (phrases[key].format(points=counted, families=_list(causes[:_NAMED], language)),)


def name_family(family: str, language: Language) -> str:
    """Returns a family of indicators as a phrase; one that has none yet keeps its name."""
    phrases = FAMILIES.get(family)
    return family if phrases is None else phrases[language]


def explain_no_comparison(score: PublishedScore, language: Language) -> str:
    """Returns why the drivers are not compared with those before, a sentence; empty if they are."""
    return PHRASES[language][score.changed_reason] if score.changed_reason else ""


def _list(families: Sequence[FamilyShare], language: Language) -> str:
    return PHRASES[language]["and"].join(name_family(one.family, language) for one in families)


def _sum_by_family(contributions: Iterable[Contribution]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for item in contributions:
        found.setdefault(family_of(item.feature), []).append(item.log_odds)
    return {family: math.fsum(values) for family, values in found.items()}


def _sort(sums: dict[str, float]) -> tuple[FamilyShare, ...]:
    return tuple(
        FamilyShare(family, log_odds)
        for family, log_odds in sorted(sums.items(), key=lambda one: (-abs(one[1]), one[0]))
    )
