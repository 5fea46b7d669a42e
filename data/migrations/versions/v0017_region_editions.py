"""Parents and validity of regions, borders of before, and why an alert was withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns."""
    with op.batch_alter_table("regions", schema=None) as batch:
        batch.add_column(sa.Column("parent", sa.String(length=64), nullable=True))
        batch.add_column(sa.Column("valid_from", EpochDay(), nullable=True))
        batch.add_column(sa.Column("valid_to", EpochDay(), nullable=True))
    with op.batch_alter_table("region_sets", schema=None) as batch:
        batch.add_column(sa.Column("replaced_by", sa.String(length=64), nullable=True))
    with op.batch_alter_table("alert_events", schema=None) as batch:
        batch.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
