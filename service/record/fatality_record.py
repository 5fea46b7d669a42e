"""The track record of published fatalities: quantiles against the deaths that came."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from data.calendar import Step
from data.regions import load_region_set
from models.fatalities.names import FATALITIES
from models.fatalities.verification import VerifiedDeaths, measure_deaths
from service.record.fatality_verification import last_verified_deaths, load_verified_deaths
from service.settings import Settings
from service.tables import fatalities, publications

KINDS: tuple[tuple[str, bool], ...] = (("live", True), ("afterwards", False))
"""Part of a record, and whether its forecasts were published before their window was over."""


def describe_fatality_record(
    connection: Connection,
    settings: Settings,
    region_set: str,
    verified: Collection[VerifiedDeaths],
    as_of: date | None,
) -> dict[str, Any]:
    """Returns a track record, ready for JSON.

    Args:
        connection: An open transaction.
        settings: Draws and seed.
        region_set: Name of the set.
        verified: What is verified of the set.
        as_of: Knowledge limit of what came; None if nothing is verified yet.

    Returns:
        `region_set`, `outcome` (`fatalities`), `as_of`, `step`, `is_simulated`, `n_published`, and
        `live` and `afterwards`, each as `models.fatalities.verification.measure_deaths` returns it,
        per horizon in `horizons` (key: the horizon as text) and of all together in `all_horizons`.
    """
    step = load_region_set(connection, region_set).step
    published = connection.execute(
        select(fatalities.c.horizon, publications.c.is_simulated)
        .join(publications, publications.c.publication_id == fatalities.c.publication_id)
        .where(
            publications.c.region_set == region_set,
            fatalities.c.status.in_(("ok", "baseline_only")),
        )
    ).all()
    return {
        "region_set": region_set,
        "outcome": FATALITIES,
        "as_of": None if as_of is None else as_of.isoformat(),
        "step": step,
        "is_simulated": any(row.is_simulated for row in published),
        "n_published": len(published),
        "horizons": {
            str(horizon): _measure(
                settings, step, [one for one in verified if one.horizon == horizon]
            )
            for horizon in sorted({row.horizon for row in published})
        },
        "all_horizons": _measure(settings, step, verified),
    }


def read_fatality_record(
    connection: Connection, settings: Settings, region_set: str
) -> dict[str, Any]:
    """Returns the track record that cycles have stored, ready for JSON.

    Args:
        connection: An open transaction.
        settings: Draws and seed.
        region_set: Name of the set.

    Raises:
        UnknownName: There is no such set.
    """
    return describe_fatality_record(
        connection,
        settings,
        region_set,
        load_verified_deaths(connection, region_set).values(),
        last_verified_deaths(connection, region_set),
    )


def _measure(
    settings: Settings, step: Step, verified: Collection[VerifiedDeaths]
) -> dict[str, Any]:
    return {
        name: measure_deaths(
            [one for one in verified if one.is_live is is_live],
            step,
            n_draws=settings.bootstrap_draws,
            seed=settings.seed,
        )
        for name, is_live in KINDS
    }
