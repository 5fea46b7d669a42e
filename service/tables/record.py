"""Tables: what came of publications, what else was scored, what is sealed."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
)

from data.database import METADATA, EpochDay, EpochSecond

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
