"""What was examined, what was found, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from data.quality.findings import Finding
from data.tables import examinations


@dataclass(frozen=True)
class Examination:
    """One examined delivery.

    Attributes:
        examination_id: Its number.
        source: Name of its source.
        vintage: Its version.
        known_at: When it became known.
        received_at: When it was examined.
        file_name: The file.
        countries: ISO alpha-3 codes that it speaks for.
        covers_from: First day that it speaks for.
        covers_to: Last day that it speaks for.
        n_rows: Rows in it.
        state: `stored` (nothing suspicious), `held`, `accepted` or `rejected`.
        findings: What is unusual about it, the suspicious first.
        delivery_id: Its number in the store; None if it is not there.
        decided_at: When it was accepted or rejected.
        note: Why.
    """

    examination_id: int
    source: str
    vintage: str
    known_at: datetime
    received_at: datetime
    file_name: str
    countries: tuple[str, ...]
    covers_from: date
    covers_to: date
    n_rows: int
    state: str
    findings: tuple[Finding, ...]
    delivery_id: int | None
    decided_at: datetime | None
    note: str | None


def list_examinations(connection: Connection, state: str | None = None) -> list[Examination]:
    """Returns examinations, oldest first.

    Args:
        connection: Any connection.
        state: Only those in this state.
    """
    columns = [examinations.c[name] for name in Examination.__dataclass_fields__]
    query = select(*columns).order_by(examinations.c.examination_id)
    if state is not None:
        query = query.where(examinations.c.state == state)
    found: list[Examination] = []
    for row in connection.execute(query).mappings():
        values = dict(row)
        values["countries"] = tuple(values["countries"])
        values["findings"] = tuple(Finding(**item) for item in values["findings"])
        found.append(Examination(**values))
    return found
