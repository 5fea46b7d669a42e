"""Rows of events as blocks of columns: how they are packed, stored and read.

What a delivery changes is appended as a few blocks, each an Arrow file of up to 250,000 rows, in
the transaction of the delivery. Events are read by the hundred thousand and never one by one; as
columns they pass no driver value by value, alike on SQLite and PostgreSQL.

Does not own which of several rows of an event counts (`as_known.py`, `versions.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, insert, select

from data.events import EVENT_COLUMNS
from data.tables import event_blocks

ROWS_PER_BLOCK = 250_000
_WORTH_PACKING = 1_000

_TYPES: dict[str, pa.DataType] = {"str": pa.large_string(), "float64": pa.float64()}
_TOLD = pa.schema(
    [(name, _TYPES.get(dtype, pa.int64())) for name, dtype in EVENT_COLUMNS.items()]
    + [("deleted", pa.bool_())]
)
_KNOWN = _TOLD.append(pa.field("known_at", pa.int64()))


def insert_events(
    connection: Connection,
    rows: pd.DataFrame,
    deletions: Sequence[str],
    *,
    source: str,
    known_at: datetime,
    delivery_id: int,
) -> None:
    """Appends what a delivery changes.

    Args:
        connection: Inside a write transaction.
        rows: Events that are new or differ, columns `data.events.EVENT_COLUMNS`.
        deletions: Identifiers of events that are gone.
        source: Name of the source.
        known_at: When the delivery became known.
        delivery_id: Its number.
    """
    columns = {name: pa.array(rows[name]) for name in EVENT_COLUMNS}
    told = pa.table({**columns, "deleted": pa.repeat(False, len(rows))}).cast(_TOLD)
    gone = pa.table(
        {
            **{field.name: pa.nulls(len(deletions), field.type) for field in _TOLD},
            "event_id": pa.array(deletions, pa.large_string()),
            "deleted": pa.repeat(True, len(deletions)),
        }
    )
    whole = pa.concat_tables([told, gone])
    # In the order in which they are read: what is sorted already is sorted again in no time.
    order = pc.sort_indices(whole["event_id"])
    for start in range(0, len(whole), ROWS_PER_BLOCK):
        part = whole.take(order[start : start + ROWS_PER_BLOCK])
        connection.execute(
            insert(event_blocks).values(
                source=source,
                known_at=known_at,
                delivery_id=delivery_id,
                n_rows=len(part),
                content=_pack(part),
            )
        )


def read_blocks(connection: Connection, source: str, moment: datetime) -> list[pa.Table]:
    """Returns all rows with `known_at <= moment`, a table per delivery, the largest first.

    Returns:
        Tables with the columns `EVENT_COLUMNS` (null throughout a deletion), `deleted` (bool) and
        `known_at` (seconds since 1970-01-01), each ordered by `event_id`, in which no event stands
        twice; one empty table if there are none.
    """
    found = connection.execute(
        select(event_blocks.c.delivery_id, event_blocks.c.known_at, event_blocks.c.content)
        .where(event_blocks.c.source == source, event_blocks.c.known_at <= moment)
        .order_by(event_blocks.c.block_id)
    )
    parts: dict[int, list[pa.Table]] = {}
    for delivery_id, known_at, content in found:
        seconds = pa.scalar(int(known_at.timestamp()), pa.int64())
        rows = _unpack(content)
        rows = rows.append_column("known_at", pa.repeat(seconds, len(rows)))
        parts.setdefault(delivery_id, []).append(rows)
    deliveries = [pa.concat_tables(blocks) for blocks in parts.values()]
    return sorted(deliveries, key=len, reverse=True) or [_KNOWN.empty_table()]


def _pack(rows: pa.Table) -> bytes:
    is_small = len(rows) < _WORTH_PACKING
    if not is_small:
        for place, field in enumerate(_TOLD):
            # Identifiers are all different; other texts come again and again.
            if field.type == pa.large_string() and field.name != "event_id":
                coded = rows[field.name].combine_chunks().dictionary_encode()
                rows = rows.set_column(place, field.name, coded)
    options = pa.ipc.IpcWriteOptions(compression=None if is_small else "lz4")
    stream = pa.BufferOutputStream()
    with pa.ipc.new_file(stream, rows.schema, options=options) as writer:
        writer.write_table(rows)
    return bytes(stream.getvalue())


def _unpack(content: bytes) -> pa.Table:
    return pa.ipc.open_file(pa.BufferReader(content)).read_all().cast(_TOLD)
