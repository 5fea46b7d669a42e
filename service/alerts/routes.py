"""Routes: which contact points hear of an alert, and which alerts share a message."""

from __future__ import annotations

from dataclasses import dataclass

from service.settings import Settings


@dataclass(frozen=True)
class ContactPoint:
    """Somebody, or something, that is told.

    Attributes:
        name: Unique name; the notification log and the outbox refer to it.
        channel: Name of the channel that reaches it.
    """

    name: str
    channel: str


LOG = ContactPoint("log", "log")
WEBHOOK = ContactPoint("webhook", "webhook")


def contact_points(settings: Settings) -> tuple[ContactPoint, ...]:
    """Returns the contact points of the default route, which every alert takes.

    The log is always one; the webhook is one if its address is set.
    """
    return (LOG, WEBHOOK) if settings.webhook_url is not None else (LOG,)


def group_key(rule_id: str, country: str) -> str:
    """Returns the key of the alerts that share a message: one rule and one country."""
    return f"{rule_id}/{country}"
