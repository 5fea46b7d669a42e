"""What `tocsin doctor` finds: a line per thing that must be right, and what to do if it is not."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Literal

from sqlalchemy import func, select

from data.database import Database
from data.errors import TocsinError
from data.quality import list_examinations
from data.regions import RegionSet, list_region_sets
from data.store import coverage_as_known, list_deliveries
from models.artefacts.signing import KEY_FILE, load_or_make_key
from models.registry import find_champion, load_champion
from service.publications.store import find_head
from service.schedule.scheduled_fetches import list_fetch_states
from service.settings import Settings
from service.tables import outbox

Verdict = Literal["ok", "warning", "failure"]
_LOW_DISK_BYTES = 500 * 1024 * 1024
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "sqlalchemy", "fastapi")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: What was looked at.
        verdict: `ok`, `warning` (works, but look at it) or `failure` (does not work).
        text: What was found, one line.
        remedy: What to do; empty if nothing.
    """

    subject: str
    verdict: Verdict
    text: str
    remedy: str = ""


def examine(database: Database, settings: Settings, now: datetime) -> list[Finding]:
    """Returns what is right and what is wrong with an installation; changes nothing.

    Args:
        database: The open database.
        settings: The settings in force.
        now: The present moment, UTC.
    """
    findings = [_examine_versions(), _examine_disk(settings), _examine_database(database)]
    findings.append(_examine_key(settings))
    with database.read() as connection:
        region_sets = list_region_sets(connection)
    if not region_sets:
        findings.append(
            Finding(
                "region sets",
                "warning",
                "none yet",
                "Import one with `tocsin regions import`, or run `tocsin demo`.",
            )
        )
    for region_set in region_sets:
        findings.extend(_examine_set(database, settings, region_set, now))
    findings.extend(_examine_sources(database, settings, now))
    findings.append(_examine_outbox(database))
    return findings


def _examine_versions() -> Finding:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    python = ".".join(map(str, sys.version_info[:3]))
    return Finding("versions", "ok", f"tocsin {version('tocsin')}, Python {python}, {libraries}")


def _examine_disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.state_dir if settings.state_dir.exists() else ".").free
    text = f"{settings.state_dir.absolute()}, {free / 1024**3:.1f} GiB free"
    if free < _LOW_DISK_BYTES:
        return Finding("state folder", "warning", text, "Make room: a full disk stops publication.")
    return Finding("state folder", "ok", text)


def _examine_database(database: Database) -> Finding:
    dialect = database.engine.dialect.name
    with database.read() as connection:
        if dialect != "sqlite":
            server = connection.exec_driver_sql("SHOW server_version").scalar_one()
            return Finding("database", "ok", f"{dialect} {server}")
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        damage = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    text = f"SQLite {sqlite3.sqlite_version}, journal {journal}"
    if damage != "ok":
        return Finding("database", "failure", f"{text}: {damage}", "Restore the last backup.")
    return Finding("database", "ok", text)


def _examine_key(settings: Settings) -> Finding:
    path = settings.state_dir / KEY_FILE
    if not path.exists():
        return Finding("signing key", "ok", "none yet: the first training makes it")
    try:
        load_or_make_key(settings.state_dir)
    except TocsinError as error:
        return Finding("signing key", "failure", error.message, error.hint)
    return Finding("signing key", "ok", f"{path}, readable by its owner only")


def _examine_set(
    database: Database, settings: Settings, region_set: RegionSet, now: datetime
) -> Iterator[Finding]:
    name, today = region_set.name, now.date()
    with database.read() as connection:
        coverage = coverage_as_known(connection, region_set.source, today)
        head = find_head(connection, name)
    covered = {entry.country: entry.covers_to for entry in coverage}
    missing = [country for country in region_set.countries if country not in covered]
    if missing:
        yield Finding(
            f"{name}: events",
            "warning",
            f"no delivery of '{region_set.source}' speaks for {', '.join(missing)}",
            "Ingest one with `tocsin ingest`.",
        )
    else:
        newest = min(covered[country] for country in region_set.countries)
        yield Finding(f"{name}: events", "ok", f"'{region_set.source}' known to {newest}")
    yield _examine_model(database, settings, name)
    if head is None:
        yield Finding(
            f"{name}: publication", "warning", "none yet", f"Run `tocsin score --set {name}`."
        )
        return
    age_days = (today - head.as_of).days
    text = f"as-of {head.as_of}, revision {head.revision}, {age_days} days old"
    if age_days > settings.warning_days(region_set.step):
        yield Finding(
            f"{name}: publication",
            "warning",
            f"{text}: pages call it stale",
            f"Ingest newer events, then run `tocsin score --set {name}`.",
        )
    else:
        yield Finding(f"{name}: publication", "ok", text)


def _examine_model(database: Database, settings: Settings, name: str) -> Finding:
    if not (settings.state_dir / KEY_FILE).exists():
        return Finding(f"{name}: model", "warning", "none yet", f"Run `tocsin train --set {name}`.")
    try:
        key = load_or_make_key(settings.state_dir).public
        with database.read() as connection:
            found = [
                load_champion(connection, name, outcome, key).model_version
                for outcome in settings.outcomes
                if outcome == settings.outcomes[0]
                or find_champion(connection, name, outcome) is not None
            ]
    except TocsinError as error:
        verdict: Verdict = "warning" if error.code == "not_ready" else "failure"
        return Finding(f"{name}: model", verdict, error.message, error.hint)
    hold = "signature holds" if len(found) == 1 else "signatures hold"
    return Finding(f"{name}: model", "ok", f"{', '.join(found)}, {hold}")


def _examine_sources(database: Database, settings: Settings, now: datetime) -> Iterator[Finding]:
    with database.read() as connection:
        newest = {item.source: item for item in list_deliveries(connection)}
        held = list_examinations(connection, "held")
    states = list_fetch_states(database, settings, now)
    for name in sorted({*newest, *(state.source for state in states)}):
        stored = newest.get(name)
        text = "nothing stored"
        if stored is not None:
            days = (now.date() - stored.known_at.date()).days
            text = f"last delivery {stored.vintage}, known {days} days ago"
        n_held = sum(item.source == name for item in held)
        if n_held:
            yield Finding(
                f"source {name}", "warning", f"{text}; {n_held} held", "`tocsin data list --held`."
            )
        else:
            yield Finding(f"source {name}", "ok", text)
    for state in states:
        subject, slot = f"fetch {state.name}", state.slot
        due = f", due {state.due_at:%Y-%m-%d %H:%M} UTC" if state.due_at else ""
        if state.problem:
            yield Finding(subject, "failure", state.problem, "Mend TOCSIN_FETCHES.")
        elif slot is None:
            yield Finding(subject, "ok", f"not run yet{due}")
        elif state.is_failing:
            text = f"failed at {slot.slot_at:%Y-%m-%d %H:%M}: {slot.detail}{due}"
            yield Finding(subject, "warning", text, "`tocsin sources schedule` says more.")
        else:
            yield Finding(subject, "ok", f"{slot.status}: {slot.detail}{due}")


def _examine_outbox(database: Database) -> Finding:
    query = select(outbox.c.status, func.count()).group_by(outbox.c.status)
    with database.read() as connection:
        counts = {status: number for status, number in connection.execute(query)}  # noqa: C416
    text = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    if counts.get("dead"):
        return Finding(
            "outbox", "warning", text, "`tocsin alerts messages --status dead` says why."
        )
    return Finding("outbox", "ok", text or "no messages yet")
