"""Tables: slots of cycles and fetches, heartbeats, keys, the audit trail."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
)

from data.database import METADATA, EpochDay, EpochSecond
from data.tables import region_sets

slots = Table(
    "slots",
    METADATA,
    Column("region_set", ForeignKey(region_sets.c.region_set), primary_key=True),
    Column("slot_at", EpochSecond, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("started_at", EpochSecond, nullable=False),
    Column("finished_at", EpochSecond),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("retry_at", EpochSecond),
    Column("held_until", EpochSecond),
)

fetch_slots = Table(
    "fetch_slots",
    METADATA,
    Column("fetch", String(64), primary_key=True),
    Column("slot_at", EpochSecond, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("started_at", EpochSecond, nullable=False),
    Column("finished_at", EpochSecond),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("retry_at", EpochSecond),
    Column("held_until", EpochSecond),
)

heartbeats = Table(
    "heartbeats",
    METADATA,
    Column("heartbeat_id", Integer, primary_key=True, autoincrement=True),
    Column("called_at", EpochSecond, nullable=False),
    Column("region_set", String(64), nullable=False),
    Column("is_answered", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("name", String(48), primary_key=True),
    Column("prefix", String(8), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", EpochSecond, nullable=False),
    Column("expires_at", EpochSecond),
    Column("revoked_at", EpochSecond),
    Column("last_used", EpochDay),
)

audit_entries = Table(
    "audit_entries",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", EpochSecond, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(96), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("entry_hash", String(64), nullable=False),
)
