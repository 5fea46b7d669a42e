"""Fetching: asking a source, reading what it gave, taking it in.

Owns what is asked next: every release that the simulated world made since the last one, what ACLED
changed since the last delivery, or what somebody asks of a source. Does not own how a source is
asked (`service.intake.downloads`, `data.sources`) nor how a delivery is taken in
(`service.intake.ingestion`).
"""

from __future__ import annotations

import re
import time as times
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from data.calendar import end_of_day
from data.database import Database
from data.errors import BadInput, NothingKnown, UnknownName, UsageError
from data.events import Batch
from data.regions import RegionSetHead, load_region_set
from data.sources.acled import ACLED
from data.sources.acled_api import open_acled
from data.sources.acled_changes import read_acled_changes, save_changes
from data.sources.contract import Access, Adapter, Query
from data.sources.registry import ADAPTERS, SOURCES
from data.sources.simulated import (
    SIMULATED,
    deliver_simulated,
    last_release,
    release_days,
    vintage_name,
)
from data.store import DeliveryReport, coverage_known_at, events_known_at, list_deliveries
from service.clock import Clock
from service.intake.downloads import Wait, download_folder, fetch_address, fetch_files, open_fetcher
from service.intake.ingestion import Origin, take_in
from service.settings import Settings

OnProgress = Callable[[int, int, str], None]


def is_fetchable(region_set: RegionSetHead) -> bool:
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
        reports.append(
            take_in(
                database,
                batch,
                source=SIMULATED,
                vintage=vintage,
                known_at=datetime.combine(release, time(), UTC),
                received_at=now,
                origin=Origin.of_bytes(f"simulated-{vintage}", _write_events(batch)),
            )
        )
        if on_progress is not None:
            on_progress(number, len(releases), vintage)
    return reports


def find_adapter(name: str) -> Adapter:
    """Returns how a source is read and fetched.

    Raises:
        UnknownName: There is no such source.
        UsageError: It is read in a way of its own.
    """
    if name in ADAPTERS:
        return ADAPTERS[name]
    if name in SOURCES:
        raise UsageError(
            f"{SOURCES[name].title} is not fetched.", "See docs/sources.md for how it comes in."
        )
    raise UnknownName(f"There is no source '{name}'.", f"Known: {', '.join(SOURCES)}.")


