"""Verified forecasts: what came of what was published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "verifications",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("as_of", EpochDay(), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.Integer(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("is_model", sa.Boolean(), nullable=False),
        sa.Column("risk_score", sa.Float(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=True),
        sa.Column("climatology", sa.Float(), nullable=False),
        sa.Column("conflictology", sa.Float(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("deaths", sa.Float(), nullable=False),
        sa.Column("observed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_verifications_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint(
            "publication_id",
            "region_id",
            "outcome",
            "horizon",
            "as_of",
            name=op.f("pk_verifications"),
        ),
    )
    with op.batch_alter_table("verifications", schema=None) as batch:
        batch.create_index(
            batch.f("ix_verifications_region_set_origin_outcome_horizon_region_id"),
            ["region_set", "origin", "outcome", "horizon", "region_id"],
        )
