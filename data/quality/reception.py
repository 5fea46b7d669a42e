"""Receiving a delivery: examined, then stored, or held whole until somebody decides.

One way for events, observations and forecasts of others. A run of forecasts is examined by its
reader, for it is held against nothing that came before.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, insert, select, update

from data.database import take_turn
from data.errors import Conflict, Refused, UnknownName, UsageError
from data.events import Batch, Refusal, check_batch, conform_events
from data.forecast import ForecastBatch
from data.observation import OBSERVATION_COLUMNS, ObservationBatch, check_observations
from data.quality.findings import Finding
from data.quality.observed_months import examine_observations
from data.quality.sentinels import examine_batch
from data.sources.contract import Delivered, SourceInfo
from data.store import (
    DeliveryReport,
    append_confidences,
    append_delivery,
    append_forecasts,
    append_observations,
    coverage_known_at,
    drop_deleted,
    list_deliveries,
    observations_known_at,
    read_latest,
)
from data.tables import deliveries, examinations

LONGEST_VINTAGE = 64
"""A vintage is a name, characters."""


@dataclass(frozen=True)
class Reception:
    """What became of a delivery.

    Attributes:
        examination_id: Number of its examination; None if it was stored before.
        report: What it changed; None if it is held.
        findings: What is unusual about it, the suspicious first.
    """

    examination_id: int | None
    report: DeliveryReport | None
    findings: tuple[Finding, ...]


def receive_delivery(
    connection: Connection,
    batch: Delivered,
    *,
    source: SourceInfo,
    vintage: str,
    known_at: datetime,
    received_at: datetime,
    file_name: str,
    sha256: str,
    is_scope_stated: bool = False,
) -> Reception:
    """Examines a delivery and stores it; a suspicious one is held, and changes nothing known.

    Args:
        connection: Inside a write transaction.
        batch: What the source's reader made of the delivery.
        source: The source.
        vintage: The source's own version; of forecasts, their run.
        known_at: When the delivery became known, aware.
        received_at: Now, aware.
        file_name: Name of the file.
        sha256: Hash of the file, hexadecimal.
        is_scope_stated: True if somebody said which countries it shall speak for.

    Raises:
        Conflict: As `append_delivery`, `append_observations` and `append_forecasts`
            (`data.store`).
        Refused: The same file of the same vintage was rejected before.
        StateError: The batch breaks its contract.
        UsageError: The vintage is longer than 64 characters.
    """
    if len(vintage) > LONGEST_VINTAGE:
        raise UsageError(
            f"The vintage '{vintage[:20]}…' has {len(vintage)} characters.",
            f"Name it in at most {LONGEST_VINTAGE}.",
        )
    take_turn(connection, f"deliver {source.name}")
    moment = known_at.replace(microsecond=0)
    head: dict[str, Any] = {
        "source": source,
        "vintage": vintage,
        "known_at": moment,
        "received_at": received_at,
        "file_name": file_name,
        "sha256": sha256,
    }
    if isinstance(batch, ForecastBatch):
        del head["vintage"]
        return Reception(None, append_forecasts(connection, batch, **head), ())
    if isinstance(batch, ObservationBatch):
        check_observations(batch)
    else:
        check_batch(batch)
    if _is_stored(connection, source.name, vintage, sha256):
        return Reception(None, _append(connection, batch, head), ())
    decided = connection.execute(
        select(examinations).where(
            examinations.c.source == source.name,
            examinations.c.vintage == vintage,
            examinations.c.sha256 == sha256,
        )
    ).one_or_none()
    if decided is not None:
        if decided.state == "rejected":
            raise Refused(
                f"{file_name} was rejected as {source.name} {vintage}: {decided.note}",
                "Give it another --vintage if it shall be examined again.",
            )
        return Reception(decided.examination_id, None, _findings(decided.findings))
    latest = None
    if isinstance(batch, ObservationBatch):
        known = observations_known_at(connection, source.name, moment)
        findings = examine_observations(batch, known)
        days = batch.days
    else:
        latest = read_latest(connection, source.name, moment)
        findings = examine_batch(
            batch,
            drop_deleted(latest),
            coverage_known_at(connection, source.name, moment),
            [item for item in list_deliveries(connection, source.name) if item.known_at < moment],
            is_scope_stated=is_scope_stated,
        )
        days = batch.covers_from, batch.covers_to
    row = {
        **head,
        "source": source.name,
        "countries": list(batch.countries),
        "covers_from": days[0],
        "covers_to": days[1],
        "n_rows": batch.n_rows,
        "findings": [asdict(finding) for finding in findings],
    }
    if any(finding.is_suspicious for finding in findings):
        held = {
            "state": "held",
            "source_info": asdict(source),
            "events": _pack(batch),
            "refusals": [asdict(refusal) for refusal in batch.refusals],
        }
        return Reception(_insert(connection, {**row, **held}), None, findings)
    report = _append(connection, batch, head, latest)
    number = _insert(connection, {**row, "state": "stored", "delivery_id": report.delivery_id})
    return Reception(number, report, findings)


def accept_held(
    connection: Connection, examination_id: int, *, decided_at: datetime, note: str
) -> DeliveryReport:
    """Stores a held delivery as it came, known from the day it was known, and returns its report.

    Args:
        connection: Inside a write transaction.
        examination_id: Its number.
        decided_at: Now, aware.
        note: Why it is accepted.

    Raises:
        UnknownName: There is no such examination.
        Conflict: It is not held, or a later delivery that overlaps it is stored already.
    """
    held = _load_held(connection, examination_id)
    take_turn(connection, f"deliver {held.source}")
    source = SourceInfo(**held.source_info)
    batch = _unpack(held, source)
    head = {
        "source": source,
        "vintage": held.vintage,
        "known_at": held.known_at,
        "received_at": held.received_at,
        "file_name": held.file_name,
        "sha256": held.sha256,
    }
    report = _append(connection, batch, head)
    _decide(connection, examination_id, "accepted", decided_at, note, report.delivery_id)
    return report


def reject_held(
    connection: Connection, examination_id: int, *, decided_at: datetime, note: str
) -> None:
    """Drops the rows of a held delivery; that it was examined and why it was rejected stays.

    Raises:
        UnknownName: There is no such examination.
        Conflict: It is not held.
    """
    _load_held(connection, examination_id)
    _decide(connection, examination_id, "rejected", decided_at, note, None)


def _is_stored(connection: Connection, source: str, vintage: str, sha256: str) -> bool:
    query = select(deliveries.c.delivery_id).where(
        deliveries.c.source == source,
        deliveries.c.vintage == vintage,
        deliveries.c.sha256 == sha256,
    )
    return connection.scalar(query) is not None


def _insert(connection: Connection, row: dict[str, Any]) -> int:
    number: int = connection.execute(
        insert(examinations).values(**row).returning(examinations.c.examination_id)
    ).scalar_one()
    return number


def _load_held(connection: Connection, examination_id: int) -> Row[Any]:
    this = examinations.c.examination_id == examination_id
    row = connection.execute(select(examinations).where(this).with_for_update()).one_or_none()
    if row is None:
        raise UnknownName(f"There is no examination {examination_id}.", "See `tocsin data list`.")
    if row.state != "held":
        raise Conflict(f"The delivery of examination {examination_id} is {row.state}, not held.")
    return row


def _decide(
    connection: Connection,
    examination_id: int,
    state: str,
    decided_at: datetime,
    note: str,
    delivery_id: int | None,
) -> None:
    connection.execute(
        update(examinations)
        .where(examinations.c.examination_id == examination_id)
        .values(
            state=state,
            decided_at=decided_at,
            note=note,
            delivery_id=delivery_id,
            source_info=None,
            events=None,
            refusals=None,
        )
    )


def _append(
    connection: Connection,
    batch: Batch | ObservationBatch,
    head: dict[str, Any],
    latest: pd.DataFrame | None = None,
) -> DeliveryReport:
    if isinstance(batch, ObservationBatch):
        return append_observations(connection, batch, **head)
    report = append_delivery(connection, batch, **head, latest=latest)
    if batch.confidences and not report.already_stored:
        append_confidences(
            connection,
            batch.confidences,
            source=report.source,
            delivery_id=report.delivery_id,
            known_at=report.known_at,
        )
    return report


def _pack(batch: Batch | ObservationBatch) -> bytes:
    if isinstance(batch, ObservationBatch):
        rows = batch.observations
    else:
        rows = batch.events
        if batch.confidences:
            rows = rows.assign(confidence=rows["event_id"].map(dict(batch.confidences)))
    stream = io.BytesIO()
    rows.to_parquet(stream, index=False)
    return stream.getvalue()


def _unpack(held: Row[Any], source: SourceInfo) -> Batch | ObservationBatch:
    rows = pd.read_parquet(io.BytesIO(held.events))
    refusals = tuple(Refusal(**item) for item in held.refusals)
    if source.kind == "observations":
        table = rows[list(OBSERVATION_COLUMNS)].astype(OBSERVATION_COLUMNS)
        return ObservationBatch(table, refusals, held.n_rows)
    confidences: dict[str, float] = {}
    if "confidence" in rows:
        said = rows[rows["confidence"].notna()]
        confidences = dict(zip(said["event_id"], said["confidence"].astype(float), strict=True))
    return Batch(
        events=conform_events(rows),
        refusals=refusals,
        n_rows=held.n_rows,
        countries=tuple(held.countries),
        covers_from=held.covers_from,
        covers_to=held.covers_to,
        confidences=confidences,
    )


def _findings(stored: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(**item) for item in stored)
