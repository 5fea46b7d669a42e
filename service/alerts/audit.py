"""The audit trail: who did what and when, each entry sealed with the hash of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from data.errors import UsageError
from service.chain import Chain, ChainReport, Row
from service.tables import audit_entries


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
    _TRAIL.append(
        connection,
        {
            "at": now.replace(microsecond=0),
            "actor": actor,
            "action": action,
            "subject": subject,
            "detail": dict(detail),
        },
    )


def list_actions(connection: Connection, limit: int = 200) -> tuple[AuditEntry, ...]:
    """Returns the last entries, the newest first."""
    query = select(audit_entries).order_by(audit_entries.c.sequence.desc()).limit(limit)
    return tuple(
        AuditEntry(**{name: row[name] for name in AuditEntry.__dataclass_fields__})
        for row in connection.execute(query).mappings()
    )


def verify_audit(connection: Connection, head: str | None = None) -> ChainReport:
    """Returns whether every entry is sealed and follows the one before.

    Args:
        connection: An open transaction.
        head: A head that was noted earlier, which the trail must still hold.
    """
    return _TRAIL.verify(connection, head)


def _content_of(row: Row) -> list[Any]:
    return [
        int(row["at"].timestamp()),
        row["actor"],
        row["action"],
        row["subject"],
        row["detail"],
    ]


_TRAIL = Chain(audit_entries, _content_of)
