"""Observations of places: rainfall, displacement, counts per area and month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay, EpochSecond

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "observations",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("observation_key", sa.String(length=160), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
        sa.Column("date_start", EpochDay(), nullable=False),
        sa.Column("date_end", EpochDay(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.delivery_id"],
            name=op.f("fk_observations_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_observations")),
        sa.UniqueConstraint(
            "source",
            "observation_key",
            "known_at",
            name=op.f("uq_observations_source_observation_key_known_at"),
        ),
    )
