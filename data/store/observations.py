"""Observations: appended like events, read as they were known on a day.

Unlike a delivery of events, one of observations says nothing about what it does not hold: what a
later delivery leaves out stays known.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Integer, column, func, insert, select, table, type_coerce

from data.calendar import end_of_day
from data.database import EpochDay
from data.errors import Conflict
from data.observation import (
    KNOWN_OBSERVATION_COLUMNS,
    OBSERVATION_COLUMNS,
    ObservationBatch,
    check_observations,
)
from data.sources.contract import SourceInfo
from data.store.deliveries import DeliveryReport, Tally, find_stored, insert_delivery, report_of
from data.tables import deliveries, observations

_plain_rows = table(
    "observations",
    *(column(name) for name in ("source", "known_at", "delivery_id", *OBSERVATION_COLUMNS)),
)
_SECONDS_PER_DAY = 86_400
_COMPARED = [name for name in OBSERVATION_COLUMNS if name != "observation_key"]


def append_observations(
    connection: Connection,
    batch: ObservationBatch,
    *,
    source: SourceInfo,
    vintage: str,
    known_at: datetime,
    received_at: datetime,
    file_name: str,
    sha256: str,
) -> DeliveryReport:
    """Stores what differs from what was known, and returns how much that was.

    Args:
        connection: Inside a write transaction.
        batch: What the source's reader made of the delivery.
        source: The source.
        vintage: The source's own version, at most 64 characters.
        known_at: When the delivery became known, aware; whole seconds count.
        received_at: Now, aware.
        file_name: Name of the file.
        sha256: Hash of the file, hexadecimal.

    Raises:
        Conflict: A delivery that became known later, or at the same moment, is stored already and
            speaks of the same countries and days.
        StateError: The batch breaks its contract.
    """
    check_observations(batch)
    moment = known_at.replace(microsecond=0)
    stored = find_stored(connection, source.name, vintage, sha256)
    if stored is not None:
        return report_of(stored, already_stored=True)
    _refuse_too_old(connection, batch, source.name, moment)
    before = observations_known_at(connection, source.name, moment).set_index("observation_key")
    given = batch.observations.set_index("observation_key")
    is_known = given.index.isin(before.index)
    same = before.reindex(given.index)[_COMPARED]
    is_equal = ((given[_COMPARED] == same) | (given[_COMPARED].isna() & same.isna())).all(axis=1)
    is_unchanged = np.asarray(is_known & is_equal.to_numpy(dtype=np.bool_))
    report = insert_delivery(
        connection,
        source=source,
        vintage=vintage,
        known_at=moment,
        received_at=received_at,
        file_name=file_name,
        sha256=sha256,
        countries=batch.countries,
        days=batch.days,
        n_rows=batch.n_rows,
        tally=Tally(
            added=int((~is_known).sum()),
            changed=int((is_known & ~is_unchanged).sum()),
            unchanged=int(is_unchanged.sum()),
        ),
        refusals=batch.refusals,
    )
    head = {
        "source": source.name,
        "known_at": int(moment.timestamp()),
        "delivery_id": report.delivery_id,
    }
    rows = batch.observations[~is_unchanged].astype(object)
    values = rows.where(rows.notna(), None).to_numpy().tolist()
    if values:
        connection.execute(
            insert(_plain_rows),
            [{**head, **dict(zip(OBSERVATION_COLUMNS, row, strict=True))} for row in values],
        )
    return report


def _refuse_too_old(
    connection: Connection, batch: ObservationBatch, source: str, moment: datetime
) -> None:
    """Refuses what would change knowledge under the feet of a delivery that is stored already."""
    first, last = batch.days
    later = connection.execute(
        select(deliveries.c.known_at, deliveries.c.countries).where(
            deliveries.c.source == source,
            deliveries.c.known_at >= moment,
            deliveries.c.covers_from <= last,
            deliveries.c.covers_to >= first,
        )
    ).all()
    for known_at, countries in later:
        # What it repeated was not stored again, so its rows alone do not say what it spoke of.
        if not set(countries).isdisjoint(batch.countries):
            raise Conflict(
                f"A delivery of {source} known at {known_at.date()} is stored already and speaks "
                "of the same countries and days.",
                "Take deliveries in oldest first.",
            )


def observations_as_known(connection: Connection, source: str, as_of: date) -> pd.DataFrame:
    """Returns the observations of a source that were known at the end of a day (UTC).

    Returns:
        Columns and dtypes `data.observation.OBSERVATION_COLUMNS`, ordered by `observation_key`.
    """
    return observations_known_at(connection, source, end_of_day(as_of))


def observations_known_at(connection: Connection, source: str, moment: datetime) -> pd.DataFrame:
    """Returns the newest word on each observation with `known_at <= moment`."""
    newest = (
        select(observations.c.observation_key, func.max(observations.c.known_at).label("known_at"))
        .where(observations.c.source == source, observations.c.known_at <= moment)
        .group_by(observations.c.observation_key)
        .subquery()
    )
    rows = connection.execute(
        select(*_columns()).join_from(
            newest,
            observations,
            (observations.c.source == source)
            & (observations.c.observation_key == newest.c.observation_key)
            & (observations.c.known_at == newest.c.known_at),
        )
    ).all()
    found = pd.DataFrame([tuple(row) for row in rows], columns=list(OBSERVATION_COLUMNS))
    found = found.astype(OBSERVATION_COLUMNS)
    return found.sort_values("observation_key", kind="stable", ignore_index=True)


def observation_versions(connection: Connection, source: str, as_of: date) -> pd.DataFrame:
    """Returns every version of each observation that was known at the end of a day (UTC).

    Returns:
        Columns and dtypes `data.observation.KNOWN_OBSERVATION_COLUMNS`, ordered by
        `observation_key`, versions of one oldest first.
    """
    rows = connection.execute(
        select(*_columns(), type_coerce(observations.c.known_at, Integer)).where(
            observations.c.source == source, observations.c.known_at <= end_of_day(as_of)
        )
    ).all()
    found = pd.DataFrame([tuple(row) for row in rows], columns=list(KNOWN_OBSERVATION_COLUMNS))
    found = found.astype(KNOWN_OBSERVATION_COLUMNS)
    ordered = found.sort_values(["observation_key", "date_known"], kind="stable", ignore_index=True)
    return ordered.assign(date_known=ordered["date_known"] // _SECONDS_PER_DAY)


def _columns() -> list[Any]:
    return [
        type_coerce(item, Integer) if isinstance(item.type, EpochDay) else item
        for item in (observations.c[name] for name in OBSERVATION_COLUMNS)
    ]
