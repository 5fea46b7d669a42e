"""The rises that an acknowledgement knew of: a correction may number the events anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from data.database import EpochDay

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ACKNOWLEDGEMENTS = sa.table(
    "acknowledgements",
    sa.column("acknowledgement_id", sa.Integer()),
    sa.column("incident_id", sa.String()),
    sa.column("sequence", sa.Integer()),
    sa.column("rises", sa.JSON()),
)
_EVENTS = sa.table(
    "alert_events",
    sa.column("incident_id", sa.String()),
    sa.column("type", sa.String()),
    sa.column("as_of", EpochDay()),
    sa.column("level", sa.Integer()),
    sa.column("sequence", sa.Integer()),
    sa.column("is_superseded", sa.Boolean()),
)


def upgrade() -> None:
    """Replaces the number of the incident's last event by the rises up to it."""
    with op.batch_alter_table("acknowledgements", schema=None) as batch:
        batch.add_column(sa.Column("rises", sa.JSON(), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(_ACKNOWLEDGEMENTS)).all():
        rises = connection.execute(
            sa.select(_EVENTS.c.as_of, _EVENTS.c.level)
            .where(
                _EVENTS.c.incident_id == row.incident_id,
                _EVENTS.c.type == "escalated",
                _EVENTS.c.sequence <= row.sequence,
                sa.not_(_EVENTS.c.is_superseded),
            )
            .order_by(_EVENTS.c.sequence)
        )
        connection.execute(
            sa.update(_ACKNOWLEDGEMENTS)
            .where(_ACKNOWLEDGEMENTS.c.acknowledgement_id == row.acknowledgement_id)
            .values(rises=[[as_of.isoformat(), level] for as_of, level in rises])
        )
    with op.batch_alter_table("acknowledgements", schema=None) as batch:
        batch.alter_column("rises", existing_type=sa.JSON(), nullable=False)
        batch.drop_column("sequence")
