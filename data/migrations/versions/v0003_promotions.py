"""The log of promotions: which model was in service when, and what it replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochSecond

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; a champion of before has no entry, so that nothing stands before it."""
    op.create_table(
        "promotions",
        sa.Column("promotion_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("model_version", sa.String(length=96), nullable=False),
        sa.Column("replaced", sa.String(length=96), nullable=True),
        sa.Column("promoted_at", EpochSecond(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_set"],
            ["region_sets.region_set"],
            name=op.f("fk_promotions_region_set"),
        ),
        sa.PrimaryKeyConstraint("promotion_id", name=op.f("pk_promotions")),
    )
