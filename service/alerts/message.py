"""What a message says: one JSON document, from which each channel renders.

A message is about the alerts of one group (rule and country) at one publication. Its list is cut
to a size; the complete list lies behind a link.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from service.alerts.notify import Reason
from service.alerts.rules import Rule
from service.alerts.wording import (
    SIMULATED,
    change_words,
    driver_words,
    region_address,
    set_address,
    threshold_words,
    window_label,
)
from service.publication import Publication, PublishedScore

MESSAGE_TYPE = "alert.notification"
SCHEMA_VERSION = 1
MAX_BYTES = 20_000

_HAPPENED = {
    Reason.ESCALATED: "escalated",
    Reason.NEW: "new",
    Reason.CORRECTED: "corrected",
    Reason.CANCELLED: "cancelled by a correction",
    Reason.RESOLVED: "resolved",
    Reason.WITHDRAWN: "withdrawn (no rule follows it any more)",
    Reason.DEESCALATED: "de-escalated",
    Reason.STALE: "no current score, so the alert stands",
    Reason.RESTORED: "scores are back, the alert stands",
    Reason.SILENCE_ENDED: "goes on, and the silence about it has ended",
    Reason.REPEAT: "goes on",
}
"""What is said of each reason, the most urgent first."""

_URGENCY = {reason: place for place, reason in enumerate(_HAPPENED)}


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


def write_message(
    publication: Publication,
    notices: Sequence[Notice],
    *,
    public_url: str,
    now: datetime,
) -> str:
    """Returns the body of a message as JSON text of at most 20,000 bytes.

    Args:
        publication: What it follows from.
        notices: What is to be told; the most urgent are listed first.
        public_url: Address under which people reach the service.
        now: The present moment.
    """
    ordered = sorted(notices, key=_urgency)
    is_one_rule = len({notice.rule_id for notice in notices}) == 1
    rule = ordered[0].rule if is_one_rule else None
    country = ", ".join(sorted({notice.country for notice in notices}))
    address = set_address(public_url, publication.region_set)
    data: dict[str, Any] = {
        "title": _title(publication, rule, country, ordered),
        "is_simulated": publication.is_simulated,
        "rule": rule
        and {"id": rule.id, "version": rule.version, "name": rule.name, "why": rule.why},
        "labels": rule.labels if rule else {},
        "country": country,
        "publication": {
            "region_set": publication.region_set,
            "as_of": publication.as_of.isoformat(),
            "revision": publication.revision,
            "origin": publication.origin_label,
            "data_cutoff": publication.data_cutoff.isoformat(),
            "model_version": publication.model_version,
            "outcome_version": publication.outcome_version,
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
    room = MAX_BYTES - len(_encode(body).encode())
    for notice in ordered:
        entry = _entry(publication, notice, public_url)
        room -= len(_encode(entry).encode()) + 1
        if room < 0:
            break
        data["alerts"].append(entry)
    data["n_omitted"] = len(ordered) - len(data["alerts"])
    return _encode(body)


def _encode(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _urgency(notice: Notice) -> tuple[int, int, float, str]:
    score = notice.score.risk_score if notice.score else None
    return (_URGENCY[notice.reason], -notice.level_to[0], -(score or 0.0), notice.incident_id)


def _title(
    publication: Publication, rule: Rule | None, country: str, notices: Sequence[Notice]
) -> str:
    counts = Counter(notice.reason for notice in notices)
    parts = ", ".join(f"{counts[reason]} {reason}" for reason in _URGENCY if counts[reason])
    marker = f"{SIMULATED}: " if publication.is_simulated else ""
    name = rule.name if rule else "Removed rule"
    return f"{marker}{name}, {country}: {parts} (as of {publication.as_of.isoformat()})"


def _entry(publication: Publication, notice: Notice, public_url: str) -> dict[str, Any]:
    score = notice.score
    is_scored = score is not None and score.status == "ok"
    return {
        "reason": notice.reason.value,
        "incident_id": notice.incident_id,
        "event_id": notice.event_id,
        "sequence": notice.sequence,
        "opened": notice.opened.isoformat(),
        "region_id": notice.region_id,
        "region_name": notice.region_name,
        "country": notice.country,
        "outcome": notice.outcome,
        "horizon": notice.horizon,
        "level_from": {"level": notice.level_from[0], "name": notice.level_from[1]},
        "level_to": {"level": notice.level_to[0], "name": notice.level_to[1]},
        "probability": score.risk_score if score and is_scored else None,
        "change": score.change if score and is_scored else None,
        "threshold": threshold_words(publication, notice.horizon, score.threshold)
        if score
        else None,
        "drivers": driver_words(score.contributions) if score and is_scored else [],
        "text": _sentence(publication, notice),
        "link": region_address(public_url, publication.region_set, notice.region_id),
    }


def _sentence(publication: Publication, notice: Notice) -> str:
    before, after = (name.replace("_", " ") for _, name in (notice.level_from, notice.level_to))
    levels = after if before == after else f"{before} → {after}"
    parts = [f"{notice.region_name} ({notice.country}): {levels}, {_HAPPENED[notice.reason]}."]
    score = notice.score
    window = window_label(publication, notice.horizon)
    if score is None or score.status != "ok" or score.risk_score is None:
        parts.append(f"There is no score for {notice.outcome} in {window}.")
    else:
        parts.append(
            f"Probability of {notice.outcome} in {window}: {score.risk_score:.2f} "
            f"({change_words(score.change)})."
        )
        threshold = threshold_words(publication, notice.horizon, score.threshold)
        if threshold:
            parts.append(f"That would be {threshold}.")
        if drivers := driver_words(score.contributions):
            parts.append(f"Driven by {'; '.join(drivers)}.")
    parts.append(f"Data to {publication.data_cutoff.isoformat()}.")
    return " ".join(parts)
