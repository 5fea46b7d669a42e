"""Keys of the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay, EpochSecond

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "api_keys",
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("prefix", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", EpochSecond(), nullable=False),
        sa.Column("expires_at", EpochSecond(), nullable=True),
        sa.Column("revoked_at", EpochSecond(), nullable=True),
        sa.Column("last_used", EpochDay(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
