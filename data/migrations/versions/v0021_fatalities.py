"""Fatalities of each period ahead as they are published, and what came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "fatalities",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("region_name", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("quantiles", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_fatalities_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint(
            "publication_id", "region_id", "horizon", name=op.f("pk_fatalities")
        ),
    )
    op.create_table(
        "fatality_verifications",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("as_of", EpochDay(), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.Integer(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("is_model", sa.Boolean(), nullable=False),
        sa.Column("deaths", sa.Float(), nullable=False),
        sa.Column("crps", sa.Float(), nullable=False),
        sa.Column("crps_of_conflictology", sa.Float(), nullable=True),
        sa.Column("is_in_50", sa.Boolean(), nullable=False),
        sa.Column("is_in_90", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_fatality_verifications_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint(
            "publication_id",
            "region_id",
            "horizon",
            "as_of",
            name=op.f("pk_fatality_verifications"),
        ),
    )
    with op.batch_alter_table("fatality_verifications", schema=None) as batch:
        batch.create_index(
            batch.f("ix_fatality_verifications_region_set_origin_horizon_region_id"),
            ["region_set", "origin", "horizon", "region_id"],
        )
