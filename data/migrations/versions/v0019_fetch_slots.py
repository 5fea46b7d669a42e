"""When a source is fetched on schedule, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; it has the columns of `slots`."""
    op.create_table(
        "fetch_slots",
        sa.Column("fetch", sa.String(64), nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("retry_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("fetch", "slot_at", name=op.f("pk_fetch_slots")),
    )
