"""What was delivered, and what of it was refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from data.calendar import end_of_day
from data.errors import UnknownName
from data.tables import deliveries, quarantine


@dataclass(frozen=True)
class Delivery:
    """One stored delivery; the attributes are the columns of `data.tables.deliveries`."""

    delivery_id: int
    source: str
    vintage: str
    known_at: datetime
    received_at: datetime
    file_name: str
    sha256: str
    countries: tuple[str, ...]
    covers_from: date
    covers_to: date
    is_simulated: bool
    licence: str
    attribution: str
    n_rows: int
    n_added: int
    n_changed: int
    n_unchanged: int
    n_deleted: int
    n_quarantined: int


@dataclass(frozen=True)
class QuarantinedRow:
    """A row that was refused.

    Attributes:
        delivery_id: Its delivery.
        file_name: The file it came in.
        line: Line in the file, the header being line 1.
        event_id: The source's identifier, if it could be read.
        reason: Stable code.
        message: One sentence with the value that was found.
        row: The row as it came, column name to text.
    """

    delivery_id: int
    file_name: str
    line: int
    event_id: str | None
    reason: str
    message: str
    row: dict[str, str]


def list_deliveries(
    connection: Connection, source: str | None = None, as_of: date | None = None
) -> list[Delivery]:
    """Returns deliveries in the order in which they became known.

    Args:
        connection: Any connection.
        source: Only of this source.
        as_of: Only those known at the end of this day (UTC).
    """
    query = select(deliveries).order_by(deliveries.c.known_at, deliveries.c.delivery_id)
    if source is not None:
        query = query.where(deliveries.c.source == source)
    if as_of is not None:
        query = query.where(deliveries.c.known_at <= end_of_day(as_of))
    found: list[Delivery] = []
    for row in connection.execute(query).mappings():
        values: dict[str, Any] = dict(row)
        values["countries"] = tuple(values["countries"])
        found.append(Delivery(**values))
    return found


def list_quarantine(connection: Connection, delivery_id: int) -> list[QuarantinedRow]:
    """Returns the refused rows of a delivery in the order of its file; empty if it has none.

    Raises:
        UnknownName: There is no such delivery.
    """
    if (
        connection.scalar(
            select(deliveries.c.delivery_id).where(deliveries.c.delivery_id == delivery_id)
        )
        is None
    ):
        raise UnknownName(f"There is no delivery {delivery_id}.", "See `tocsin ingest list`.")
    rows = connection.execute(
        select(
            quarantine.c.delivery_id,
            deliveries.c.file_name,
            quarantine.c.line,
            quarantine.c.event_id,
            quarantine.c.reason,
            quarantine.c.message,
            quarantine.c.row,
        )
        .join_from(quarantine, deliveries)
        .where(quarantine.c.delivery_id == delivery_id)
        .order_by(quarantine.c.line, quarantine.c.quarantine_id)
    ).mappings()
    return [QuarantinedRow(**row) for row in rows]
