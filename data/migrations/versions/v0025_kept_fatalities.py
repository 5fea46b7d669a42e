"""The forecast of fatalities behind a set's newest publication, kept for the next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "kept_fatalities",
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_set"],
            ["region_sets.region_set"],
            name=op.f("fk_kept_fatalities_region_set_region_sets"),
        ),
        sa.PrimaryKeyConstraint("region_set", name=op.f("pk_kept_fatalities")),
    )
