"""Forecasts of others: each run appended once, read as it was known on a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Integer, column, func, insert, select, table, type_coerce

from data.calendar import end_of_day
from data.errors import Conflict
from data.forecast import FORECAST_COLUMNS, ForecastBatch, check_forecasts
from data.sources.contract import SourceInfo
from data.store.deliveries import DeliveryReport, Tally, find_stored, insert_delivery, report_of
from data.tables import other_forecasts

_HEAD = ("source", "run", "known_at")
_plain_rows = table(
    "other_forecasts", *(column(name) for name in (*_HEAD, "delivery_id", *FORECAST_COLUMNS))
)
_KEYS = ("unit_kind", "unit_id", "target_from", "target_to", "quantity")


def append_forecasts(
    connection: Connection,
    batch: ForecastBatch,
    *,
    source: SourceInfo,
    known_at: datetime,
    received_at: datetime,
    file_name: str,
    sha256: str,
) -> DeliveryReport:
    """Stores what a run adds to what is stored of it, and returns how much that was.

    A run may come in parts (a file per quantity). What was published is never changed: a part that
    says otherwise of the same unit, window and quantity is refused.

    Args:
        connection: Inside a write transaction.
        batch: What the source's reader made of the delivery; its run is the vintage.
        source: The source.
        known_at: When the forecasts became known, aware; whole seconds count.
        received_at: Now, aware.
        file_name: Name of the file.
        sha256: Hash of the file, hexadecimal.

    Raises:
        Conflict: The run is stored and says otherwise.
        StateError: The batch breaks its contract.
    """
    check_forecasts(batch)
    moment = known_at.replace(microsecond=0)
    stored = find_stored(connection, source.name, batch.run, sha256)
    if stored is not None:
        return report_of(stored, already_stored=True)
    before = _read(connection, source.name, batch.run, None).set_index(list(_KEYS))["value"]
    given = batch.forecasts.set_index(list(_KEYS))["value"]
    held = before.reindex(given.index)
    is_known = held.notna().to_numpy()
    if (held[is_known] != given[is_known]).any():
        raise Conflict(
            f"The run {batch.run} of {source.name} is stored already and says otherwise.",
            "A run is published once: check that the file is of this run.",
        )
    report = insert_delivery(
        connection,
        source=source,
        vintage=batch.run,
        known_at=moment,
        received_at=received_at,
        file_name=file_name,
        sha256=sha256,
        countries=batch.countries,
        days=batch.days,
        n_rows=batch.n_rows,
        tally=Tally(added=int((~is_known).sum()), unchanged=int(is_known.sum())),
        refusals=batch.refusals,
    )
    head = {
        "source": source.name,
        "run": batch.run,
        "known_at": int(moment.timestamp()),
        "delivery_id": report.delivery_id,
    }
    values = batch.forecasts[~is_known].astype(object).to_numpy().tolist()
    if values:
        connection.execute(
            insert(_plain_rows),
            [{**head, **dict(zip(FORECAST_COLUMNS, row, strict=True))} for row in values],
        )
    return report


def forecasts_as_known(
    connection: Connection, as_of: date, *, source: str | None = None, run: str | None = None
) -> pd.DataFrame:
    """Returns the forecasts of others that were known at the end of a day (UTC).

    Args:
        connection: Any connection.
        as_of: The day.
        source: Only of this source.
        run: This run; by default the newest of each source, by when its first part became known.

    Returns:
        Columns `source`, `run`, `known_at` (seconds since 1970-01-01) and those of
        `data.forecast.FORECAST_COLUMNS`, ordered by all but the value.
    """
    moment = end_of_day(as_of)
    if run is not None:
        return _read(connection, source, run, moment)
    t = other_forecasts.c
    query = select(t.source, t.run, func.min(t.known_at)).where(t.known_at <= moment)
    if source is not None:
        query = query.where(t.source == source)
    newest: dict[str, tuple[Any, str]] = {}
    for name, found, known_at in connection.execute(query.group_by(t.source, t.run)):
        newest[name] = max(newest.get(name, (known_at, found)), (known_at, found))
    parts = [_read(connection, name, found, moment) for name, (_, found) in sorted(newest.items())]
    empty = _read(connection, "", "", moment)
    return pd.concat(parts, ignore_index=True) if parts else empty


def list_forecast_runs(connection: Connection, as_of: date) -> list[tuple[str, str]]:
    """Returns source and run of all runs known at the end of a day, in the order they were."""
    t = other_forecasts.c
    rows = connection.execute(
        select(t.source, t.run)
        .where(t.known_at <= end_of_day(as_of))
        .group_by(t.source, t.run)
        .order_by(t.source, func.min(t.known_at), t.run)
    )
    return [(source, run) for source, run in rows]


def _read(
    connection: Connection, source: str | None, run: str, moment: datetime | None
) -> pd.DataFrame:
    names = [*_HEAD, *FORECAST_COLUMNS]
    is_number = {"known_at", "target_from", "target_to"}
    columns: list[Any] = [
        type_coerce(other_forecasts.c[name], Integer)
        if name in is_number
        else other_forecasts.c[name]
        for name in names
    ]
    query = select(*columns).where(other_forecasts.c.run == run)
    if source is not None:
        query = query.where(other_forecasts.c.source == source)
    if moment is not None:
        query = query.where(other_forecasts.c.known_at <= moment)
    rows = [tuple(row) for row in connection.execute(query)]
    found = pd.DataFrame(rows, columns=names).astype(
        {"source": "str", "run": "str", "known_at": "int64", **FORECAST_COLUMNS}
    )
    return found.sort_values(
        [name for name in names if name != "value"], kind="stable", ignore_index=True
    )
