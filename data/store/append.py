"""Storing a delivery: one full statement of a source for its countries and days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row, select

from data.calendar import from_epoch_day
from data.errors import Conflict, StateError
from data.events import Batch, check_batch
from data.sources.contract import SourceInfo
from data.store.as_known import read_latest
from data.store.blocks import insert_events, merge_small_blocks
from data.store.changes import Changes, find_changes, is_claimed
from data.store.deliveries import DeliveryReport, Tally, find_stored, insert_delivery, report_of
from data.tables import deliveries


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

    report = insert_delivery(
        connection,
        source=source,
        vintage=vintage,
        known_at=moment,
        received_at=received_at,
        file_name=file_name,
        sha256=sha256,
        countries=batch.countries,
        days=(batch.covers_from, batch.covers_to),
        n_rows=batch.n_rows,
        tally=Tally(
            added=len(changes.added),
            changed=len(changes.changed),
            unchanged=changes.n_unchanged,
            deleted=len(changes.deleted),
        ),
        refusals=batch.refusals,
    )
    told = np.concatenate([changes.added, changes.changed])
    insert_events(
        connection,
        batch.events if len(told) == len(batch.events) else batch.events.iloc[told],
        changes.deleted,
        source=source.name,
        known_at=moment,
        delivery_id=report.delivery_id,
    )
    merge_small_blocks(connection, source.name)
    return report


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
