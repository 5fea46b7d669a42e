"""Words of alerts, in English and French: short titles and plain sentences.

Names of rules and regions come from the data and are not translated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import quote

from data.calendar import period_label
from models.score import Contribution
from service.alerts.condition_words import asked_words
from service.alerts.condition_words import note_words as condition_note
from service.alerts.notify import Reason
from service.alerts.rules import Rule
from service.indicator_words import name_indicator, write_amount
from service.languages import Language, name_level, name_outcome, write_percent
from service.publications.publication import Publication, PublishedScore
from service.publications.redraws import OUTSIDE_NOW, PART_OF

SIMULATED: Mapping[Language, str] = {"en": "SIMULATED", "fr": "SIMULÉ"}
"""First word of every title about simulated events."""

_DRIVERS = 3

HAPPENED: Mapping[Reason, Mapping[Language, tuple[str, str]]] = {
    Reason.ESCALATED: {"en": ("escalated", "escalated"), "fr": ("en hausse", "en hausse")},
    Reason.NEW: {"en": ("new", "new"), "fr": ("nouveau", "nouveau")},
    Reason.CORRECTED: {"en": ("corrected", "corrected"), "fr": ("corrigé", "corrigé")},
    Reason.CANCELLED: {
        "en": ("cancelled", "cancelled by a correction"),
        "fr": ("annulé", "annulé par une correction"),
    },
    Reason.RESOLVED: {"en": ("resolved", "resolved"), "fr": ("terminé", "terminé")},
    Reason.OCCURRED: {
        "en": ("occurred", "over, as what it warned of has come"),
        "fr": ("survenu", "terminée, car ce dont elle avertissait est survenu"),
    },
    Reason.WITHDRAWN: {
        "en": ("withdrawn", "withdrawn (no rule follows it any more, or its region was redrawn)"),
        "fr": ("retiré", "retiré (plus aucune règle ne le suit, ou sa région a été redessinée)"),
    },
    Reason.DEESCALATED: {"en": ("deescalated", "de-escalated"), "fr": ("en baisse", "en baisse")},
    Reason.STALE: {
        "en": ("stale", "no current score, so the alert stands"),
        "fr": ("sans valeur", "pas de valeur actuelle, donc l’alerte demeure"),
    },
    Reason.RESTORED: {
        "en": ("restored", "scores are back, the alert stands"),
        "fr": ("de nouveau suivi", "les valeurs sont revenues, l’alerte demeure"),
    },
    Reason.SILENCE_ENDED: {
        "en": ("silence_ended", "goes on, and the silence about it has ended"),
        "fr": ("silence terminé", "toujours en cours, et le silence à son sujet est terminé"),
    },
    Reason.REPEAT: {"en": ("repeat", "goes on"), "fr": ("rappel", "toujours en cours")},
}
"""What is said of each reason, the most urgent first: counted in a title, and in a sentence."""

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "title": "{marker}{name}, {country}: {counts} (as of {as_of})",
        "marker": "{word}: ",
        "several": "Alerts",
        "removed": "Removed rule",
        "headline": "{region} ({country}): {levels}, {happened}.",
        "none": "none",
        "probability": "Probability of {outcome} in {window}: {value}{interval} ({change}).",
        "interval": ", 90% interval {low} to {high}",
        "no_score": "There is no score for {outcome} in {window}.",
        "occurred": "The deaths that make the outcome ({outcome}) have come within the last year, "
        "as far as is known; it is forecast again after a quiet year.",
        "threshold": "That would be {threshold}.",
        "deaths": "at least {least} {noun} in {window}",
        "death": "death",
        "deaths_noun": "deaths",
        "points": "{points:+d} points",
        "no_change": "no earlier score",
        "cutoff": "Data to {day}.",
        "raises": "raises the risk",
        "lowers": "lowers the risk",
        "not_known": "not known",
        "colon": ": ",
        "record": "Of the last {n} alerts at this level {scope}, {followed} were followed by "
        "{outcome}.",
        "too_few": "Past alerts at this level whose window is over: {n}, too few to say how good "
        "they are.",
        "region": "in this region",
        "country": "in this country",
        "set": "in all regions",
        "ends": "It ends after {clear} below {bound}{without}.",
        "falls": "It leaves this level after {clear} below {bound}, and ends below "
        "{last}{without}.",
        "without": " or without {asked}",
        "one": "one publication",
        "many": "{n} publications in a row",
        "change_bound": "a change of {points:+d} points",
        "above_record": "the highest of the {years} years before plus {points} points",
        "below_record": "the highest of the {years} years before less {points} points",
        "rank_bound": "rank {percent} (the share of other regions whose risk is lower)",
    },
    "fr": {
        "title": "{marker}{name}, {country} : {counts} (état au {as_of})",
        "marker": "{word} : ",
        "several": "Alertes",
        "removed": "Règle supprimée",
        "headline": "{region} ({country}) : {levels}, {happened}.",
        "none": "aucun",
        "probability": "Probabilité ({outcome}) sur {window} : {value}{interval} ({change}).",
        "interval": ", intervalle à 90 % de {low} à {high}",
        "no_score": "Pas de valeur ({outcome}) sur {window}.",
        "occurred": "Les décès qui définissent l’événement ({outcome}) ont eu lieu au cours de la "
        "dernière année, d’après ce qui est connu ; il sera de nouveau prévu après une année "
        "calme.",
        "threshold": "Cela signifierait {threshold}.",
        "deaths": "au moins {least} {noun} sur {window}",
        "death": "décès",
        "deaths_noun": "décès",
        "points": "{points:+d} points",
        "no_change": "pas de valeur antérieure",
        "cutoff": "Données jusqu’au {day}.",
        "raises": "augmente le risque",
        "lowers": "réduit le risque",
        "not_known": "inconnu",
        "colon": " : ",
        "record": "Sur les {n} dernières alertes à ce niveau {scope}, {followed} ont été suivies "
        "de l’événement ({outcome}).",
        "too_few": "Alertes passées à ce niveau dont la période est terminée : {n}, trop peu pour "
        "juger de leur qualité.",
        "region": "dans cette région",
        "country": "dans ce pays",
        "set": "dans toutes les régions",
        "ends": "Elle prend fin après {clear} sous {bound}{without}.",
        "falls": "Elle quitte ce niveau après {clear} sous {bound}, et prend fin sous "
        "{last}{without}.",
        "without": " ou sans {asked}",
        "one": "une publication",
        "many": "{n} publications de suite",
        "change_bound": "une variation de {points:+d} points",
        "above_record": "le maximum des {years} années précédentes plus {points} points",
        "below_record": "le maximum des {years} années précédentes moins {points} points",
        "rank_bound": "le rang {percent} (part des autres régions dont le risque est plus faible)",
    },
}
"""Key to text; both languages have the same keys and the same fields in braces."""

Scope = Literal["region", "country", "set"]


def region_address(public_url: str, region_set: str, region_id: str) -> str:
    """Returns the address of the page of a region."""
    return f"{set_address(public_url, region_set)}/regions/{quote(region_id, safe='')}"


def set_address(public_url: str, region_set: str) -> str:
    """Returns the address of the page of a region set."""
    return f"{public_url.rstrip('/')}/sets/{quote(region_set, safe='')}"


def window_label(publication: Publication, horizon: int) -> str:
    """Returns the window of a forecast, `2022-01 … 2022-03`, or one period."""
    first = period_label(publication.origin + 1, publication.step)
    last = period_label(publication.origin + horizon, publication.step)
    return first if horizon == 1 else f"{first} … {last}"


def title_words(
    publication: Publication,
    rule_name: str | None,
    country: str,
    counts: Mapping[Reason, int],
    language: Language,
) -> str:
    """Returns the title of a message, e.g. `Risk of escalation, MLI: 1 new (as of 2022-01-15)`.

    Args:
        publication: What it follows from.
        rule_name: Name of its rule; None if it is about several.
        country: Country codes.
        counts: Reasons of its alerts.
        language: Language.
    """
    words = WORDS[language]
    marker = SIMULATED[language]
    return words["title"].format(
        marker=words["marker"].format(word=marker) if publication.is_simulated else "",
        name=words["several"] if rule_name is None else rule_name,
        country=country,
        counts=", ".join(
            f"{counts[reason]} {HAPPENED[reason][language][0]}"
            for reason in HAPPENED
            if counts.get(reason)
        ),
        as_of=publication.as_of.isoformat(),
    )


def removed_rule(language: Language) -> str:
    """Returns what stands for the name of a rule that is gone."""
    return WORDS[language]["removed"]


def headline_words(
    region_name: str,
    country: str,
    level_from: str,
    level_to: str,
    reason: Reason,
    language: Language,
) -> str:
    """Returns `Mopti (MLI): none → high, new.`; of what has come, the level that stood."""
    words = WORDS[language]
    before, after = (
        words["none"] if name == "none" else name_level(name, language)
        for name in (level_from, level_to)
    )
    return words["headline"].format(
        region=region_name,
        country=country,
        levels=before if reason is Reason.OCCURRED or before == after else f"{before} → {after}",
        happened=HAPPENED[reason][language][1],
    )


def probability_words(
    publication: Publication,
    outcome: str,
    horizon: int,
    scored: PublishedScore | None,
    language: Language,
) -> str:
    """Returns a sentence about the probability with its interval, or that there is none."""
    words = WORDS[language]
    window = window_label(publication, horizon)
    named = name_outcome(outcome, language)
    if scored is None or scored.risk_score is None:
        return words["no_score"].format(outcome=named, window=window)
    interval = ""
    if scored.low is not None and scored.high is not None:
        interval = words["interval"].format(
            low=write_percent(scored.low, language), high=write_percent(scored.high, language)
        )
    return words["probability"].format(
        outcome=named,
        window=window,
        value=write_percent(scored.risk_score, language),
        interval=interval,
        change=change_words(scored.change, language),
    )


def occurred_words(outcome: str, language: Language) -> str:
    """Returns that what an alert warned of has come, a sentence."""
    return WORDS[language]["occurred"].format(outcome=name_outcome(outcome, language))


def threshold_words(
    publication: Publication, horizon: int, threshold: float | None, language: Language = "en"
) -> str | None:
    """Returns `at least 34 deaths in 2022-01 … 2022-03`; None without a threshold.

    Deaths are whole, so the least number of them that reaches the threshold is given.
    """
    if threshold is None:
        return None
    words = WORDS[language]
    least = math.ceil(threshold)
    return words["deaths"].format(
        least=least,
        noun=words["death" if least == 1 else "deaths_noun"],
        window=window_label(publication, horizon),
    )


def threshold_sentence(threshold: str, language: Language) -> str:
    """Returns what the outcome would be, a sentence."""
    return WORDS[language]["threshold"].format(threshold=threshold)


def cutoff_words(publication: Publication, language: Language) -> str:
    """Returns the last day of the data, a sentence."""
    return WORDS[language]["cutoff"].format(day=publication.data_cutoff.isoformat())


def driver_words(contributions: Sequence[Contribution], language: Language = "en") -> list[str]:
    """Returns the three contributions that move a score most, largest first.

    For example `deaths in the last 3 months: 41 deaths (raises the risk)`.
    """
    return [_driver(item, language) for item in contributions[:_DRIVERS] if item.log_odds != 0]


def change_words(change: float | None, language: Language = "en") -> str:
    """Returns `+12 points`, or `no earlier score`."""
    words = WORDS[language]
    if change is None:
        return words["no_change"]
    return words["points"].format(points=round(change * 100))


def note_words(note: str, language: Language) -> str:
    """Returns what else than the score brought an event about, a sentence.

    Args:
        note: What is stored of it (`OUTSIDE_NOW`, `PART_OF`, or `Finding.note`), which is English.
        language: Language.
    """
    if language == "en":
        return note
    if note == OUTSIDE_NOW:
        return "Sa région a été redessinée et se trouve maintenant hors de l’ensemble."
    if note.startswith(PART_OF):
        return "Sa région a été redessinée. Elle fait maintenant partie de : " + note.removeprefix(
            PART_OF
        )
    return condition_note(note, language) or note


def record_words(
    n_alerts: int, n_followed: int, scope: Scope | None, outcome: str, language: Language
) -> str:
    """Returns how good past alerts were, a sentence.

    Args:
        n_alerts: Past alerts whose window is over.
        n_followed: Those that the outcome followed.
        scope: Where they were; None if they are too few to say.
        outcome: Name of the outcome.
        language: Language.
    """
    words = WORDS[language]
    if scope is None:
        return words["too_few"].format(n=n_alerts)
    return words["record"].format(
        n=n_alerts,
        scope=words[scope],
        followed=n_followed,
        outcome=name_outcome(outcome, language),
    )


def ending_words(rule: Rule, level: int, language: Language) -> str:
    """Returns what would end an alert at a level, a sentence.

    Args:
        rule: The rule.
        level: The level now, from 1.
        language: Language.
    """
    words = WORDS[language]
    n = rule.clear_n
    clear = words["one"] if n == 1 else words["many"].format(n=n)
    bounds = [_bound(rule, item.exit, language) for item in rule.levels]
    without = "".join(
        words["without"].format(asked=asked_words(condition, language, is_open=True))
        for condition in rule.conditions
    )
    if level <= 1:
        return words["ends"].format(clear=clear, bound=bounds[0], without=without)
    return words["falls"].format(
        clear=clear, bound=bounds[level - 1], last=bounds[0], without=without
    )


def _bound(rule: Rule, value: float, language: Language) -> str:
    words = WORDS[language]
    points = round(value * 100)
    if rule.measure == "change":
        return words["change_bound"].format(points=points)
    if rule.measure == "record":
        key = "above_record" if value >= 0 else "below_record"
        return words[key].format(points=abs(points), years=rule.years)
    percent = write_percent(value, language)
    return words["rank_bound"].format(percent=percent) if rule.measure == "rank" else percent


def _driver(item: Contribution, language: Language) -> str:
    words = WORDS[language]
    direction = words["raises" if item.log_odds > 0 else "lowers"]
    label = name_indicator(item.feature, item.label, language)
    if item.value is None:
        return f"{label}{words['colon']}{words['not_known']} ({direction})"
    amount = write_amount(item.value, item.unit, language)
    return f"{label}{words['colon']}{amount} ({direction})"
