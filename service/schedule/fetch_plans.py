"""Fetch plans: what settings say of fetching a source on schedule, and what is asked on a day.

Pure: from the settings and a day. Doing it is `service.schedule.scheduled_fetches`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from data.calendar import period_of, period_start
from data.errors import SettingsError, TocsinError
from data.sources.contract import Query, read_credential
from data.sources.gleditsch_ward import parse_countries
from data.sources.ucdp_releases import release_path
from service.intake.fetching import find_adapter
from service.schedule.schedules import Schedule, newest_slot
from service.settings import OwnFetch, Settings

CANDIDATE = "candidate"
"""Version that stands for UCDP's Candidate release of the month before."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def fetch_schedule(plan: OwnFetch) -> Schedule:
    """Returns when a fetch is due."""
    return Schedule(plan.cron, plan.time_zone)


def plan_query(plan: OwnFetch, day: date) -> Query:
    """Returns what is asked of the source of a plan.

    Args:
        plan: The plan.
        day: The day on which the fetch is due; the last day asked for is the one before.
    """
    since = day - timedelta(days=plan.days) if plan.days else plan.since
    return Query(
        countries=parse_countries(",".join(plan.countries)) if plan.countries else (),
        since=since,
        until=None if since is None else day - timedelta(days=1),
        version=candidate_before(day) if plan.version == CANDIDATE else plan.version,
        part=plan.part,
    )


def candidate_before(day: date) -> str:
    """Returns the version of UCDP's Candidate release of the month before a day: `26.0.8`."""
    month = period_start(period_of(day, "month") - 1, "month")
    return f"{month:%y}.0.{month.month}"


def check_fetches(settings: Settings, day: date) -> None:
    """Holds every plan against what its source needs, so that a mistake shows at the start.

    Args:
        settings: The settings; credentials are looked at, and told to nobody.
        day: Today.

    Raises:
        SettingsError: A plan cannot be carried out.
    """
    for name, plan in settings.fetches.items():
        try:
            check_fetch(settings, name, plan, day)
        except TocsinError as problem:
            raise SettingsError(
                f"TOCSIN_FETCHES: '{name}': {problem.message}", problem.hint
            ) from None


def check_fetch(settings: Settings, name: str, plan: OwnFetch, day: date) -> None:
    """Holds one plan against what its source needs.

    Raises:
        TocsinError: It cannot be carried out.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError("This is no name.", "Use a to z, digits, '_' and '-', at most 64.")
    newest_slot(fetch_schedule(plan), datetime.combine(day, time(), UTC))
    adapter = find_adapter(plan.source)
    if adapter.guard is not None:
        adapter.guard(settings)
    query = plan_query(plan, day)
    if plan.version == CANDIDATE and plan.source != "ged":
        raise SettingsError("Only the source 'ged' has a version 'candidate'.")
    if plan.source == "ged" and query.version:
        release_path(query.version)
    if plan.place is not None:
        return
    if adapter.fetch is None:
        raise SettingsError(f"{adapter.info.title} has no API.", "Say the place of its file.")
    lacking = [need for need in adapter.needs if need != "until" and not getattr(query, need)]
    if lacking:
        raise SettingsError(
            f"{adapter.info.title} must be told {', '.join(lacking)}.",
            "`days` says since when, as a number of days before the fetch."
            if "since" in lacking
            else "",
        )
    if plan.part is not None and plan.part not in adapter.parts:
        raise SettingsError(
            f"{adapter.info.title} has no part '{plan.part}'.",
            f"Known: {', '.join(adapter.parts) or 'none'}.",
        )
    # UCDP's files need no token, only its API does.
    if plan.source != "ged" or plan.part == "api":
        for credential in adapter.info.credentials:
            read_credential(settings, adapter.info, credential)
