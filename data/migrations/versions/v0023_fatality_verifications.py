"""Verified fatalities: the deaths that came of quantiles that were published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
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
        sa.Column("in_50", sa.Boolean(), nullable=False),
        sa.Column("in_90", sa.Boolean(), nullable=False),
        sa.Column("width_90", sa.Float(), nullable=False),
        sa.Column("conflictology_crps", sa.Float(), nullable=False),
        sa.Column("conflictology_in_50", sa.Boolean(), nullable=False),
        sa.Column("conflictology_in_90", sa.Boolean(), nullable=False),
        sa.Column("conflictology_width_90", sa.Float(), nullable=False),
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
    op.create_index(
        op.f("ix_fatality_verifications_region_set_origin_horizon_region_id"),
        "fatality_verifications",
        ["region_set", "origin", "horizon", "region_id"],
    )
