"""The contact book in the database: a new version for every edit, all versions kept.

Until one is stored, the book of the settings stands: the log, and the webhook if its address is
set.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from data.database import take_turn
from service.alerts.audit import record_action
from service.alerts.routes import ContactBook
from service.channels.contacts import ContactPoint
from service.settings import Settings
from service.tables import contact_books


@dataclass(frozen=True)
class BookVersion:
    """A book as it was stored.

    Attributes:
        version: 1, 2, …; 0 for the book of the settings.
        book: The book.
        created_at: When it was stored, UTC; None for the book of the settings.
    """

    version: int
    book: ContactBook
    created_at: datetime | None


def apply_contacts(
    connection: Connection, book: ContactBook, *, actor: str, now: datetime
) -> int | None:
    """Stores a book as a new version and returns its number; None if it stands already.

    It replaces the book before as a whole.

    Args:
        connection: An open write transaction.
        book: The book.
        actor: Who applies it; stands in the audit trail.
        now: The present moment.

    Raises:
        UsageError: The actor names nobody.
    """
    take_turn(connection, "apply contacts")
    stored = list_books(connection)
    if stored and stored[0].book == book:
        return None
    version = stored[0].version + 1 if stored else 1
    connection.execute(
        insert(contact_books).values(
            version=version, body=book.model_dump(mode="json"), created_at=now
        )
    )
    record_action(
        connection,
        actor=actor,
        action="apply_contacts",
        subject="contacts",
        detail={"version": version},
        now=now,
    )
    return version


def load_book(connection: Connection, settings: Settings) -> BookVersion:
    """Returns the book that stands.

    Args:
        connection: An open transaction.
        settings: For the book that stands until one is stored.
    """
    query = select(contact_books).order_by(contact_books.c.version.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    if row is None:
        return BookVersion(0, book_of_settings(settings), None)
    return BookVersion(row.version, _read(row.body), row.created_at)


def list_books(connection: Connection) -> tuple[BookVersion, ...]:
    """Returns all versions that were stored, the newest first."""
    query = select(contact_books).order_by(contact_books.c.version.desc())
    return tuple(
        BookVersion(row.version, _read(row.body), row.created_at)
        for row in connection.execute(query)
    )


def book_of_settings(settings: Settings) -> ContactBook:
    """Returns the log, and the webhook of the settings if its address is set."""
    contacts = [ContactPoint(name="log", channel="log")]
    if settings.webhook_url is not None:
        contacts.append(
            ContactPoint(
                name="webhook",
                channel="webhook",
                address="setting:webhook_url",
                secret="setting:webhook_secret",  # noqa: S106 - where it stands, not what it is
            )
        )
    return ContactBook(contacts=tuple(contacts))


def _read(body: object) -> ContactBook:
    # As JSON, so that a list may stand for a tuple while types stay strict.
    return ContactBook.model_validate_json(json.dumps(body))
