"""Scores of shadow models, and verdicts on drift."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the two tables, and marks models as shadows."""
    op.create_table(
        "shadow_scores",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=96), nullable=False),
        sa.Column("region_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("risk_score", sa.Float(), nullable=True),
        sa.Column("model_probability", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_shadow_scores_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint(
            "publication_id",
            "model_version",
            "region_id",
            "outcome",
            "horizon",
            name=op.f("pk_shadow_scores"),
        ),
    )
    op.create_table(
        "drift_verdicts",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("model_version", sa.String(length=96), nullable=False),
        sa.Column("is_drifted", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.publication_id"],
            name=op.f("fk_drift_verdicts_publication_id_publications"),
        ),
        sa.PrimaryKeyConstraint("publication_id", "outcome", name=op.f("pk_drift_verdicts")),
    )
    with op.batch_alter_table("models", schema=None) as batch:
        batch.add_column(
            sa.Column("is_shadow", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
