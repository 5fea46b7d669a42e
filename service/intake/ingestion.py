"""Taking in a delivery: one batch, examined, in one transaction. The only way in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Self

from data.database import Database
from data.errors import Conflict, Refused
from data.events import Batch
from data.quality import Finding, Reception, receive_delivery
from data.sources.contract import Delivered, SourceInfo
from data.store import DeliveryReport


@dataclass(frozen=True)
class Origin:
    """What a delivery came as.

    Attributes:
        name: Name of the file, or what stands for one.
        sha256: Hash of its content, hexadecimal: the same content a second time is a repetition.
    """

    name: str
    sha256: str

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Returns the origin of a file."""
        with path.open("rb") as stream:
            return cls(path.name, hashlib.file_digest(stream, "sha256").hexdigest())

    @classmethod
    def of_bytes(cls, name: str, content: bytes) -> Self:
        """Returns the origin of content that is no file."""
        return cls(name, hashlib.sha256(content).hexdigest())


def take_in(
    database: Database,
    batch: Delivered,
    *,
    source: SourceInfo,
    vintage: str,
    known_at: datetime,
    received_at: datetime,
    origin: Origin,
    stated_day: date | None = None,
    is_scope_stated: bool = False,
) -> DeliveryReport:
    """Examines and stores a delivery, whole or not at all.

    Args:
        database: The database.
        batch: What the source's reader made of the delivery.
        source: The source.
        vintage: Its version; forecasts go by their run.
        known_at: When the delivery became known.
        received_at: Now.
        origin: What it came as.
        stated_day: The day of `known_at` if somebody stated it; then the same file stored as known
            on another day is a contradiction and not a repetition.
        is_scope_stated: True if somebody said which countries the delivery shall speak for.

    Returns:
        What was added, changed, left, deleted and quarantined.

    Raises:
        Conflict: The delivery is older than one that is stored and overlaps it, or the same file
            is stored as known on another day or for other countries or days.
        Refused: The delivery is suspicious and held, or was rejected before.
    """
    with database.write() as connection:
        reception = receive_delivery(
            connection,
            batch,
            source=source,
            vintage=vintage,
            known_at=known_at,
            received_at=received_at,
            file_name=origin.name,
            sha256=origin.sha256,
            is_scope_stated=is_scope_stated,
        )
    report = require_stored(reception)
    if report.already_stored:
        _refuse_other_scope(report, batch, stated_day)
    return report


def require_stored(reception: Reception) -> DeliveryReport:
    """Returns what a delivery changed.

    Raises:
        Refused: It is held: an operator must look at it first.
    """
    if reception.report is None:
        suspicious = [item for item in reception.findings if item.is_suspicious]
        more = f" (and {len(suspicious) - 1} more)" if len(suspicious) > 1 else ""
        number = reception.examination_id
        raise Refused(
            f"The delivery is held, nothing of it is used: {_describe(suspicious[0])}{more}",
            f"See `tocsin data show {number}`, then `tocsin data accept {number}` or `reject`.",
        )
    return reception.report


def _describe(finding: Finding) -> str:
    country = "" if finding.country is None else f"{finding.country}: "
    return f"{finding.code}: {country}{finding.message}"


def _refuse_other_scope(report: DeliveryReport, batch: Delivered, stated_day: date | None) -> None:
    stored = (report.countries, report.covers_from, report.covers_to)
    found = ""
    if stated_day is not None and stated_day != report.known_at.date():
        found = f"as known on {report.known_at.date()}, not {stated_day}"
    elif isinstance(batch, Batch) and stored != (
        batch.countries,
        batch.covers_from,
        batch.covers_to,
    ):
        found = (
            f"for {', '.join(report.countries)}, {report.covers_from} to {report.covers_to}, and "
            "for nothing else"
        )
    if found:
        raise Conflict(
            f"This file is stored already as {report.source} {report.vintage}, {found}.",
            "What is stored is not rewritten: give another --vintage, or use a fresh state folder.",
        )
