"""Ids of series, incidents, events and messages: the same input gives the same id, always."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:tocsin:alerts")


@dataclass(frozen=True)
class Series:
    """What a rule follows: one region, outcome and horizon.

    Attributes:
        rule_id: The rule.
        region_set: Name of the region set.
        region_id: The region.
        outcome: Name of the outcome.
        horizon: Steps ahead.
    """

    rule_id: str
    region_set: str
    region_id: str
    outcome: str
    horizon: int

    @cached_property
    def dedup_key(self) -> str:
        """SHA-256 of the rule id and the labels, in hexadecimal: the key of the series."""
        labels = asdict(self)
        return _digest({"rule_id": labels.pop("rule_id"), "labels": labels})


def rule_key(rule_id: str) -> str:
    """Returns the key of a rule itself: its id with no labels."""
    return _digest({"rule_id": rule_id, "labels": {}})


def incident_id(dedup_key: str, opened: date) -> str:
    """Returns the id of the incident of a series that opened with the as-of `opened`."""
    return f"{dedup_key}:{opened.isoformat()}"


def opened_on(incident: str) -> date:
    """Returns the as-of that opened the incident of an id."""
    return date.fromisoformat(incident.rpartition(":")[2])


def event_id(dedup_key: str, as_of: date, revision: int, kind: str, level: int) -> str:
    """Returns the id of an event; `level` is the one that holds after it."""
    return str(uuid.uuid5(_NAMESPACE, f"{dedup_key}|{as_of.isoformat()}|{revision}|{kind}|{level}"))


def message_id(
    contact_point: str, group_key: str, region_set: str, as_of: date, revision: int
) -> str:
    """Returns the id of the message of one publication to one contact point about one group.

    It holds no full stop: Standard Webhooks joins id, time and body with one.
    """
    name = "|".join((contact_point, group_key, region_set, as_of.isoformat(), str(revision)))
    return f"msg_{uuid.uuid5(_NAMESPACE, name).hex}"


def system_message_id(contact_point: str, alert_id: str, state: str) -> str:
    """Returns the id of the message to one contact point about an alert of the service."""
    return f"msg_{uuid.uuid5(_NAMESPACE, f'{contact_point}|{alert_id}|{state}').hex}"


def cap_identifier(incident: str, as_of: date, revision: int, number: int) -> str:
    """Returns the identifier of a CAP message about an incident at a publication.

    `number` is that of the message in its incident: a backfill may change what a publication says
    that is evaluated again. No space, comma, `<` or `&` is in it: CAP joins references with them.
    """
    name = uuid.uuid5(_NAMESPACE, f"cap|{incident}|{as_of.isoformat()}|{revision}|{number}").hex
    return f"tocsin-{as_of.isoformat()}-r{revision}-{name}"


def _digest(content: dict[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
