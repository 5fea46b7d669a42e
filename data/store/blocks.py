"""Rows of events as blocks of columns: how they are packed, stored and read.

What a delivery changes is appended as a few blocks, each an Arrow file of up to 250,000 rows, in
the transaction of the delivery. Events are read by the hundred thousand and never one by one; as
columns they pass no driver value by value, alike on SQLite and PostgreSQL.

A year of daily deliveries would leave hundreds of small blocks. As soon as there are many, they
become one, in the transaction of the delivery that came last: the same rows, each with its own
`known_at`, so that what was known on a day stays what it was.

Does not own which of several rows of an event counts (`as_known.py`, `versions.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, func, insert, select

from data.events import EVENT_COLUMNS
from data.tables import event_blocks

ROWS_PER_BLOCK = 250_000
SMALL_ROWS = 50_000
"""A block of fewer rows is small; so many are merged before the merged one is small no longer."""
MERGE_FROM = 32
"""So many small blocks of a source become one."""
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


def merge_small_blocks(connection: Connection, source: str) -> None:
    """Makes one block of the small ones of a source if there are many.

    Args:
        connection: The write transaction of a delivery.
        source: Name of the source.
    """
    t = event_blocks.c
    is_small = (t.source == source) & (t.n_rows < SMALL_ROWS)
    if (connection.scalar(select(func.count()).where(is_small)) or 0) < MERGE_FROM:
        return
    small = connection.execute(
        select(t.block_id, t.delivery_id, t.known_at, t.content)
        .where(is_small)
        .order_by(t.block_id)
    ).all()
    rows = pa.concat_tables([_unpack(row.content, row.known_at)[0] for row in small])
    rows = rows.take(pc.sort_indices(rows, [("event_id", "ascending"), ("known_at", "ascending")]))
    connection.execute(delete(event_blocks).where(t.block_id.in_([row.block_id for row in small])))
    connection.execute(
        insert(event_blocks).values(
            source=source,
            # The first of its rows decides whether it is looked at.
            known_at=min(row.known_at for row in small),
            delivery_id=max(row.delivery_id for row in small),
            n_rows=len(rows),
            content=_pack(rows),
        )
    )


@dataclass(frozen=True)
class KnownRows:
    """All rows that were known at a moment.

    Tables have the columns `EVENT_COLUMNS` (null throughout a deletion), `deleted` (bool) and
    `known_at` (seconds since 1970-01-01).

    Attributes:
        largest: Rows of the delivery that told most, ordered by `event_id`, no event twice.
        others: All other rows.
    """

    largest: pa.Table
    others: pa.Table


def read_blocks(connection: Connection, source: str, moment: datetime) -> KnownRows:
    """Returns all rows with `known_at <= moment`."""
    t = event_blocks.c
    found = connection.execute(
        select(t.delivery_id, t.known_at, t.content)
        .where(t.source == source, t.known_at <= moment)
        .order_by(t.block_id)
    )
    of_one: dict[int, list[pa.Table]] = {}
    others = [_KNOWN.empty_table()]
    for delivery_id, known_at, content in found:
        rows, is_merged = _unpack(content, known_at)
        if is_merged:
            others.append(rows.filter(pc.less_equal(rows["known_at"], int(moment.timestamp()))))
        else:
            of_one.setdefault(delivery_id, []).append(rows)
    deliveries = sorted(map(pa.concat_tables, of_one.values()), key=len, reverse=True)
    largest, *rest = deliveries or [_KNOWN.empty_table()]
    return KnownRows(largest, pa.concat_tables([*others, *rest]))


def _pack(rows: pa.Table) -> bytes:
    is_small = len(rows) < _WORTH_PACKING
    if not is_small:
        for place, field in enumerate(rows.schema):
            # Identifiers are all different; other texts come again and again.
            if field.type == pa.large_string() and field.name != "event_id":
                coded = rows[field.name].combine_chunks().dictionary_encode()
                rows = rows.set_column(place, field.name, coded)
    options = pa.ipc.IpcWriteOptions(compression=None if is_small else "lz4")
    stream = pa.BufferOutputStream()
    with pa.ipc.new_file(stream, rows.schema, options=options) as writer:
        writer.write_table(rows)
    return bytes(stream.getvalue())


def _unpack(content: bytes, known_at: datetime) -> tuple[pa.Table, bool]:
    """Returns the rows of a block, and whether it is merged.

    The rows of a merged block say themselves when they became known.
    """
    rows = pa.ipc.open_file(pa.BufferReader(content)).read_all()
    is_merged = "known_at" in rows.column_names
    if not is_merged:
        seconds = pa.scalar(int(known_at.timestamp()), pa.int64())
        rows = rows.append_column("known_at", pa.repeat(seconds, len(rows)))
    return rows.cast(_KNOWN), is_merged
