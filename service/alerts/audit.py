"""The audit trail: who did what and when, each entry sealed with the hash of the one before.

Entries are only ever added. A change or a removal in the middle breaks the chain; a removal at the
end shows against a head that somebody noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from data.errors import UsageError
from service.tables import audit_entries

NO_ENTRY = "0" * 64
"""What the first entry is chained to."""


@dataclass(frozen=True)
class AuditEntry:
    """One thing that somebody did.

    Attributes:
        sequence: Number, 1, 2, … without gaps.
        at: When, UTC.
        actor: Who.
        action: What, e.g. `acknowledge`.
        subject: On what, e.g. an incident id.
        detail: Further facts.
        entry_hash: SHA-256 of all of this and of the hash before.
    """

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    entry_hash: str


@dataclass(frozen=True)
class AuditReport:
    """What a verification found.

    Attributes:
        n_entries: Entries in the trail.
        head: Hash of the last one.
        broken_at: Number of the first entry that does not fit; None if all do.
        is_head_found: False if the head that was noted earlier is not in the trail; None if none
            was given.
    """

    n_entries: int
    head: str
    broken_at: int | None
    is_head_found: bool | None

    @property
    def is_good(self) -> bool:
        """True if the chain is whole and holds the head that was asked for."""
        return self.broken_at is None and self.is_head_found is not False


def record_action(
    connection: Connection,
    *,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """Adds an entry, in the transaction of what was done.

    Args:
        connection: A write transaction.
        actor: Who.
        action: What.
        subject: On what.
        detail: Further facts, ready for JSON.
        now: The present moment.

    Raises:
        UsageError: Nobody is named, or the name is longer than 64 characters.
    """
    if not actor.strip() or len(actor) > 64:
        raise UsageError(f"'{actor}' names nobody.", "Say who does it, in at most 64 characters.")
    last = connection.execute(
        select(audit_entries.c.sequence, audit_entries.c.entry_hash)
        .order_by(audit_entries.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    row = {
        "sequence": 1 if last is None else last.sequence + 1,
        "at": now.replace(microsecond=0),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": dict(detail),
        "previous_hash": NO_ENTRY if last is None else last.entry_hash,
    }
    connection.execute(insert(audit_entries).values(**row, entry_hash=_seal(row)))


def list_actions(connection: Connection, limit: int = 200) -> tuple[AuditEntry, ...]:
    """Returns the last entries, the newest first."""
    query = select(audit_entries).order_by(audit_entries.c.sequence.desc()).limit(limit)
    return tuple(
        AuditEntry(**{name: row[name] for name in AuditEntry.__dataclass_fields__})
        for row in connection.execute(query).mappings()
    )


def verify_audit(connection: Connection, head: str | None = None) -> AuditReport:
    """Returns whether every entry is sealed and follows the one before.

    Args:
        connection: An open transaction.
        head: A head that was noted earlier, which the trail must still hold.
    """
    query = select(audit_entries).order_by(audit_entries.c.sequence)
    before, count, broken_at, is_found = NO_ENTRY, 0, None, head == NO_ENTRY
    for row in connection.execute(query).mappings():
        count += 1
        follows = row["sequence"] == count and row["previous_hash"] == before
        if broken_at is None and not (follows and row["entry_hash"] == _seal(row)):
            broken_at = count
        before = row["entry_hash"]
        is_found = is_found or before == head
    return AuditReport(count, before, broken_at, None if head is None else is_found)


def _seal(row: Mapping[str, Any] | RowMapping) -> str:
    content = [
        row["sequence"],
        int(row["at"].timestamp()),
        row["actor"],
        row["action"],
        row["subject"],
        row["detail"],
        row["previous_hash"],
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
