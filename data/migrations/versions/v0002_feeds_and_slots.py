"""Compressed feed files; attempts of slots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochSecond

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns; files of before are compressed when they are asked for."""
    op.add_column("documents", sa.Column("gzip_body", sa.LargeBinary()))
    op.add_column("documents", sa.Column("brotli_body", sa.LargeBinary()))
    op.add_column("slots", sa.Column("attempts", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("slots", sa.Column("retry_at", EpochSecond()))
