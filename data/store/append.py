"""Storing a delivery: one full statement of a source for its countries and days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, column, insert, select, table

from data.calendar import from_epoch_day
from data.errors import Conflict, StateError
from data.events import EVENT_COLUMNS, Batch, Refusal, check_batch
from data.sources.contract import SourceInfo
from data.store.as_known import read_latest
from data.store.changes import Changes, find_changes, is_claimed
from data.tables import deliveries, quarantine

_INSERTED = ("source", "known_at", "delivery_id", "deleted")
# Columns without types: values go to the driver as they are, without a conversion per value.
_plain_events = table("events", *(column(name) for name in (*_INSERTED, *EVENT_COLUMNS)))
_ROWS_PER_STATEMENT = 50_000


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


def append_delivery(
    connection: Connection,
    batch: Batch,
    *,
    source: SourceInfo,
    vintage: str,
    known_at: datetime,
    received_at: datetime,
    file_name: str,
    sha256: str,
    latest: pd.DataFrame | None = None,
) -> DeliveryReport:
    """Stores a delivery and returns what it changed.

    Only what differs from what was known is stored; an event that the delivery no longer holds is
    marked deleted from `known_at` on; refused rows go to quarantine. The same file of the same
    vintage a second time writes nothing.

    Args:
        connection: Inside a write transaction; nothing is half-written if it rolls back.
        batch: What the source's reader made of the delivery.
        source: The source.
        vintage: The source's own version, at most 64 characters.
        known_at: When the delivery became known, aware; whole seconds count.
        received_at: Now, aware.
        file_name: Name of the file.
        sha256: Hash of the file, hexadecimal.
        latest: What `read_latest` gives at `known_at`, if it was read in this transaction already.

    Raises:
        Conflict: A later delivery of the source is stored already, and this one speaks for some
            of the same countries and days or changes what was known; or one of the same moment
            says otherwise.
        StateError: The batch breaks its contract, or holds what happened after `known_at`.
    """
    check_batch(batch)
    moment = known_at.replace(microsecond=0)
    _check_days(batch, moment)
    stored = find_stored(connection, source.name, vintage, sha256)
    if stored is not None:
        return report_of(stored, already_stored=True)
    if latest is None:
        latest = read_latest(connection, source.name, moment)
    changes = find_changes(batch, latest, int(moment.timestamp()))
    not_earlier = connection.execute(
        select(deliveries)
        .where(deliveries.c.source == source.name, deliveries.c.known_at >= moment)
        .order_by(deliveries.c.known_at, deliveries.c.delivery_id)
    ).all()
    _refuse_too_old(batch, changes, [row for row in not_earlier if row.known_at > moment])
    _refuse_contradiction(changes, latest, [row for row in not_earlier if row.known_at == moment])

    delivery_id = connection.execute(
        insert(deliveries)
        .values(
            source=source.name,
            vintage=vintage,
            known_at=moment,
            received_at=received_at,
            file_name=file_name,
            sha256=sha256,
            countries=list(batch.countries),
            covers_from=batch.covers_from,
            covers_to=batch.covers_to,
            is_simulated=source.is_simulated,
            licence=source.licence,
            attribution=source.attribution,
            n_rows=batch.n_rows,
            n_added=len(changes.added),
            n_changed=len(changes.changed),
            n_unchanged=changes.n_unchanged,
            n_deleted=len(changes.deleted),
            n_quarantined=len(batch.refusals),
        )
        .returning(deliveries.c.delivery_id)
    ).scalar_one()
    head = {
        "source": source.name,
        "known_at": int(moment.timestamp()),
        "delivery_id": delivery_id,
    }
    _insert_events(connection, batch.events.iloc[changes.added], head)
    _insert_events(connection, batch.events.iloc[changes.changed], head)
    _insert_deletions(connection, changes.deleted, head)
    insert_refusals(connection, delivery_id, batch.refusals)
    return report_of(
        connection.execute(select(deliveries).where(deliveries.c.delivery_id == delivery_id)).one(),
        already_stored=False,
    )


def find_stored(connection: Connection, source: str, vintage: str, sha256: str) -> Row[Any] | None:
    """Returns the delivery of the same file and vintage; None if it is not stored."""
    return connection.execute(
        select(deliveries).where(
            deliveries.c.source == source,
            deliveries.c.vintage == vintage,
            deliveries.c.sha256 == sha256,
        )
    ).one_or_none()


def insert_refusals(connection: Connection, delivery_id: int, refusals: Sequence[Refusal]) -> None:
    """Puts the refused rows of a delivery into quarantine."""
    if refusals:
        connection.execute(
            insert(quarantine),
            [{"delivery_id": delivery_id, **asdict(refusal)} for refusal in refusals],
        )


def _check_days(batch: Batch, moment: datetime) -> None:
    last = batch.covers_to
    if len(batch.events):
        last = max(last, from_epoch_day(int(batch.events["date"].max())))
    if last > moment.date():
        raise StateError(f"A delivery known at {moment.date()} speaks of {last}.")


def _refuse_too_old(batch: Batch, changes: Changes, later: Sequence[Row[Any]]) -> None:
    """Refuses what would change knowledge under the feet of a delivery that is stored already.

    A delivery stores only what differs from what was known before it. An older one may therefore
    come after it only if it adds, and adds nothing that the later one has already spoken for.
    """
    added = batch.events.iloc[changes.added]
    for row in later:
        overlaps = (
            not set(batch.countries).isdisjoint(row.countries)
            and row.covers_from <= batch.covers_to
            and row.covers_to >= batch.covers_from
        )
        if (
            overlaps
            or len(changes.overturned)
            or is_claimed(added, row.countries, row.covers_from, row.covers_to).any()
        ):
            raise Conflict(
                f"The delivery is older than {row.source} {row.vintage}, known at "
                f"{row.known_at.date()}, which is stored already and speaks of the same events.",
                "Ingest vintages oldest first, into a fresh state folder if need be.",
            )


def _refuse_contradiction(
    changes: Changes, latest: pd.DataFrame, of_same_moment: Sequence[Row[Any]]
) -> None:
    hint = "Give the delivery that is to prevail a later --known-at."
    if changes.same_moment:
        raise Conflict(
            f"The delivery says otherwise of event {changes.same_moment[0]} than another of the "
            "same moment.",
            hint,
        )
    overturned = latest.iloc[changes.overturned]
    for row in of_same_moment:
        claimed = is_claimed(overturned, row.countries, row.covers_from, row.covers_to)
        if claimed.any():
            raise Conflict(
                f"The delivery says otherwise of event {overturned['event_id'][claimed].iloc[0]} "
                f"than {row.file_name}, which became known at the same moment.",
                hint,
            )


def _insert_events(connection: Connection, rows: pd.DataFrame, head: dict[str, Any]) -> None:
    fixed = {**head, "deleted": False}
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        part = rows.iloc[start : start + _ROWS_PER_STATEMENT]
        values = [
            part[name].astype(object).where(part[name].notna(), None).tolist()
            for name in EVENT_COLUMNS
        ]
        connection.execute(
            insert(_plain_events),
            [
                {**fixed, **dict(zip(EVENT_COLUMNS, row, strict=True))}
                for row in zip(*values, strict=True)
            ],
        )


def _insert_deletions(
    connection: Connection, identifiers: Sequence[str], head: dict[str, Any]
) -> None:
    if identifiers:
        connection.execute(
            insert(_plain_events),
            [{**head, "deleted": True, "event_id": identifier} for identifier in identifiers],
        )


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
