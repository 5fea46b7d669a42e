"""Indicators that a publication keeps for the rules of alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "publication_indicators",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=64), nullable=False),
        sa.Column("by_region", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_publication_indicators_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint(
            "publication_id", "indicator", name=op.f("pk_publication_indicators")
        ),
    )
