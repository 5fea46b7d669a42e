"""Examinations of deliveries, and the rows of those that are held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay, EpochSecond

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; what was stored before was not examined."""
    op.create_table(
        "examinations",
        sa.Column("examination_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("vintage", sa.String(length=64), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("received_at", EpochSecond(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("covers_from", EpochDay(), nullable=False),
        sa.Column("covers_to", EpochDay(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("delivery_id", sa.Integer()),
        sa.Column("decided_at", EpochSecond()),
        sa.Column("note", sa.Text()),
        sa.Column("source_info", sa.JSON(none_as_null=True)),
        sa.Column("events", sa.LargeBinary()),
        sa.Column("refusals", sa.JSON(none_as_null=True)),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.delivery_id"],
            name=op.f("fk_examinations_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("examination_id", name=op.f("pk_examinations")),
        sa.UniqueConstraint(
            "source", "vintage", "sha256", name=op.f("uq_examinations_source_vintage_sha256")
        ),
    )
