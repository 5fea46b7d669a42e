"""Tables: the outbox, who is told, and what became of each message."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from data.database import METADATA, EpochSecond

contact_books = Table(
    "contact_books",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False),
    Column("created_at", EpochSecond, nullable=False),
)

outbox = Table(
    "outbox",
    METADATA,
    Column("message_id", String(64), primary_key=True),
    Column("publication_id", ForeignKey("publications.publication_id")),
    Column("contact_point", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("group_key", String(96), nullable=False),
    Column("body", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", EpochSecond, nullable=False),
    Column("lease_until", EpochSecond),
    Column("created_at", EpochSecond, nullable=False),
    Index(None, "status", "due_at"),
)

notifications = Table(
    "notifications",
    METADATA,
    Column("message_id", ForeignKey("outbox.message_id"), primary_key=True),
    Column("event_id", ForeignKey("alert_events.event_id"), primary_key=True),
    Column("contact_point", String(64), nullable=False),
    Column("incident_id", String(96), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("created_at", EpochSecond, nullable=False),
    Column("accepted_at", EpochSecond),
    Index(None, "contact_point", "incident_id"),
)

delivery_attempts = Table(
    "delivery_attempts",
    METADATA,
    Column("message_id", ForeignKey("outbox.message_id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("attempted_at", EpochSecond, nullable=False),
    Column("result", String(16), nullable=False),
    Column("detail", Text, nullable=False),
)

disabled_endpoints = Table(
    "disabled_endpoints",
    METADATA,
    Column("contact_point", String(64), primary_key=True),
    Column("endpoint", String(64), primary_key=True),
    Column("disabled_at", EpochSecond, nullable=False),
    Column("detail", Text, nullable=False),
)
