"""What a message says: one JSON document, from which each channel renders.

A message is about the alerts of one group (rule and country) at one publication. Its list is cut
to a size; the complete list lies behind a link.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from service.alerts.condition_words import finding_words
from service.alerts.conditions import Finding
from service.alerts.notify import Reason
from service.alerts.rules import Rule
from service.alerts.track_record import TrackRecord
from service.alerts.wording import (
    HAPPENED,
    cutoff_words,
    driver_words,
    ending_words,
    headline_words,
    note_words,
    occurred_words,
    probability_words,
    record_words,
    region_address,
    removed_rule,
    set_address,
    threshold_sentence,
    threshold_words,
    title_words,
)
from service.languages import Language
from service.publications.explanation import explain_change, explain_drivers, explain_no_comparison
from service.publications.publication import Publication, PublishedScore

MESSAGE_TYPE = "alert.notification"
SCHEMA_VERSION = 1
MAX_BYTES = 20_000

_URGENCY = {reason: place for place, reason in enumerate(HAPPENED)}
_RULES = 5
"""A message about several rules gives the reasons of so many."""

Links = Callable[[str], Mapping[str, str]]
"""Returns the links by which a reader can act on an incident: name to address."""


@dataclass(frozen=True)
class Notice:
    """One alert of a message.

    Attributes:
        reason: Why it is told.
        incident_id: The incident.
        event_id: The event that it is about.
        sequence: Number of that event in the incident.
        opened: As-of that opened the incident.
        region_id: The region.
        region_name: Its name for people.
        country: ISO alpha-3 code.
        outcome: Name of the outcome.
        horizon: Steps ahead.
        level_from: Level and name that the contact point knew; 0 and `none` for a new alert.
        level_to: Level and name now.
        score: The score of this publication, or None.
        rule_id: The rule.
        rule: Its newest version; None if it is gone.
        record: How good such alerts have been; None if nobody looked.
        note: What else than the score brought it about; see `AlertEvent`. Else empty.
        findings: What is found of the conditions of its rule, if the alert stands.
    """

    reason: Reason
    incident_id: str
    event_id: str
    sequence: int
    opened: date
    region_id: str
    region_name: str
    country: str
    outcome: str
    horizon: int
    level_from: tuple[int, str]
    level_to: tuple[int, str]
    score: PublishedScore | None
    rule_id: str
    rule: Rule | None
    record: TrackRecord | None = None
    note: str = ""
    findings: tuple[Finding, ...] = ()


def write_message(
    publication: Publication,
    notices: Sequence[Notice],
    *,
    public_url: str,
    now: datetime,
    language: Language = "en",
    links: Links | None = None,
) -> str:
    """Returns the body of a message as JSON text of at most 20,000 bytes.

    Args:
        publication: What it follows from.
        notices: What is to be told, at least one; the most urgent are listed first.
        public_url: Address under which people reach the service.
        now: The present moment.
        language: Language of title and sentences.
        links: Links by which the reader can act, if the receiver is a person.
    """
    ordered = sorted(notices, key=_urgency)
    rules = {notice.rule_id: notice.rule for notice in ordered}
    rule = ordered[0].rule if len(rules) == 1 else None
    name = ordered[0].rule.name if ordered[0].rule else removed_rule(language)
    country = ", ".join(sorted({notice.country for notice in ordered})[:_RULES])
    address = set_address(public_url, publication.region_set)
    counts = Counter(notice.reason for notice in ordered)
    # Versions are those of the outcome that it is about, or that its most urgent line is about.
    outcome = ordered[0].outcome
    told = publication.of_outcome(outcome) if outcome in publication.outcomes else publication
    data: dict[str, Any] = {
        "title": title_words(
            publication, name if len(rules) == 1 else None, country, counts, language
        ),
        "language": language,
        "is_simulated": publication.is_simulated,
        "rule": rule and _describe(rule),
        "rules": [_describe(item) for item in rules.values() if item][:_RULES],
        "labels": rule.labels if rule else {},
        "country": country,
        "publication": {
            "region_set": publication.region_set,
            "as_of": publication.as_of.isoformat(),
            "revision": publication.revision,
            "origin": publication.origin_label,
            "data_cutoff": publication.data_cutoff.isoformat(),
            "model_version": told.model_version,
            "outcome_version": told.outcome_version,
        },
        "attributions": [item.text for item in publication.attributions],
        "links": {"all_alerts": f"{address}/alerts", "region_set": address},
        "n_alerts": len(ordered),
        "n_omitted": len(ordered),
        "alerts": [],
    }
    body = {
        "type": MESSAGE_TYPE,
        "schema_version": SCHEMA_VERSION,
        "timestamp": now.isoformat(),
        "data": data,
    }
    # Each entry but the first comes with a comma.
    room = MAX_BYTES - len(_encode(body).encode()) + 1
    for notice in ordered:
        entry = _entry(publication, notice, public_url, language, links)
        room -= len(_encode(entry).encode()) + 1
        if room < 0:
            break
        data["alerts"].append(entry)
    data["n_omitted"] = len(ordered) - len(data["alerts"])
    return _encode(body)


def _describe(rule: Rule) -> dict[str, Any]:
    return {"id": rule.id, "version": rule.version, "name": rule.name, "why": rule.why}


def _encode(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _urgency(notice: Notice) -> tuple[int, int, float, str]:
    score = notice.score.risk_score if notice.score else None
    return (_URGENCY[notice.reason], -notice.level_to[0], -(score or 0.0), notice.incident_id)


def _entry(
    publication: Publication,
    notice: Notice,
    public_url: str,
    language: Language,
    links: Links | None,
) -> dict[str, Any]:
    score = notice.score
    scored = score if score is not None and score.status == "ok" else None
    record = notice.record
    return {
        "reason": notice.reason.value,
        "incident_id": notice.incident_id,
        "event_id": notice.event_id,
        "sequence": notice.sequence,
        "opened": notice.opened.isoformat(),
        "rule_id": notice.rule_id,
        "region_id": notice.region_id,
        "region_name": notice.region_name,
        "country": notice.country,
        "outcome": notice.outcome,
        "horizon": notice.horizon,
        "level_from": {"level": notice.level_from[0], "name": notice.level_from[1]},
        "level_to": {"level": notice.level_to[0], "name": notice.level_to[1]},
        "probability": scored.risk_score if scored else None,
        "low": scored.low if scored else None,
        "high": scored.high if scored else None,
        "change": scored.change if scored else None,
        "threshold": threshold_words(publication, notice.horizon, score.threshold, language)
        if score
        else None,
        "drivers": driver_words(scored.contributions, language) if scored else [],
        "track_record": record
        and {
            "n_alerts": record.n_alerts,
            "n_followed": record.n_followed,
            "scope": record.scope,
        },
        "text": headline_words(
            notice.region_name,
            notice.country,
            notice.level_from[1],
            notice.level_to[1],
            notice.reason,
            language,
        ),
        "sentences": _sentences(publication, notice, scored, language),
        "link": region_address(public_url, publication.region_set, notice.region_id),
        "links": {} if links is None else dict(links(notice.incident_id)),
    }


def _sentences(
    publication: Publication, notice: Notice, scored: PublishedScore | None, language: Language
) -> list[str]:
    """Returns what is said of an alert after its headline, each a sentence."""
    said = [note_words(notice.note, language)] if notice.note else []
    if notice.reason is Reason.OCCURRED:
        said.append(occurred_words(notice.outcome, language))
    else:
        said.append(
            probability_words(publication, notice.outcome, notice.horizon, scored, language)
        )
    if scored is not None:
        threshold = threshold_words(publication, notice.horizon, scored.threshold, language)
        if threshold:
            said.append(threshold_sentence(threshold, language))
        said += [
            finding_words(found, is_told=not publication.is_counted, language=language)
            for found in notice.findings
        ]
        moved = [*explain_drivers(scored, language)]
        if scored.changed_families:
            moved += explain_change(scored, language)
        said.append(_as_sentence((" ; " if language == "fr" else "; ").join(moved)))
        if scored.changed_reason == "model_changed":
            said.append(explain_no_comparison(scored, language))
    level = notice.level_to[0]
    if notice.record is not None and level:
        record = notice.record
        said.append(
            record_words(record.n_alerts, record.n_followed, record.scope, notice.outcome, language)
        )
    if notice.rule is not None and level:
        said.append(ending_words(notice.rule, level, language))
    said.append(cutoff_words(publication, language))
    # What a note says of a condition is not said twice.
    return list(dict.fromkeys(said))


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
