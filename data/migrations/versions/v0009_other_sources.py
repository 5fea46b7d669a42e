"""What an observation is of; markers, forecasts of others, confidence of reported events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay, EpochSecond

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a column and three tables."""
    with op.batch_alter_table("observations", schema=None) as batch:
        batch.add_column(
            sa.Column("item", sa.String(length=160), nullable=False, server_default="")
        )
    op.create_table(
        "markers",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("marker_id", sa.String(length=64), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("entered_at", EpochSecond(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("date_start", EpochDay(), nullable=False),
        sa.Column("date_end", EpochDay()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_markers")),
        sa.UniqueConstraint("marker_id", "known_at", name=op.f("uq_markers_marker_id_known_at")),
    )
    op.create_table(
        "other_forecasts",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("unit_kind", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=64), nullable=False),
        sa.Column("target_from", EpochDay(), nullable=False),
        sa.Column("target_to", EpochDay(), nullable=False),
        sa.Column("quantity", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.delivery_id"],
            name=op.f("fk_other_forecasts_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_other_forecasts")),
    )
    with op.batch_alter_table("other_forecasts", schema=None) as batch:
        batch.create_index(batch.f("ix_other_forecasts_source_run"), ["source", "run"])
    op.create_table(
        "event_confidences",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.delivery_id"],
            name=op.f("fk_event_confidences_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_event_confidences")),
        sa.UniqueConstraint(
            "source",
            "event_id",
            "known_at",
            name=op.f("uq_event_confidences_source_event_id_known_at"),
        ),
    )
