"""A table of actors of one's own, in place of the shipped one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "actor_aliases",
        sa.Column("alias_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_group", sa.String(length=32), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("valid_from", EpochDay(), nullable=True),
        sa.Column("valid_to", EpochDay(), nullable=True),
        sa.PrimaryKeyConstraint("alias_id", name=op.f("pk_actor_aliases")),
    )
