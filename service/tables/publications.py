"""Tables: publications with their scores, deaths, indicators and documents."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
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
