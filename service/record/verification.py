"""What came of published forecasts: found in a panel, stored, read.

Each cycle stores a row when a window closes, and another when a later delivery changes what came in
it. The newest row of a forecast counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Table, and_, delete, exists, func, insert, select

from data.calendar import months_to_periods
from data.panel import Panel, build_panel
from data.regions import digest_shapes, list_editions, load_region_set
from models.verification import PublishedForecast, VerifiedForecast, verify_forecasts
from service.publications.redraws import shapes_column
from service.publications.rows import read_score
from service.tables import publications, scores, verifications

REVISION_YEARS = 5
"""Years for which what came is looked at again."""

_OF_SCORE = ("region_id", "outcome", "horizon")

Verified = TypeVar("Verified")


class _OfPublication(Protocol):
    """Something that was published."""

    @property
    def publication_id(self) -> int:
        """Row number of the publication."""


Forecast = TypeVar("Forecast", bound=_OfPublication)


def load_verified(
    connection: Connection,
    region_set: str,
    *,
    as_of: date | None = None,
    since: int | None = None,
) -> tuple[VerifiedForecast, ...]:
    """Returns what is verified of a set, each forecast by its newest row.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
        as_of: Only rows of this day and before.
        since: Only forecasts of this origin (ordinal) and later.
    """
    query = (
        select(
            verifications,
            publications.c.as_of.label("published_as_of"),
            publications.c.published_at,
            func.coalesce(
                scores.c.details["model_version"].as_string(), publications.c.model_version
            ).label("model_version"),
        )
        .join(publications, publications.c.publication_id == verifications.c.publication_id)
        .join(
            scores,
            and_(
                scores.c.publication_id == verifications.c.publication_id,
                *(scores.c[name] == verifications.c[name] for name in _OF_SCORE),
            ),
        )
        .where(verifications.c.region_set == region_set)
        .order_by(verifications.c.as_of, verifications.c.publication_id)
    )
    if as_of is not None:
        query = query.where(verifications.c.as_of <= as_of)
    if since is not None:
        query = query.where(verifications.c.origin >= since)
    return newest_of(
        VerifiedForecast(
            forecast=PublishedForecast(
                region_id=row["region_id"],
                outcome=row["outcome"],
                horizon=row["horizon"],
                origin=row["origin"],
                as_of=row["published_as_of"],
                published_on=day_of(row["published_at"]),
                risk_score=row["risk_score"],
                climatology=row["climatology"],
                threshold=row["threshold"],
                is_model=row["is_model"],
                level=row["level"],
                publication_id=row["publication_id"],
                model_version=row["model_version"],
            ),
            deaths=row["deaths"],
            observed=1.0 if row["observed"] else 0.0,
            is_live=row["is_live"],
            conflictology=row["conflictology"],
        )
        for row in connection.execute(query).mappings()
    )


def last_verified(connection: Connection, region_set: str) -> date | None:
    """Returns the knowledge limit of the newest verification of a set; None if there is none."""
    found: date | None = connection.scalar(
        select(verifications.c.as_of)
        .where(verifications.c.region_set == region_set)
        .order_by(verifications.c.as_of.desc())
        .limit(1)
    )
    return found


def find_verified(connection: Connection, panel: Panel) -> tuple[VerifiedForecast, ...]:
    """Returns what a panel tells that is not stored: windows that closed, deaths that changed.

    Args:
        connection: An open transaction.
        panel: The panel of the set, as known on its as-of. Windows that began more than five years
            before its end are not looked at again.
    """
    since = int(panel.periods[-1]) - months_to_periods(12 * REVISION_YEARS, panel.step)
    stored = load_verified(connection, panel.region_set, as_of=panel.as_of, since=since)
    closed = verify_within_borders(
        connection, _read_unverified(connection, panel), panel, verify_forecasts
    )
    again = verify_within_borders(
        connection, [one.forecast for one in stored], panel, verify_forecasts
    )
    before = {one.forecast.key: one.deaths for one in stored}
    return (*closed, *(one for one in again if one.deaths != before[one.forecast.key]))


def verify_within_borders(
    connection: Connection,
    forecasts: Sequence[Forecast],
    panel: Panel,
    verify: Callable[[Sequence[Forecast], Panel], tuple[Verified, ...]],
) -> tuple[Verified, ...]:
    """Returns what came of forecasts, each within the borders that it was made for.

    Args:
        connection: An open transaction.
        forecasts: What was published.
        panel: The panel of the set within its present borders.
        verify: Tells what came of forecasts by a panel.
    """
    editions = list_editions(connection, panel.region_set)
    if not editions:
        return verify(forecasts, panel)
    query = select(publications.c.publication_id, shapes_column()).where(
        publications.c.region_set == panel.region_set
    )
    shapes_of = {row[0]: row[1] for row in connection.execute(query)}
    now = digest_shapes(load_region_set(connection, panel.region_set))
    found: list[Verified] = []
    left = list(forecasts)
    for edition in editions:
        shapes = digest_shapes(edition)
        if shapes == now:
            continue
        own = [one for one in left if shapes_of.get(one.publication_id) == shapes]
        if own:
            left = [one for one in left if shapes_of.get(one.publication_id) != shapes]
            found += verify(own, build_panel(connection, edition, panel.as_of))
    return (*found, *verify(left, panel))


def store_verified(
    connection: Connection, panel: Panel, verified: Sequence[VerifiedForecast]
) -> None:
    """Stores what a panel tells, in the caller's write transaction.

    Args:
        connection: A write transaction.
        panel: The panel; its as-of is that of the rows.
        verified: What `find_verified` returned.
    """
    replace_rows(connection, verifications, panel, map(_row_of, verified))


def replace_rows(
    connection: Connection,
    table: Table,
    panel: Panel,
    rows: Iterable[dict[str, Any]],
) -> None:
    """Writes verified rows of one as-of, in the caller's write transaction.

    Args:
        connection: A write transaction.
        table: With `region_set` and `as_of`, which are those of the panel. The rest of its primary
            key names a forecast.
        panel: What the rows were told by.
        rows: The rest of each row.
    """
    key = [column.name for column in table.primary_key if column.name != "as_of"]
    # Another revision of the same as-of may have told otherwise.
    standing = connection.execute(
        select(*(table.c[name] for name in key)).where(
            table.c.region_set == panel.region_set, table.c.as_of == panel.as_of
        )
    ).mappings()
    new = {tuple(row[name] for name in key): row for row in rows}
    for row in standing.all():
        if tuple(row[name] for name in key) in new:
            connection.execute(
                delete(table).where(
                    table.c.as_of == panel.as_of, *(table.c[name] == row[name] for name in key)
                )
            )
    if new:
        place = {"region_set": panel.region_set, "as_of": panel.as_of}
        connection.execute(insert(table), [{**row, **place} for row in new.values()])


def _row_of(one: VerifiedForecast) -> dict[str, Any]:
    forecast = one.forecast
    return {
        "publication_id": forecast.publication_id,
        "region_id": forecast.region_id,
        "outcome": forecast.outcome,
        "horizon": forecast.horizon,
        "origin": forecast.origin,
        "is_live": one.is_live,
        "is_model": forecast.is_model,
        "risk_score": forecast.risk_score,
        "level": forecast.level,
        "climatology": forecast.climatology,
        "conflictology": one.conflictology,
        "threshold": forecast.threshold,
        "deaths": one.deaths,
        "observed": one.observed > 0,
    }


def newest_of(verified: Iterable[VerifiedForecast]) -> tuple[VerifiedForecast, ...]:
    """Returns the last of each forecast, in order."""
    return tuple({one.forecast.key: one for one in verified}.values())


def _read_unverified(connection: Connection, panel: Panel) -> list[PublishedForecast]:
    """Returns every score that was served, can be verified, and is not by a day of the as-of."""
    is_stored = exists().where(
        verifications.c.region_set == panel.region_set,
        verifications.c.outcome == scores.c.outcome,
        verifications.c.horizon == scores.c.horizon,
        verifications.c.origin == publications.c.origin,
        verifications.c.region_id == scores.c.region_id,
        verifications.c.as_of <= panel.as_of,
    )
    rows = connection.execute(
        select(
            scores,
            publications.c.origin,
            publications.c.as_of,
            publications.c.published_at,
            publications.c.model_version,
        )
        .join(publications, publications.c.publication_id == scores.c.publication_id)
        .where(
            publications.c.region_set == panel.region_set,
            scores.c.risk_score.is_not(None),
            publications.c.origin + scores.c.horizon <= int(panel.periods[-1]),
            ~is_stored,
        )
        .order_by(publications.c.published_at, publications.c.publication_id, scores.c.position)
    ).mappings()
    found = []
    for row in rows:
        score = read_score(row)
        if score.risk_score is None or score.climatology is None or score.threshold is None:
            continue
        found.append(
            PublishedForecast(
                region_id=score.region_id,
                outcome=score.outcome,
                horizon=score.horizon,
                origin=row["origin"],
                as_of=row["as_of"],
                published_on=day_of(row["published_at"]),
                risk_score=score.risk_score,
                climatology=score.climatology,
                threshold=score.threshold,
                is_model=score.status == "ok",
                level=score.level,
                publication_id=row["publication_id"],
                model_version=score.model_version or row["model_version"],
            )
        )
    return found


def day_of(moment: datetime) -> date:
    """Returns the day of a moment, UTC."""
    return moment.astimezone(UTC).date()
