"""Rows of events become blocks of columns."""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa
from alembic import op

from data.database import EpochSecond

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TEXT, _WHOLE, _REAL = pa.large_string(), pa.int64(), pa.float64()
_COLUMNS = pa.schema(
    {
        "event_id": _TEXT,
        "date_start": _WHOLE,
        "date": _WHOLE,
        "date_precision": _WHOLE,
        "latitude": _REAL,
        "longitude": _REAL,
        "where_precision": _WHOLE,
        "country": _TEXT,
        "admin1": _TEXT,
        "admin2": _TEXT,
        "event_type": _TEXT,
        "sub_type": _TEXT,
        "actor_a": _TEXT,
        "actor_b": _TEXT,
        "fatalities_best": _WHOLE,
        "fatalities_low": _WHOLE,
        "fatalities_high": _WHOLE,
        "civilian_fatalities": _WHOLE,
        "n_sources": _WHOLE,
        "deleted": pa.bool_(),
    }
)
_ROWS_PER_BLOCK = 250_000


def upgrade() -> None:
    """Adds the table of blocks, fills it from the rows, and drops these."""
    blocks = op.create_table(
        "event_blocks",
        sa.Column("block_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("known_at", EpochSecond(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.delivery_id"],
            name=op.f("fk_event_blocks_delivery_id_deliveries"),
        ),
        sa.PrimaryKeyConstraint("block_id", name=op.f("pk_event_blocks")),
    )
    with op.batch_alter_table("event_blocks", schema=None) as batch:
        batch.create_index(batch.f("ix_event_blocks_source_known_at"), ["source", "known_at"])
    connection = op.get_bind()
    rows = sa.table(
        "events", sa.column("delivery_id"), *(sa.column(name) for name in _COLUMNS.names)
    )
    heads = sa.table(
        "deliveries", sa.column("delivery_id"), sa.column("source"), sa.column("known_at")
    )
    for delivery_id, source, known_at in connection.execute(
        sa.select(heads).order_by(heads.c.delivery_id)
    ).all():
        query = sa.select(*(rows.c[name] for name in _COLUMNS.names))
        told = connection.execute(query.where(rows.c.delivery_id == delivery_id)).all()
        # Sorted here and not by the database: its collation may not be that of Python.
        told = sorted(told, key=lambda row: str(row.event_id))
        for start in range(0, len(told), _ROWS_PER_BLOCK):
            part = [tuple(row) for row in told[start : start + _ROWS_PER_BLOCK]]
            connection.execute(
                sa.insert(sa.table("event_blocks", *(sa.column(c.name) for c in blocks.c))).values(
                    source=source,
                    known_at=known_at,
                    delivery_id=delivery_id,
                    n_rows=len(part),
                    content=_pack(part),
                )
            )
    op.drop_table("events")


def _pack(rows: list[tuple[object, ...]]) -> bytes:
    columns = zip(_COLUMNS, zip(*rows, strict=True), strict=True)
    arrays = [
        # SQLite has no truth values of its own.
        pa.array([bool(value) if field.type == pa.bool_() else value for value in values],
                 field.type)
        for field, values in columns
    ]  # fmt: skip
    stream = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(stream, _COLUMNS, options=options) as writer:
        writer.write_table(pa.Table.from_arrays(arrays, schema=_COLUMNS))
    return bytes(stream.getvalue())
