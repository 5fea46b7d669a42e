"""Room for the media type of a workbook, which is longer than 64 characters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widens the column; SQLite does not care, PostgreSQL refuses what is too long."""
    with op.batch_alter_table("documents", schema=None) as batch:
        batch.alter_column(
            "media_type",
            existing_type=sa.String(length=64),
            type_=sa.String(length=128),
            existing_nullable=False,
        )
