"""All tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay, EpochSecond

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All tables of the first version."""
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("vintage", sa.String(length=64), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("received_at", EpochSecond(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("covers_from", EpochDay(), nullable=False),
        sa.Column("covers_to", EpochDay(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("n_added", sa.Integer(), nullable=False),
        sa.Column("n_changed", sa.Integer(), nullable=False),
        sa.Column("n_unchanged", sa.Integer(), nullable=False),
        sa.Column("n_deleted", sa.Integer(), nullable=False),
        sa.Column("n_quarantined", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "source",
            "vintage",
            "sha256",
            name=op.f("uq_deliveries_source_vintage_sha256"),
        ),
    )
    op.create_table(
        "region_sets",
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("is_schematic", sa.Boolean(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("imported_at", EpochSecond(), nullable=False),
        sa.PrimaryKeyConstraint("region_set", name=op.f("pk_region_sets")),
    )
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", EpochSecond(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "version", name=op.f("pk_rules")),
    )
    op.create_table(
        "disabled_endpoints",
        sa.Column("contact_point", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.String(length=64), nullable=False),
        sa.Column("disabled_at", EpochSecond(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact_point", "endpoint", name=op.f("pk_disabled_endpoints")),
    )
    op.create_table(
        "events",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("date_start", EpochDay(), nullable=True),
        sa.Column("date", EpochDay(), nullable=True),
        sa.Column("date_precision", sa.Integer(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("where_precision", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(length=3), nullable=True),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("admin2", sa.Text(), nullable=True),
        sa.Column("event_type", sa.String(length=64), nullable=True),
        sa.Column("sub_type", sa.Text(), nullable=True),
        sa.Column("actor_a", sa.Text(), nullable=True),
        sa.Column("actor_b", sa.Text(), nullable=True),
        sa.Column("fatalities_best", sa.Integer(), nullable=True),
        sa.Column("fatalities_low", sa.Integer(), nullable=True),
        sa.Column("fatalities_high", sa.Integer(), nullable=True),
        sa.Column("civilian_fatalities", sa.Integer(), nullable=True),
        sa.Column("n_sources", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.delivery_id"],
            name=op.f("fk_events_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "source",
            "event_id",
            "known_at",
            name=op.f("uq_events_source_event_id_known_at"),
        ),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_events_source_known_at"),
            ["source", "known_at"],
            unique=False,
        )

    op.create_table(
        "models",
        sa.Column("model_version", sa.String(length=96), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("as_of", EpochDay(), nullable=False),
        sa.Column("created_at", EpochSecond(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("manifest_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("artefact", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_set"],
            ["region_sets.region_set"],
            name=op.f("fk_models_region_set_region_sets"),
        ),
        sa.PrimaryKeyConstraint("model_version", name=op.f("pk_models")),
    )
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_models_region_set"), ["region_set"], unique=False)

    op.create_table(
        "neighbours",
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("neighbour_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_set"],
            ["region_sets.region_set"],
            name=op.f("fk_neighbours_region_set_region_sets"),
        ),
        sa.PrimaryKeyConstraint(
            "region_set", "region_id", "neighbour_id", name=op.f("pk_neighbours")
        ),
    )
    op.create_table(
        "publications",
        sa.Column("publication_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("as_of", EpochDay(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.Integer(), nullable=False),
        sa.Column("data_cutoff", EpochDay(), nullable=False),
        sa.Column("published_at", EpochSecond(), nullable=False),
        sa.Column("model_version", sa.String(length=96), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_set"],
            ["region_sets.region_set"],
            name=op.f("fk_publications_region_set_region_sets"),
        ),
        sa.PrimaryKeyConstraint("publication_id", name=op.f("pk_publications")),
        sa.UniqueConstraint(
            "region_set",
            "as_of",
            "revision",
            name=op.f("uq_publications_region_set_as_of_revision"),
        ),
    )
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.delivery_id"],
            name=op.f("fk_quarantine_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_quarantine_delivery_id"), ["delivery_id"], unique=False
        )

    op.create_table(
        "regions",
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_set"],
            ["region_sets.region_set"],
            name=op.f("fk_regions_region_set_region_sets"),
        ),
        sa.PrimaryKeyConstraint("region_set", "region_id", name=op.f("pk_regions")),
        sa.UniqueConstraint("region_set", "position", name=op.f("uq_regions_region_set_position")),
    )
    op.create_table(
        "slots",
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("slot_at", EpochSecond(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("started_at", EpochSecond(), nullable=False),
        sa.Column("finished_at", EpochSecond(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_set"],
            ["region_sets.region_set"],
            name=op.f("fk_slots_region_set_region_sets"),
        ),
        sa.PrimaryKeyConstraint("region_set", "slot_at", name=op.f("pk_slots")),
    )
    op.create_table(
        "alert_events",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("dedup_key", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=96), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("level_name", sa.String(length=32), nullable=False),
        sa.Column("as_of", EpochDay(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("region_set", sa.String(length=64), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("is_superseded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_alert_events_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_alert_events")),
    )
    with op.batch_alter_table("alert_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_alert_events_incident_id"), ["incident_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_alert_events_publication_id"),
            ["publication_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_alert_events_region_set_as_of"),
            ["region_set", "as_of"],
            unique=False,
        )

    op.create_table(
        "alert_states",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("dedup_key", sa.String(length=64), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_alert_states_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint("publication_id", "dedup_key", name=op.f("pk_alert_states")),
    )
    op.create_table(
        "documents",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_documents_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint("publication_id", "name", name=op.f("pk_documents")),
    )
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
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
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_status_due_at"), ["status", "due_at"], unique=False
        )

    op.create_table(
        "scores",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("risk_score", sa.Float(), nullable=True),
        sa.Column("level", sa.String(length=16), nullable=True),
        sa.Column("change", sa.Float(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_scores_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint(
            "publication_id", "region_id", "outcome", "horizon", name=op.f("pk_scores")
        ),
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("attempted_at", EpochSecond(), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["outbox.message_id"],
            name=op.f("fk_delivery_attempts_message_id_outbox"),
        ),
        sa.PrimaryKeyConstraint("message_id", "attempt", name=op.f("pk_delivery_attempts")),
    )
    op.create_table(
        "notifications",
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
            ["outbox.message_id"],
            name=op.f("fk_notifications_message_id_outbox"),
        ),
        sa.PrimaryKeyConstraint("message_id", "event_id", name=op.f("pk_notifications")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_notifications_contact_point_incident_id"),
            ["contact_point", "incident_id"],
            unique=False,
        )
