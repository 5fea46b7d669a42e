"""Tables of the service room: publications with their documents, alerts, the outbox, slots, keys.

A publication and all that follows from it (scores, documents, alert states and events, the
messages to send) is written in one transaction.
"""

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
    UniqueConstraint,
    text,
)

from data.database import METADATA, EpochDay, EpochSecond
from data.tables import region_sets

publications = Table(
    "publications",
    METADATA,
    Column("publication_id", Integer, primary_key=True, autoincrement=True),
    Column("region_set", ForeignKey(region_sets.c.region_set), nullable=False),
    Column("as_of", EpochDay, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("step", String(8), nullable=False),
    Column("origin", Integer, nullable=False),
    Column("data_cutoff", EpochDay, nullable=False),
    Column("published_at", EpochSecond, nullable=False),
    Column("model_version", String(96), nullable=False),
    Column("is_simulated", Boolean, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("manifest", JSON, nullable=False),
    UniqueConstraint("region_set", "as_of", "revision"),
)

scores = Table(
    "scores",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("region_id", String(64), primary_key=True),
    Column("outcome", String(32), primary_key=True),
    Column("horizon", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("risk_score", Float),
    Column("level", String(16)),
    Column("change", Float),
    Column("details", JSON, nullable=False),
)

fatalities = Table(
    "fatalities",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("region_id", String(64), primary_key=True),
    Column("horizon", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("region_name", Text, nullable=False),
    Column("country", String(3), nullable=False),
    Column("status", String(16), nullable=False),
    Column("quantiles", JSON, nullable=False),
    Column("reason", Text, nullable=False),
)

publication_indicators = Table(
    "publication_indicators",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("indicator", String(64), primary_key=True),
    Column("by_region", JSON, nullable=False),
)

kept_fatalities = Table(
    "kept_fatalities",
    METADATA,
    Column("region_set", ForeignKey(region_sets.c.region_set), primary_key=True),
    Column("inputs", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

documents = Table(
    "documents",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("media_type", String(128), nullable=False),
    Column("etag", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("gzip_body", LargeBinary),
    Column("brotli_body", LargeBinary),
)

verifications = Table(
    "verifications",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("region_id", String(64), primary_key=True),
    Column("outcome", String(32), primary_key=True),
    Column("horizon", Integer, primary_key=True),
    Column("as_of", EpochDay, primary_key=True),
    Column("region_set", String(64), nullable=False),
    Column("origin", Integer, nullable=False),
    Column("is_live", Boolean, nullable=False),
    Column("is_model", Boolean, nullable=False),
    Column("risk_score", Float, nullable=False),
    Column("level", String(16)),
    Column("climatology", Float, nullable=False),
    Column("conflictology", Float),
    Column("threshold", Float, nullable=False),
    Column("deaths", Float, nullable=False),
    Column("observed", Boolean, nullable=False),
    Index(None, "region_set", "origin", "outcome", "horizon", "region_id"),
)

fatality_verifications = Table(
    "fatality_verifications",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("region_id", String(64), primary_key=True),
    Column("horizon", Integer, primary_key=True),
    Column("as_of", EpochDay, primary_key=True),
    Column("region_set", String(64), nullable=False),
    Column("origin", Integer, nullable=False),
    Column("is_live", Boolean, nullable=False),
    Column("is_model", Boolean, nullable=False),
    Column("deaths", Float, nullable=False),
    Column("crps", Float, nullable=False),
    Column("in_50", Boolean, nullable=False),
    Column("in_90", Boolean, nullable=False),
    Column("width_90", Float, nullable=False),
    Column("conflictology_crps", Float, nullable=False),
    Column("conflictology_in_50", Boolean, nullable=False),
    Column("conflictology_in_90", Boolean, nullable=False),
    Column("conflictology_width_90", Float, nullable=False),
    Index(None, "region_set", "origin", "horizon", "region_id"),
)

shadow_scores = Table(
    "shadow_scores",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("model_version", String(96), primary_key=True),
    Column("region_id", String(64), primary_key=True),
    Column("outcome", String(32), primary_key=True),
    Column("horizon", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("risk_score", Float),
    Column("model_probability", Float),
)

drift_verdicts = Table(
    "drift_verdicts",
    METADATA,
    Column("publication_id", ForeignKey("publications.publication_id"), primary_key=True),
    Column("outcome", String(32), primary_key=True),
    Column("model_version", String(96), nullable=False),
    Column("is_drifted", Boolean, nullable=False),
    Column("verdict", JSON, nullable=False),
)

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

ledger_entries = Table(
    "ledger_entries",
    METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("published_at", EpochSecond, nullable=False),
    Column("region_set", String(64), nullable=False),
    Column("as_of", EpochDay, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("model_version", String(96), nullable=False),
    Column("outcome_version", String(64), nullable=False),
    Column("n_forecasts", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("entry_hash", String(64), nullable=False),
)

contact_books = Table(
    "contact_books",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", JSON, nullable=False),
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

heartbeats = Table(
    "heartbeats",
    METADATA,
    Column("heartbeat_id", Integer, primary_key=True, autoincrement=True),
    Column("called_at", EpochSecond, nullable=False),
    Column("region_set", String(64), nullable=False),
    Column("is_answered", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
)
