"""Tables of the models room: the registry of trained models, and who was in service when."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    false,
)

from data.database import METADATA, EpochDay, EpochSecond
from data.tables import region_sets

models = Table(
    "models",
    METADATA,
    Column("model_version", String(96), primary_key=True),
    Column("region_set", ForeignKey(region_sets.c.region_set), nullable=False, index=True),
    Column("outcome", String(32), nullable=False),
    Column("as_of", EpochDay, nullable=False),
    Column("created_at", EpochSecond, nullable=False),
    Column("role", String(16), nullable=False),
    Column("is_shadow", Boolean, nullable=False, server_default=false()),
    Column("manifest", JSON, nullable=False),
    Column("manifest_bytes", LargeBinary, nullable=False),
    Column("artefact", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

promotions = Table(
    "promotions",
    METADATA,
    Column("promotion_id", Integer, primary_key=True, autoincrement=True),
    Column("region_set", ForeignKey(region_sets.c.region_set), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("model_version", String(96), nullable=False),
    Column("replaced", String(96)),
    Column("promoted_at", EpochSecond, nullable=False),
)
