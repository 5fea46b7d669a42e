"""The track record of a region set: what was published, against what came, measured per horizon."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from data.database import Database
from data.panel import build_panel
from data.regions import RegionSet, load_region_set
from models.fatalities.names import FATALITIES
from models.track_record import measure_record
from models.verification import VerifiedForecast
from service.record.fatality_record import KINDS, describe_fatality_record, read_fatality_record
from service.record.fatality_verification import find_verified_deaths, load_verified_deaths
from service.record.others import compare_with_others
from service.record.verification import find_verified, last_verified, load_verified, newest_of
from service.settings import Settings
from service.tables import publications, scores


def list_outcomes(connection: Connection, settings: Settings, region_set: str) -> tuple[str, ...]:
    """Returns the outcomes that were ever published of a set, in the order of the settings.

    Where nothing was, the first of the settings stands alone.

    Args:
        connection: An open transaction.
        settings: Order of the outcomes.
        region_set: Name of the set.
    """
    query = (
        select(scores.c.outcome)
        .join(publications, publications.c.publication_id == scores.c.publication_id)
        .where(publications.c.region_set == region_set)
        .distinct()
    )
    found = set(connection.scalars(query))
    known = [name for name in settings.outcomes if name in found]
    return (*known, *sorted(found - set(known))) or settings.outcomes[:1]


def verify_set(
    database: Database,
    settings: Settings,
    *,
    region_set: str,
    as_of: date,
    outcome: str | None = None,
) -> list[dict[str, Any]]:
    """Returns the track record of each outcome of a region set, ready for JSON; writes nothing.

    Args:
        database: The database.
        settings: Draws and seed.
        region_set: Name of the set.
        as_of: Knowledge limit of what came.
        outcome: Name of an outcome, or `fatalities`; None for all that were published.

    Returns:
        One record per outcome, see `describe_record`, and that of fatalities last, see
        `service.record.fatality_record`.

    Raises:
        UnknownName: There is no such set.
        NothingKnown: Nothing is known as of that day.
    """
    with database.read() as connection:
        panel = build_panel(connection, load_region_set(connection, region_set), as_of)
        records = []
        if outcome != FATALITIES:
            stored = load_verified(connection, region_set, as_of=as_of)
            verified = newest_of([*stored, *find_verified(connection, panel)])
            asked = (outcome,) if outcome else list_outcomes(connection, settings, region_set)
            records = [
                describe_record(connection, settings, region_set, one, verified, as_of)
                for one in asked
            ]
        if outcome in (None, FATALITIES):
            deaths = load_verified_deaths(connection, region_set, as_of=as_of)
            deaths |= {one.key: one for one in find_verified_deaths(connection, panel)}
            records.append(
                describe_fatality_record(connection, settings, region_set, deaths.values(), as_of)
            )
        return records


def describe_record(
    connection: Connection,
    settings: Settings,
    region_set: str,
    outcome: str,
    verified: Iterable[VerifiedForecast],
    as_of: date | None,
) -> dict[str, Any]:
    """Returns a track record, ready for JSON.

    Args:
        connection: An open transaction.
        settings: Draws and seed.
        region_set: Name of the set.
        outcome: Name of the outcome.
        verified: What is verified of the set.
        as_of: Knowledge limit of what came; None if nothing is verified yet.

    Returns:
        `region_set`, `outcome`, `as_of`, `step`, `is_simulated`, `n_published`, and per horizon
        (key: the horizon as text) `live` and `afterwards`, each as
        `models.track_record.measure_record` returns it: forecasts that were published before their
        window was over, and such that were made up later from what would have been known. Each has
        `others` beside it: see `service.record.others.compare_with_others`.
    """
    regions = load_region_set(connection, region_set)
    known = list(verified)
    published = connection.execute(
        select(scores.c.horizon, publications.c.is_simulated)
        .join(publications, publications.c.publication_id == scores.c.publication_id)
        .where(
            publications.c.region_set == region_set,
            scores.c.outcome == outcome,
            scores.c.risk_score.is_not(None),
        )
    ).all()
    return {
        "region_set": region_set,
        "outcome": outcome,
        "as_of": None if as_of is None else as_of.isoformat(),
        "step": regions.step,
        "is_simulated": any(row.is_simulated for row in published),
        "n_published": len(published),
        "horizons": {
            str(horizon): {
                name: _measure(
                    connection,
                    settings,
                    regions,
                    [
                        one
                        for one in known
                        if one.forecast.outcome == outcome
                        and one.forecast.horizon == horizon
                        and one.is_live is is_live
                    ],
                )
                for name, is_live in KINDS
            }
            for horizon in sorted({row.horizon for row in published})
        },
    }


def read_record(
    connection: Connection, settings: Settings, region_set: str, outcome: str
) -> dict[str, Any]:
    """Returns the track record that cycles have stored, ready for JSON; see `describe_record`.

    Args:
        connection: An open transaction.
        settings: Draws and seed.
        region_set: Name of the set.
        outcome: Name of the outcome, or `fatalities`.

    Raises:
        UnknownName: There is no such set.
    """
    if outcome == FATALITIES:
        return read_fatality_record(connection, settings, region_set)
    verified = load_verified(connection, region_set)
    return describe_record(
        connection, settings, region_set, outcome, verified, last_verified(connection, region_set)
    )


def _measure(
    connection: Connection,
    settings: Settings,
    regions: RegionSet,
    verified: Sequence[VerifiedForecast],
) -> dict[str, Any]:
    record = measure_record(
        verified, regions.step, n_draws=settings.bootstrap_draws, seed=settings.seed
    )
    if verified:
        record["others"] = compare_with_others(connection, regions, verified)
    return record
