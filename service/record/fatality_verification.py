"""What came of published fatalities: found in a panel, stored, read.

Each cycle stores a row when a period closes, and another when a later delivery changes the deaths
in it. The newest row of a forecast counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from data.calendar import months_to_periods
from data.panel import Panel
from models.fatalities.verification import (
    Key,
    PublishedDeaths,
    VerifiedDeaths,
    find_deaths,
    verify_deaths,
)
from service.publications.rows import read_fatalities
from service.record.verification import (
    REVISION_YEARS,
    day_of,
    replace_rows,
    verify_within_borders,
)
from service.tables import fatalities, fatality_verifications, publications

_FIGURES = tuple(VerifiedDeaths.__dataclass_fields__)


def load_verified_deaths(
    connection: Connection,
    region_set: str,
    *,
    as_of: date | None = None,
    since: int | None = None,
) -> dict[Key, VerifiedDeaths]:
    """Returns what is verified of a set, each forecast by its newest row.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
        as_of: Only rows of this day and before.
        since: Only forecasts of this origin (ordinal) and later.
    """
    table = fatality_verifications
    query = (
        select(*(table.c[name] for name in _FIGURES))
        .where(table.c.region_set == region_set)
        .order_by(table.c.as_of, table.c.publication_id)
    )
    if as_of is not None:
        query = query.where(table.c.as_of <= as_of)
    if since is not None:
        query = query.where(table.c.origin >= since)
    rows = (VerifiedDeaths(*row) for row in connection.execute(query))
    return {one.key: one for one in rows}


def last_verified_deaths(connection: Connection, region_set: str) -> date | None:
    """Returns the knowledge limit of the newest verification of a set; None if there is none."""
    found: date | None = connection.scalar(
        select(func.max(fatality_verifications.c.as_of)).where(
            fatality_verifications.c.region_set == region_set
        )
    )
    return found


def find_verified_deaths(connection: Connection, panel: Panel) -> tuple[VerifiedDeaths, ...]:
    """Returns what a panel tells that is not stored: periods that closed, deaths that changed.

    Args:
        connection: An open transaction.
        panel: The panel of the set, as known on its as-of. Forecasts that were made more than five
            years before its end are not looked at again.
    """
    since = int(panel.periods[-1]) - months_to_periods(12 * REVISION_YEARS, panel.step)
    stored = load_verified_deaths(connection, panel.region_set, as_of=panel.as_of, since=since)
    known = fatality_verifications
    is_stored = exists().where(
        known.c.region_set == panel.region_set,
        known.c.horizon == fatalities.c.horizon,
        known.c.origin == publications.c.origin,
        known.c.region_id == fatalities.c.region_id,
        known.c.as_of <= panel.as_of,
    )
    closed = _verify(connection, panel, _read(connection, panel, ~is_stored))
    # Quantiles are read again only where the deaths may have changed: they are most of a row.
    now = find_deaths(stored, panel)
    doubtful = {one.publication_id for key, one in stored.items() if now.get(key) != one.deaths}
    again = [
        one
        for one in _read(connection, panel, fatalities.c.publication_id.in_(sorted(doubtful)))
        if one.key in stored and stored[one.key].publication_id == one.publication_id
    ]
    changed = [
        one for one in _verify(connection, panel, again) if one.deaths != stored[one.key].deaths
    ]
    return (*closed, *changed)


def store_verified_deaths(
    connection: Connection, panel: Panel, verified: Sequence[VerifiedDeaths]
) -> None:
    """Stores what a panel tells, in the caller's write transaction.

    Args:
        connection: A write transaction.
        panel: The panel; its as-of is that of the rows.
        verified: What `find_verified_deaths` returned.
    """
    replace_rows(connection, fatality_verifications, panel, map(asdict, verified))


def _verify(
    connection: Connection, panel: Panel, forecasts: Sequence[PublishedDeaths]
) -> tuple[VerifiedDeaths, ...]:
    return verify_within_borders(connection, forecasts, panel, verify_deaths)


def _read(connection: Connection, panel: Panel, where: ColumnElement[Any]) -> list[PublishedDeaths]:
    """Returns published quantiles of periods up to the panel's end, the first published first."""
    rows = connection.execute(
        select(fatalities, publications.c.origin, publications.c.published_at)
        .join(publications, publications.c.publication_id == fatalities.c.publication_id)
        .where(
            publications.c.region_set == panel.region_set,
            fatalities.c.status.in_(("ok", "baseline_only")),
            publications.c.origin + fatalities.c.horizon <= int(panel.periods[-1]),
            where,
        )
        .order_by(publications.c.published_at, publications.c.publication_id, fatalities.c.position)
    ).mappings()
    found = []
    for row in rows:
        one = read_fatalities(row)
        found.append(
            PublishedDeaths(
                publication_id=row["publication_id"],
                region_id=one.region_id,
                horizon=one.horizon,
                origin=row["origin"],
                published_on=day_of(row["published_at"]),
                quantiles=one.quantiles,
                is_model=one.status == "ok",
            )
        )
    return found
