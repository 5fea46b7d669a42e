"""Verification as a use case: what was published, against what is known by now."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, select

from data.database import Database
from data.panel import build_panel
from data.regions import load_region_set
from models.verification import PublishedForecast, measure_record, verify_forecasts
from service.publication_rows import read_score
from service.settings import Settings
from service.tables import publications, scores


def verify_set(
    database: Database, settings: Settings, *, region_set: str, outcome: str, as_of: date
) -> dict[str, Any]:
    """Returns the track record of what a region set published, ready for JSON; writes nothing.

    Args:
        database: The database.
        settings: Draws and seed.
        region_set: Name of the set.
        outcome: Name of the outcome.
        as_of: Knowledge limit of what came.

    Returns:
        `region_set`, `outcome`, `as_of`, and per horizon (key: the horizon as text) `live` and
        `afterwards`, each as `models.verification.measure_record` returns it: forecasts that were
        published before their window was over, and such that were made up later from what would
        have been known.

    Raises:
        UnknownName: There is no such set.
        NothingKnown: Nothing is known as of that day.
    """
    with database.read() as connection:
        panel = build_panel(connection, load_region_set(connection, region_set), as_of)
        published = _read_published(connection, region_set, outcome)
    verified = verify_forecasts(published, panel)
    horizons = sorted({one.horizon for one in published})
    return {
        "region_set": region_set,
        "outcome": outcome,
        "as_of": as_of.isoformat(),
        "step": panel.step,
        "is_simulated": panel.is_simulated,
        "n_published": len(published),
        "horizons": {
            str(horizon): {
                name: measure_record(
                    [
                        one
                        for one in verified
                        if one.forecast.horizon == horizon and one.is_live is is_live
                    ],
                    panel,
                    n_draws=settings.bootstrap_draws,
                    seed=settings.seed,
                )
                for name, is_live in (("live", True), ("afterwards", False))
            }
            for horizon in horizons
        },
    }


def _read_published(
    connection: Connection, region_set: str, outcome: str
) -> list[PublishedForecast]:
    """Returns every score that was served with all that it takes to verify it."""
    rows = connection.execute(
        select(scores, publications.c.origin, publications.c.published_at)
        .join(publications, publications.c.publication_id == scores.c.publication_id)
        .where(publications.c.region_set == region_set, scores.c.outcome == outcome)
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
                horizon=score.horizon,
                origin=row["origin"],
                published_on=_day(row["published_at"]),
                risk_score=score.risk_score,
                climatology=score.climatology,
                threshold=score.threshold,
                is_model=score.status == "ok",
            )
        )
    return found


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