def fetch_source(
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    name: str,
    query: Query,
    place: str | None = None,
    vintage: str | None = None,
    known_on: date | None = None,
    wait: Wait = times.sleep,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[DeliveryReport]:
    """Asks a source and takes in what it gives, each file whole or not at all.

    Args:
        database: The open database.
        settings: Addresses, credentials, state folder.
        clock: What is fetched is known now.
        name: The source.
        query: What is asked for.
        place: A file, or the address of one, to be read instead of asking the source's API.
        vintage: Name of this state of the data; by default the version asked for, else the day.
        known_on: Day on which a file became known; only with `place`.
        wait: Waits that many seconds.
        on_progress: Told how far a fetch is.

    Raises:
        UnknownName: There is no such source.
        UsageError: It cannot be fetched, or is not told what it needs.
        SettingsError: A credential is not set.
        SourceUnavailable: It misbehaves; nothing was taken in.
        MissingInput: The file is not there.
        BadInput: What it gave cannot be read; it is fetched anew the next time.
        Refused: The source is off, the address may not be called, or the delivery is held.
        Conflict: A later delivery that overlaps it is stored already.
    """
    adapter = find_adapter(name)
    if adapter.guard is not None:
        adapter.guard(settings)
    if known_on is not None and place is None:
        raise UsageError("What is fetched from an API is known today.", "Leave --known-at out.")
    paths: Sequence[Path]
    if place is None:
        paths = fetch_files(settings, adapter, query, wait=wait, on_progress=on_progress)
    elif is_address(place):
        paths = [fetch_address(settings, adapter.info, place, wait=wait, on_progress=on_progress)]
    else:
        paths = [Path(place)]
    return [
        read_and_take_in(
            database,
            clock,
            adapter,
            path,
            query,
            vintage=vintage,
            known_on=known_on,
            is_fetched=place is None or is_address(place),
        )
        for path in paths
    ]


def is_address(place: str) -> bool:
    """Returns True if a place is an address and no file."""
    return re.match(r"[a-z]+://", place, re.IGNORECASE) is not None


def read_and_take_in(
    database: Database,
    clock: Clock,
    adapter: Adapter,
    path: Path,
    query: Query,
    *,
    vintage: str | None = None,
    known_on: date | None = None,
    is_fetched: bool = False,
) -> DeliveryReport:
    """Reads a file of a source and takes it in, whole or not at all.

    Args:
        database: The open database.
        clock: The clock.
        adapter: The source.
        path: The file.
        query: What it was, or is, asked for.
        vintage: Name of this state of the data; by default the version, else the day.
        known_on: Day on which it became known; today if None.
        is_fetched: True if the file is a copy of our own, to be removed if it cannot be read.

    Raises:
        MissingInput: The file is not there.
        BadInput: It cannot be read.
        Conflict: As `service.intake.ingestion.take_in`.
        Refused: As `service.intake.ingestion.take_in`.
    """
    day = known_on or clock().date()
    try:
        batch = adapter.read(path, query, day)
    except BadInput:
        if is_fetched:
            path.unlink(missing_ok=True)
        raise
    return take_in(
        database,
        batch,
        source=adapter.info,
        vintage=vintage or query.version or str(day),
        known_at=min(end_of_day(day), clock()),
        received_at=clock(),
        origin=Origin.of_file(path),
        stated_day=known_on,
        is_scope_stated=bool(query.countries),
    )


CHANGES_OVERLAP = timedelta(days=14)
"""How long before the newest delivery changes are asked for again.

ACLED stamps a row when it is worked on, and publishes it up to some days later."""


def fetch_acled_changes(
    database: Database,
    settings: Settings,
    clock: Clock,
    *,
    until: date | None = None,
    wait: Wait = times.sleep,
) -> DeliveryReport:
    """Takes in what ACLED added, edited and deleted since the newest delivery.

    It is a full statement again, for the countries and days of the deliveries before it and on to
    `until`: what ACLED did not touch stands as it was known.

    Args:
        database: The open database.
        settings: Address, account, state folder.
        clock: What is fetched is known now.
        until: Last day that it shall speak for; yesterday if None.
        wait: Waits that many seconds.

    Raises:
        NothingKnown: There is no delivery to go on from.
        Refused: ACLED is off, or the delivery is suspicious and held.
        SettingsError: The account is not set.
        SourceUnavailable: The changes cannot be had whole.
    """
    now = clock()
    with open_fetcher(settings, ACLED, wait) as fetcher:
        api = open_acled(Access(fetcher, settings, download_folder(settings)))
        with database.read() as connection:
            stored = list_deliveries(connection, ACLED.name)
            known = events_known_at(connection, ACLED.name, now)
            coverage = coverage_known_at(connection, ACLED.name, now)
        if not stored:
            raise NothingKnown(
                "There is no delivery of ACLED to go on from.",
                "Fetch whole days first: tocsin ingest acled --countries … --covers-from …",
            )
        countries = sorted({span.country for span in coverage})
        # Where countries differ in what is known of them, only what all share can be gone on with.
        first = max(
            min(span.covers_from for span in coverage if span.country == code) for code in countries
        )
        last = until or now.date() - timedelta(days=1)
        # Events of days that no delivery spoke for were touched after those days began.
        reached = min(
            max(span.covers_to for span in coverage if span.country == code) for code in countries
        )
        since = min(stored[-1].known_at, datetime.combine(reached, time(), UTC)) - CHANGES_OVERLAP
        changes = api.fetch_changes(countries, since, now)
    target = download_folder(settings) / f"acled-changes-{now:%Y-%m-%dT%H%M%S}.json"
    save_changes(changes, target)
    batch = read_acled_changes(
        target,
        known,
        known_at=now.date(),
        covers_from=first,
        covers_to=max(last, first),
        countries=countries,
    )
    return take_in(
        database,
        batch,
        source=ACLED,
        vintage=f"{now:%Y-%m-%d}",
        known_at=now,
        received_at=now,
        origin=Origin.of_file(target),
        is_scope_stated=True,
    )


def _write_events(batch: Batch) -> bytes:
    return batch.events.to_csv(index=False).encode()
