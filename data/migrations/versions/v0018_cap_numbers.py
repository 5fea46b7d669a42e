"""The number of a CAP message in its incident: one publication may be evaluated more than once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; messages of before keep the order of their publications."""
    with op.batch_alter_table("cap_messages", schema=None) as batch:
        batch.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
