"""The row of a delivery: what was delivered, what it speaks for, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from data.events import Refusal
from data.sources.contract import SourceInfo
from data.tables import deliveries, quarantine


@dataclass(frozen=True)
class DeliveryReport:
    """What became of a delivery.

    Attributes:
        delivery_id: Its number.
        source: Name of its source.
        vintage: Its version, as the source names it.
        known_at: When it became known.
        countries: ISO alpha-3 codes that it speaks for.
        covers_from: First day that it speaks for.
        covers_to: Last day that it speaks for.
        n_rows: Rows in it.
        n_added: Events that were not known before.
        n_changed: Events that differ from what was known.
        n_unchanged: Events that are as they were known.
        n_deleted: Events that were known and are gone.
        n_quarantined: Rows that were refused.
        already_stored: True if it was stored before and nothing was written now; the numbers are
            those of that time.
    """

    delivery_id: int
    source: str
    vintage: str
    known_at: datetime
    countries: tuple[str, ...]
    covers_from: date
    covers_to: date
    n_rows: int
    n_added: int
    n_changed: int
    n_unchanged: int
    n_deleted: int
    n_quarantined: int
    already_stored: bool


@dataclass(frozen=True)
class Tally:
    """How many rows of a delivery were new, differed, stood, and are gone."""

    added: int
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0


def find_stored(connection: Connection, source: str, vintage: str, sha256: str) -> Row[Any] | None:
    """Returns the delivery of the same file and vintage; None if it is not stored."""
    return connection.execute(
        select(deliveries).where(
            deliveries.c.source == source,
            deliveries.c.vintage == vintage,
            deliveries.c.sha256 == sha256,
        )
    ).one_or_none()


def insert_delivery(
    connection: Connection,
    *,
    source: SourceInfo,
    vintage: str,
    known_at: datetime,
    received_at: datetime,
    file_name: str,
    sha256: str,
    countries: Sequence[str],
    days: tuple[date, date],
    n_rows: int,
    tally: Tally,
    refusals: Sequence[Refusal],
) -> DeliveryReport:
    """Stores the row of a delivery and its refused rows, and returns its report.

    Args:
        connection: Inside a write transaction.
        source: The source.
        vintage: The source's own version, at most 64 characters.
        known_at: When the delivery became known, aware.
        received_at: Now, aware.
        file_name: Name of the file.
        sha256: Hash of the file, hexadecimal.
        countries: ISO alpha-3 codes that it speaks for.
        days: First and last day that it speaks for.
        n_rows: Rows in it.
        tally: What it changes.
        refusals: Rows for quarantine.
    """
    row = connection.execute(
        insert(deliveries)
        .values(
            source=source.name,
            vintage=vintage,
            known_at=known_at,
            received_at=received_at,
            file_name=file_name,
            sha256=sha256,
            countries=list(countries),
            covers_from=days[0],
            covers_to=days[1],
            is_simulated=source.is_simulated,
            licence=source.licence,
            attribution=source.attribution,
            n_rows=n_rows,
            n_added=tally.added,
            n_changed=tally.changed,
            n_unchanged=tally.unchanged,
            n_deleted=tally.deleted,
            n_quarantined=len(refusals),
        )
        .returning(*deliveries.c)
    ).one()
    if refusals:
        connection.execute(
            insert(quarantine),
            [{"delivery_id": row.delivery_id, **asdict(refusal)} for refusal in refusals],
        )
    return report_of(row, already_stored=False)


def report_of(row: Row[Any], *, already_stored: bool) -> DeliveryReport:
    """Returns the report of a stored delivery."""
    return DeliveryReport(
        delivery_id=row.delivery_id,
        source=row.source,
        vintage=row.vintage,
        known_at=row.known_at,
        countries=tuple(row.countries),
        covers_from=row.covers_from,
        covers_to=row.covers_to,
        n_rows=row.n_rows,
        n_added=row.n_added,
        n_changed=row.n_changed,
        n_unchanged=row.n_unchanged,
        n_deleted=row.n_deleted,
        n_quarantined=row.n_quarantined,
        already_stored=already_stored,
    )
