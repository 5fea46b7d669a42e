"""Until when the process that runs a slot holds it: it renews that for as long as it lives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_LEASE_BEFORE = 3600
"""How long a slot was held without renewal, seconds."""


def upgrade() -> None:
    """Adds the column; what runs now is held for as long as it was to be."""
    for name in ("slots", "fetch_slots"):
        op.add_column(name, sa.Column("held_until", sa.BigInteger()))
        rows = sa.table(name, *map(sa.column, ("held_until", "started_at", "status")))
        op.execute(
            sa.update(rows)
            .where(rows.c.status == "running")
            .values(held_until=rows.c.started_at + _LEASE_BEFORE)
        )
