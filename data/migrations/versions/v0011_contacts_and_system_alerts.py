"""Contact points and routes, system alerts, notes on incidents, heartbeats.

A message about a system alert follows from no publication, so the outbox lets that be absent.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochSecond

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables and lets a message be without a publication."""
    op.create_table(
        "contact_books",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", EpochSecond(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_contact_books")),
    )
    op.create_table(
        "system_alerts",
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", EpochSecond(), nullable=False),
        sa.Column("resolved_at", EpochSecond(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_system_alerts")),
    )
    op.create_index(
        op.f("uq_system_alerts_open"),
        "system_alerts",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "incident_notes",
        sa.Column("note_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("incident_id", sa.String(length=96), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", EpochSecond(), nullable=False),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_incident_notes")),
    )
    op.create_index(op.f("ix_incident_notes_incident_id"), "incident_notes", ["incident_id"])
    op.create_table(
        "heartbeats",
        sa.Column("heartbeat_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("called_at", EpochSecond(), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("is_answered", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("heartbeat_id", name=op.f("pk_heartbeats")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _write_outbox_again()
    else:
        op.alter_column("outbox", "publication_id", existing_type=sa.Integer(), nullable=True)


def _write_outbox_again() -> None:
    """Copies the outbox and the two tables that refer to it.

    SQLite cannot loosen a column, and a table that others refer to cannot be dropped: the copies
    refer to each other, and a renamed table takes the references to it along.
    """
    op.create_table(
        "new_outbox",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("contact_point", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("group_key", sa.String(length=96), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", EpochSecond(), nullable=False),
        sa.Column("lease_until", EpochSecond(), nullable=True),
        sa.Column("created_at", EpochSecond(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_outbox_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_outbox")),
    )
    op.create_table(
        "new_delivery_attempts",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("attempted_at", EpochSecond(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["new_outbox.message_id"],
            name=op.f("fk_delivery_attempts_message_id_outbox"),
        ),
        sa.PrimaryKeyConstraint("message_id", "attempt", name=op.f("pk_delivery_attempts")),
    )
    op.create_table(
        "new_notifications",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("contact_point", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=96), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("created_at", EpochSecond(), nullable=False),
        sa.Column("accepted_at", EpochSecond(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["alert_events.event_id"],
            name=op.f("fk_notifications_event_id_alert_events"),
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["new_outbox.message_id"],
            name=op.f("fk_notifications_message_id_outbox"),
        ),
        sa.PrimaryKeyConstraint("message_id", "event_id", name=op.f("pk_notifications")),
    )
    for name in ("outbox", "delivery_attempts", "notifications"):
        op.execute(sa.text(f"INSERT INTO new_{name} SELECT * FROM {name}"))  # noqa: S608
    for name in ("delivery_attempts", "notifications", "outbox"):
        op.drop_table(name)
    for name in ("outbox", "delivery_attempts", "notifications"):
        op.rename_table(f"new_{name}", name)
    op.create_index(op.f("ix_outbox_status_due_at"), "outbox", ["status", "due_at"])
    op.create_index(
        op.f("ix_notifications_contact_point_incident_id"),
        "notifications",
        ["contact_point", "incident_id"],
    )
