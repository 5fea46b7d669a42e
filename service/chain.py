"""A chain of sealed rows: each holds the hash of the one before, so that nothing changes unseen.

Rows are only ever added. A change or a removal in the middle breaks the chain; a removal at the end
shows against a head that somebody noted elsewhere. Haber & Stornetta (1991), "How to time-stamp a
digital document", Journal of Cryptology 3(2), doi:10.1007/BF00196791.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, select

from data.database import take_turn

NO_ENTRY = "0" * 64
"""What the first entry is chained to."""

Row = Mapping[str, Any] | RowMapping


@dataclass(frozen=True)
class ChainReport:
    """What a verification found.

    Attributes:
        n_entries: Entries in the chain.
        head: Hash of the last one.
        broken_at: Number of the first entry that does not fit; None if all do.
        reason: Why it does not; empty if all do.
        is_head_found: False if the head that was noted earlier is not in the chain; None if none
            was given.
    """

    n_entries: int
    head: str
    broken_at: int | None
    reason: str
    is_head_found: bool | None

    @property
    def is_good(self) -> bool:
        """True if the chain is whole and holds the head that was asked for."""
        return self.broken_at is None and self.is_head_found is not False


@dataclass(frozen=True)
class Chain:
    """A table whose rows are chained by `sequence`, `previous_hash` and `entry_hash`.

    Attributes:
        table: The table.
        content_of: The further values of a row that are sealed, in order, ready for JSON.
    """

    table: Table
    content_of: Callable[[Row], list[Any]]

    def append(self, connection: Connection, values: Row) -> dict[str, Any]:
        """Adds a row in the transaction of what it tells of; returns it, sealed.

        Args:
            connection: A write transaction.
            values: Everything but `sequence`, `previous_hash` and `entry_hash`.
        """
        take_turn(connection, f"append to {self.table.name}")
        columns = self.table.c
        last = connection.execute(
            select(columns.sequence, columns.entry_hash).order_by(columns.sequence.desc()).limit(1)
        ).one_or_none()
        row = {
            **values,
            "sequence": 1 if last is None else last.sequence + 1,
            "previous_hash": NO_ENTRY if last is None else last.entry_hash,
        }
        row["entry_hash"] = self.seal(row)
        connection.execute(insert(self.table).values(**row))
        return row

    def verify(
        self,
        connection: Connection,
        head: str | None = None,
        find_fault: Callable[[Row], str] | None = None,
    ) -> ChainReport:
        """Returns whether every row is sealed and follows the one before.

        Args:
            connection: An open transaction.
            head: A head that was noted earlier, which the chain must still hold.
            find_fault: What else is wrong with a row, in a sentence; empty if nothing is.
        """
        before, count, broken_at, reason, is_found = NO_ENTRY, 0, None, "", head == NO_ENTRY
        query = select(self.table).order_by(self.table.c.sequence)
        for row in connection.execute(query).mappings():
            count += 1
            if broken_at is None:
                reason = self._find_fault(row, count, before)
                if not reason and find_fault is not None:
                    reason = find_fault(row)
                broken_at = count if reason else None
            before = row["entry_hash"]
            is_found = is_found or before == head
        return ChainReport(count, before, broken_at, reason, None if head is None else is_found)

    def seal(self, row: Row) -> str:
        """Returns the SHA-256, in hex, of a row and of the hash before."""
        content = [row["sequence"], *self.content_of(row), row["previous_hash"]]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _find_fault(self, row: Row, number: int, before: str) -> str:
        if row["sequence"] != number:
            return f"Entry {number} is missing."
        if row["previous_hash"] != before:
            return "It does not follow the entry before it."
        return "" if row["entry_hash"] == self.seal(row) else "It was altered."
