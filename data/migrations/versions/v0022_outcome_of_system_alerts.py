"""The outcome that an alert about the service is about: each has its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OPEN = "uq_system_alerts_open"


def upgrade() -> None:
    """Adds the column, and lets one alert be open for each outcome."""
    op.add_column(
        "system_alerts",
        sa.Column("outcome", sa.String(length=32), nullable=False, server_default=""),
    )
    op.drop_index(op.f(_OPEN), "system_alerts")
    op.create_index(
        op.f(_OPEN),
        "system_alerts",
        ["kind", "subject", "outcome"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
