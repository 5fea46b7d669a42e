"""Tables: rules, states and events of alerts, and what people did with them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from data.database import METADATA, EpochDay, EpochSecond

rules = Table(
    "rules",
    METADATA,
    Column("rule_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created_at", EpochSecond, nullable=False),
)

alert_states = Table(
    "alert_states",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("dedup_key", String(64), primary_key=True),
    Column("rule_id", String(64), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("state", JSON, nullable=False),
)

alert_events = Table(
    "alert_events",
    METADATA,
    Column("event_id", String(36), primary_key=True),
    Column("publication_id", ForeignKey("publications.publication_id"), nullable=False, index=True),
    Column("dedup_key", String(64), nullable=False),
    Column("incident_id", String(96), nullable=False, index=True),
    Column("sequence", Integer, nullable=False),
    Column("type", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("level_name", String(32), nullable=False),
    Column("as_of", EpochDay, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("rule_id", String(64), nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("region_set", String(64), nullable=False),
    Column("region_id", String(64), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("horizon", Integer, nullable=False),
    Column("value", Float),
    Column("is_superseded", Boolean, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "region_set", "as_of"),
)

cap_messages = Table(
    "cap_messages",
    METADATA,
    Column("identifier", String(96), primary_key=True),
    Column("publication_id", ForeignKey("publications.publication_id"), nullable=False, index=True),
    Column("region_set", String(64), nullable=False),
    Column("incident_id", String(96), nullable=False, index=True),
    Column("number", Integer, nullable=False, server_default="0"),
    Column("rule_id", String(64), nullable=False),
    Column("region_id", String(64), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("horizon", Integer, nullable=False),
    Column("type", String(8), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("sender", String(128), nullable=False),
    Column("sent_at", EpochSecond, nullable=False),
    Column("expires_at", EpochSecond, nullable=False),
    Column("said", JSON, nullable=False),
    Column("headline", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "region_set", "expires_at"),
)

acknowledgements = Table(
    "acknowledgements",
    METADATA,
    Column("acknowledgement_id", Integer, primary_key=True, autoincrement=True),
    Column("incident_id", String(96), nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("until", EpochSecond),
    Column("created_at", EpochSecond, nullable=False),
    Column("rises", JSON, nullable=False),
)

silences = Table(
    "silences",
    METADATA,
    Column("silence_id", Integer, primary_key=True, autoincrement=True),
    Column("matchers", JSON, nullable=False),
    Column("starts_at", EpochSecond, nullable=False),
    Column("ends_at", EpochSecond, nullable=False),
    Column("author", String(64), nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", EpochSecond, nullable=False),
)

incident_notes = Table(
    "incident_notes",
    METADATA,
    Column("note_id", Integer, primary_key=True, autoincrement=True),
    Column("incident_id", String(96), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", EpochSecond, nullable=False),
)

system_alerts = Table(
    "system_alerts",
    METADATA,
    Column("alert_id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("region_set", String(64)),
    Column("outcome", String(32), nullable=False, server_default=""),
    Column("detail", Text, nullable=False),
    Column("opened_at", EpochSecond, nullable=False),
    Column("resolved_at", EpochSecond),
    Index(
        "uq_system_alerts_open",
        "kind",
        "subject",
        "outcome",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
)
