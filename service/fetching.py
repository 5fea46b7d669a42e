"""Fetching: taking in every release that a source has made since the last one that is stored.

A source that can be fetched has a function here. So far that is the simulated world; a source that
comes as files is taken in by hand (`tocsin ingest`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from data.database import Database
from data.errors import UsageError
from data.events import Batch
from data.quality import receive_delivery
from data.regions import RegionSet, load_region_set
from data.sources.simulated import (
    SIMULATED,
    deliver_simulated,
    last_release,
    release_days,
    vintage_name,
)
from data.store import DeliveryReport, list_deliveries
from service.clock import Clock
from service.ingestion import require_stored
from service.settings import Settings

OnProgress = Callable[[int, int, str], None]


def is_fetchable(region_set: RegionSet) -> bool:
    """Returns True if the source of the set can be fetched."""
    return region_set.source == SIMULATED.name


def ingest_new(
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    region_set: str,
    since: date | None = None,
    on_progress: OnProgress | None = None,
) -> list[DeliveryReport]:
    """Takes in the releases that are new, oldest first, each whole or not at all.

    Args:
        database: The open database.
        settings: For the seed of the simulated world.
        clock: Releases up to now are out.
        region_set: The set whose source is fetched.
        since: Where nothing is stored yet, the release that was the newest on this day is the first
            one taken; by default today, so that only the newest release is.
        on_progress: Called with releases done, releases in all, and the last one's name.

    Returns:
        One report per release; empty if nothing is new.

    Raises:
        UnknownName: There is no such region set.
        UsageError: The source of the set cannot be fetched.
        NothingKnown: The source has released nothing yet.
        Refused: A release is suspicious and held.
    """
    now = clock()
    with database.read() as connection:
        stored_set = load_region_set(connection, region_set)
        if not is_fetchable(stored_set):
            raise UsageError(
                f"The source '{stored_set.source}' of '{region_set}' cannot be fetched.",
                f"Take its files in with `tocsin ingest {stored_set.source} FILE`.",
            )
        stored = list_deliveries(connection, SIMULATED.name)
    if stored:
        first = stored[-1].known_at.date() + timedelta(days=1)
    else:
        first = last_release(min(since or now.date(), now.date()))
    releases = release_days(first, now.date())
    reports = []
    for number, release in enumerate(releases, start=1):
        batch = deliver_simulated(release, settings.seed)
        vintage = vintage_name(release)
        with database.write() as connection:
            reception = receive_delivery(
                connection,
                batch,
                source=SIMULATED,
                vintage=vintage,
                known_at=datetime.combine(release, time(), UTC),
                received_at=now,
                file_name=f"simulated-{vintage}",
                sha256=_hash_batch(batch),
            )
        reports.append(require_stored(reception))
        if on_progress is not None:
            on_progress(number, len(releases), vintage)
    return reports


def _hash_batch(batch: Batch) -> str:
    return hashlib.sha256(batch.events.to_csv(index=False).encode()).hexdigest()
