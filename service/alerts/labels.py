"""Labels of an alert: what silences and routes match."""

from __future__ import annotations

from collections.abc import Mapping

from service.alerts.advance import AlertEvent
from service.alerts.rules import Rule

LABELS = ("type", "rule", "region_set", "region", "country", "outcome", "horizon", "level")
"""Labels that every alert of a rule has; those of its rule come on top."""

SYSTEM_LABELS = ("type", "kind", "subject", "region_set", "outcome")
"""Labels of an alert about the service itself."""


def label_event(event: AlertEvent, rule: Rule | None, country: str) -> Mapping[str, str]:
    """Returns the labels of an alert; the labels of its rule cannot hide them.

    Args:
        event: Its last event.
        rule: Its rule; None if it is gone.
        country: ISO alpha-3 code of its region; empty if that is gone.
    """
    return (rule.labels if rule else {}) | {
        "type": "risk",
        "rule": event.rule_id,
        "region_set": event.region_set,
        "region": event.region_id,
        "country": country,
        "outcome": event.outcome,
        "horizon": str(event.horizon),
        "level": event.level_name,
    }


def label_system_alert(
    kind: str, subject: str, region_set: str | None, outcome: str = ""
) -> Mapping[str, str]:
    """Returns the labels of an alert about the service itself; empty where it has none."""
    return {
        "type": "system",
        "kind": kind,
        "subject": subject,
        "region_set": region_set or "",
        "outcome": outcome,
    }
