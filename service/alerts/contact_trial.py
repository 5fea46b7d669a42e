"""A test message to a contact point: sent at once, past the outbox, and never again."""

from __future__ import annotations

import uuid

from data.errors import SettingsError
from service.alerts.system_message import TEST, write_system_message
from service.channels.configured import open_channel
from service.channels.contacts import ContactPoint
from service.channels.contract import Dead, Message, Outcome
from service.clock import Clock
from service.settings import Settings


def try_contact(contact: ContactPoint, settings: Settings, clock: Clock) -> Outcome:
    """Sends a test message to a contact point and returns what came of it.

    Args:
        contact: The contact point.
        settings: For its channel and for links.
        clock: The clock.
    """
    try:
        channel = open_channel(contact, settings, clock)
    except SettingsError as problem:
        return Dead(str(problem))
    now = clock()
    number = uuid.uuid4().hex
    body = write_system_message(
        TEST,
        contact.name,
        "opened",
        alert_id=number,
        region_set=None,
        detail="",
        opened_at=now,
        resolved_at=None,
        language=contact.language,
        public_url=settings.public_url,
        now=now,
    )
    return channel.send(Message(f"msg_{number}", contact.name, body, 1))
