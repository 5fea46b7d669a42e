"""CAP messages that were issued."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochSecond

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "cap_messages",
        sa.Column("identifier", sa.String(length=96), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=96), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("sent_at", EpochSecond(), nullable=False),
        sa.Column("expires_at", EpochSecond(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_cap_messages_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_cap_messages")),
    )
    with op.batch_alter_table("cap_messages", schema=None) as batch:
        batch.create_index(batch.f("ix_cap_messages_publication_id"), ["publication_id"])
        batch.create_index(batch.f("ix_cap_messages_incident_id"), ["incident_id"])
        batch.create_index(
            batch.f("ix_cap_messages_region_set_expires_at"), ["region_set", "expires_at"]
        )
