"""Tables of the data room: regions, deliveries, what they held, examinations, actors.

A table is named for its rows. Days are days since 1970-01-01, moments are seconds since then (see
`data.database.EpochDay`, `EpochSecond`).
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
)

from data.database import METADATA, EpochDay, EpochSecond

region_sets = Table(
    "region_sets",
    METADATA,
    Column("region_set", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("step", String(8), nullable=False),
    Column("source", String(64), nullable=False),
    Column("is_schematic", Boolean, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("imported_at", EpochSecond, nullable=False),
    # Only of an edition of before: the set whose borders it had until it was replaced.
    Column("replaced_by", String(64)),
)

regions = Table(
    "regions",
    METADATA,
    Column("region_set", ForeignKey("region_sets.region_set"), primary_key=True),
    Column("region_id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("country", String(3), nullable=False),
    Column("geometry", LargeBinary, nullable=False),
    Column("parent", String(64)),
    Column("valid_from", EpochDay),
    Column("valid_to", EpochDay),
    UniqueConstraint("region_set", "position"),
)

neighbours = Table(
    "neighbours",
    METADATA,
    Column("region_set", ForeignKey("region_sets.region_set"), primary_key=True),
    Column("region_id", String(64), primary_key=True),
    Column("neighbour_id", String(64), primary_key=True),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("delivery_id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("vintage", String(64), nullable=False),
    Column("known_at", EpochSecond, nullable=False),
    Column("received_at", EpochSecond, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("countries", JSON, nullable=False),
    Column("covers_from", EpochDay, nullable=False),
    Column("covers_to", EpochDay, nullable=False),
    Column("is_simulated", Boolean, nullable=False),
    Column("licence", Text, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("n_rows", Integer, nullable=False),
    Column("n_added", Integer, nullable=False),
    Column("n_changed", Integer, nullable=False),
    Column("n_unchanged", Integer, nullable=False),
    Column("n_deleted", Integer, nullable=False),
    Column("n_quarantined", Integer, nullable=False),
    UniqueConstraint("source", "vintage", "sha256"),
)

event_blocks = Table(
    "event_blocks",
    METADATA,
    Column("block_id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("known_at", EpochSecond, nullable=False),
    Column("delivery_id", ForeignKey("deliveries.delivery_id"), nullable=False),
    Column("n_rows", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "source", "known_at"),
)

observations = Table(
    "observations",
    METADATA,
    Column("row_id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("observation_key", String(160), nullable=False),
    Column("known_at", EpochSecond, nullable=False),
    Column("delivery_id", ForeignKey("deliveries.delivery_id"), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("place", String(64), nullable=False),
    Column("country", String(3), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("date_start", EpochDay, nullable=False),
    Column("date_end", EpochDay, nullable=False),
    Column("value", Float, nullable=False),
    Column("item", String(160), nullable=False, server_default=""),
    UniqueConstraint("source", "observation_key", "known_at"),
)

markers = Table(
    "markers",
    METADATA,
    Column("row_id", Integer, primary_key=True, autoincrement=True),
    Column("marker_id", String(64), nullable=False),
    Column("known_at", EpochSecond, nullable=False),
    Column("entered_at", EpochSecond, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("country", String(3), nullable=False),
    Column("place", String(64), nullable=False),
    Column("date_start", EpochDay, nullable=False),
    Column("date_end", EpochDay),
    Column("title", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("author", String(64), nullable=False),
    UniqueConstraint("marker_id", "known_at"),
)

other_forecasts = Table(
    "other_forecasts",
    METADATA,
    Column("row_id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("run", String(64), nullable=False),
    Column("known_at", EpochSecond, nullable=False),
    Column("delivery_id", ForeignKey("deliveries.delivery_id"), nullable=False),
    Column("unit_kind", String(16), nullable=False),
    Column("unit_id", String(64), nullable=False),
    Column("target_from", EpochDay, nullable=False),
    Column("target_to", EpochDay, nullable=False),
    Column("quantity", String(64), nullable=False),
    Column("value", Float, nullable=False),
    Index(None, "source", "run"),
)

event_confidences = Table(
    "event_confidences",
    METADATA,
    Column("row_id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("event_id", String(128), nullable=False),
    Column("known_at", EpochSecond, nullable=False),
    Column("delivery_id", ForeignKey("deliveries.delivery_id"), nullable=False),
    Column("confidence", Float, nullable=False),
    UniqueConstraint("source", "event_id", "known_at"),
)

quarantine = Table(
    "quarantine",
    METADATA,
    Column("quarantine_id", Integer, primary_key=True, autoincrement=True),
    Column("delivery_id", ForeignKey("deliveries.delivery_id"), nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("event_id", Text),
    Column("reason", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Column("row", JSON, nullable=False),
)

examinations = Table(
    "examinations",
    METADATA,
    Column("examination_id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("vintage", String(64), nullable=False),
    Column("known_at", EpochSecond, nullable=False),
    Column("received_at", EpochSecond, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("countries", JSON, nullable=False),
    Column("covers_from", EpochDay, nullable=False),
    Column("covers_to", EpochDay, nullable=False),
    Column("n_rows", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("delivery_id", ForeignKey("deliveries.delivery_id")),
    Column("decided_at", EpochSecond),
    Column("note", Text),
    # Only while it is held: who delivered it, and the rows.
    Column("source_info", JSON(none_as_null=True)),
    Column("events", LargeBinary),
    Column("refusals", JSON(none_as_null=True)),
    UniqueConstraint("source", "vintage", "sha256"),
)

actor_aliases = Table(
    "actor_aliases",
    METADATA,
    Column("alias_id", Integer, primary_key=True, autoincrement=True),
    Column("alias", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("actor_group", String(32), nullable=False),
    Column("countries", JSON, nullable=False),
    Column("valid_from", EpochDay),
    Column("valid_to", EpochDay),
)
