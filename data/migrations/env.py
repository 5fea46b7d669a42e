"""Runs the migrations on the connection that `data.database` hands over."""

from __future__ import annotations

from alembic import context

from data.database import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,
    render_as_batch=True,
)
context.run_migrations()
