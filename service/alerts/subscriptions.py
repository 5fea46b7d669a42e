"""Who does not want e-mails any more, and who does again.

Unsubscribing disables the mailbox of a contact point, as a webhook that answers 410 is disabled. A
contact point that gets another mailbox is told again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from data.errors import SettingsError, UnknownName
from service.alerts.audit import record_action
from service.channels.contacts import ContactPoint
from service.channels.references import resolve_reference
from service.links.unsubscribe_links import fingerprint
from service.settings import Settings
from service.tables import disabled_endpoints

UNSUBSCRIBED = "unsubscribed"
"""Detail of a disabled endpoint whose owner asked for it."""


def unsubscribe(connection: Connection, contact: str, endpoint: str, *, now: datetime) -> bool:
    """Ends the messages of a contact point to a mailbox; False if they had ended already.

    Args:
        connection: A write transaction.
        contact: Name of the contact point.
        endpoint: Fingerprint of the mailbox.
        now: The present moment.
    """
    this = _this(contact, endpoint)
    if connection.execute(select(disabled_endpoints.c.detail).where(this)).first() is not None:
        return False
    connection.execute(
        insert(disabled_endpoints).values(
            contact_point=contact, endpoint=endpoint, disabled_at=now, detail=UNSUBSCRIBED
        )
    )
    record_action(
        connection,
        actor=f"link:{contact}"[:64],
        action="unsubscribe",
        subject=contact,
        detail={},
        now=now,
    )
    return True


def enable_contact(connection: Connection, contact: str, *, actor: str, now: datetime) -> None:
    """Lets a contact point be told again, after it unsubscribed or answered 410.

    Args:
        connection: A write transaction.
        contact: Name of the contact point.
        actor: Who says so; stands in the audit trail.
        now: The present moment.

    Raises:
        UnknownName: Nothing of that name is disabled.
        UsageError: Nobody is named.
    """
    gone = connection.execute(
        delete(disabled_endpoints).where(disabled_endpoints.c.contact_point == contact)
    )
    if not gone.rowcount:
        raise UnknownName(
            f"No contact point '{contact}' is disabled.", "See `tocsin contacts list`."
        )
    record_action(
        connection, actor=actor, action="enable_contact", subject=contact, detail={}, now=now
    )


def is_unsubscribed(connection: Connection, contact: ContactPoint, settings: Settings) -> bool:
    """Returns True if the owner of a contact point's mailbox unsubscribed."""
    if contact.channel != "email" or contact.address is None:
        return False
    try:
        address = resolve_reference(contact.address, settings)
    except SettingsError:
        return False
    query = select(disabled_endpoints.c.detail).where(_this(contact.name, fingerprint(address)))
    return connection.execute(query).scalar() == UNSUBSCRIBED


def list_disabled(connection: Connection) -> dict[str, str]:
    """Returns why contact points are disabled, by name."""
    query = select(disabled_endpoints.c.contact_point, disabled_endpoints.c.detail)
    return {row.contact_point: row.detail for row in connection.execute(query)}


def _this(contact: str, endpoint: str) -> ColumnElement[bool]:
    return (disabled_endpoints.c.contact_point == contact) & (
        disabled_endpoints.c.endpoint == endpoint
    )
