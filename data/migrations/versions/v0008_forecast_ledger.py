"""The forecast ledger: a chain of what was published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay, EpochSecond

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "ledger_entries",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", EpochSecond(), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("as_of", EpochDay(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=96), nullable=False),
        sa.Column("outcome_version", sa.String(length=64), nullable=False),
        sa.Column("n_forecasts", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_ledger_entries")),
    )
