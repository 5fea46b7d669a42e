"""Schedules: at which moments a cycle of a region set is due.

Pure: from a cron line, a time zone and the present moment. What became of a moment is a row in
`service.schedule.slots`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from data.calendar import STEPS, Step
from data.errors import SettingsError
from data.regions import RegionSetHead
from service.intake.fetching import is_fetchable
from service.settings import Settings

_GENERAL: dict[Step, str] = {"month": "TOCSIN_CYCLE_CRON", "week": "TOCSIN_CYCLE_CRON_WEEKLY"}
_LOOK_BACK = (timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta(days=32))
_CLOCK_CHANGE = timedelta(hours=3)
"""More than clocks are ever set forward or back at once."""
_FURTHEST = timedelta(days=366 * 8)  # The 29th of February may be eight years away.


@dataclass(frozen=True)
class Schedule:
    """When cycles of a set are due.

    Attributes:
        cron: Five fields: minute, hour, day of month, month, day of week.
        time_zone: Name of the time zone in which the line is read, `Africa/Bamako`.
    """

    cron: str
    time_zone: str = "UTC"


def schedule_of(settings: Settings, region_set: RegionSetHead) -> Schedule | None:
    """Returns the schedule of a set, or None if it is scored by hand.

    A set that settings name has the schedule that they give; any other has the general one if its
    source is fetched without anybody's doing.
    """
    own = settings.schedules.get(region_set.name)
    if own is not None:
        return Schedule(own.cron, own.time_zone)
    fetched = {plan.source for plan in settings.fetches.values()}
    is_fed = is_fetchable(region_set) or region_set.source in fetched
    return general_schedule(settings, region_set.step) if is_fed else None


def general_schedule(settings: Settings, step: Step) -> Schedule:
    """Returns the schedule of sets of a step that settings do not name."""
    return Schedule(settings.cycle_cron_weekly if step == "week" else settings.cycle_cron)


def check_schedules(settings: Settings, now: datetime) -> None:
    """Reads every cron line once.

    Raises:
        SettingsError: A cron line or time zone cannot be read.
    """
    named = {f"TOCSIN_SCHEDULES: '{name}'": own for name, own in settings.schedules.items()}
    schedules = {setting: Schedule(own.cron, own.time_zone) for setting, own in named.items()}
    general = {_GENERAL[step]: general_schedule(settings, step) for step in STEPS}
    for setting, schedule in (general | schedules).items():
        try:
            newest_slot(schedule, now)
        except SettingsError as problem:
            raise SettingsError(f"{setting}: {problem.message}", problem.hint) from None


def slots_between(schedule: Schedule, since: datetime, until: datetime) -> list[datetime]:
    """Returns the moments at which a cycle is due, UTC, oldest first.

    A time of day that is left out when clocks are set forward is due by the clock before, just
    after; one that comes twice when they are set back is due twice.

    Args:
        schedule: Cron line and time zone.
        since: First moment that counts (`>=`).
        until: Last moment that counts (`<=`).

    Raises:
        SettingsError: The cron line or the time zone cannot be read.
    """
    trigger, zone = _read_schedule(schedule)
    first, last = (moment.astimezone(zone).replace(tzinfo=UTC) for moment in (since, until))
    found: set[datetime] = set()
    due = trigger.get_next_fire_time(None, first - _CLOCK_CHANGE)
    while due is not None and due <= last + _CLOCK_CHANGE:
        found.update(_moments_of(due, zone))
        due = trigger.get_next_fire_time(due, due)
    return sorted(moment for moment in found if since <= moment <= until)


def newest_slot(schedule: Schedule, now: datetime) -> datetime | None:
    """Returns the last moment at or before `now` at which a cycle was due.

    None if there was none in the last eight years.

    Raises:
        SettingsError: The cron line or the time zone cannot be read.
    """
    # Look back further only where the nearer past holds no slot, so that few are counted.
    for near, far in pairwise((*_LOOK_BACK, _FURTHEST)):
        found = slots_between(schedule, now - far, now - near)
        if found:
            return found[-1]
    return None


def next_slot(schedule: Schedule, now: datetime) -> datetime | None:
    """Returns the first moment after `now` at which a task is due; None if there is none.

    Raises:
        SettingsError: The cron line or the time zone cannot be read.
    """
    for near, far in pairwise((*_LOOK_BACK, _FURTHEST)):
        found = slots_between(schedule, now + max(near, timedelta(seconds=1)), now + far)
        if found:
            return found[0]
    return None


def _moments_of(clock: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yields the moments at which clocks of a zone show a time, one at least."""
    shown = clock.replace(tzinfo=None)
    once, again = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    yield once
    if again.astimezone(zone).replace(tzinfo=None) == shown:
        yield again


def _read_schedule(schedule: Schedule) -> tuple[CronTrigger, ZoneInfo]:
    """Returns what the clocks show when a task is due, as if it were UTC, and the zone."""
    try:
        zone = ZoneInfo(schedule.time_zone)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f"'{schedule.time_zone}' is no time zone.",
            "Write it as 'Africa/Bamako' or 'UTC'.",
        ) from None
    try:
        return CronTrigger.from_crontab(schedule.cron, timezone=UTC), zone
    except ValueError as problem:
        raise SettingsError(
            f"'{schedule.cron}' is no cron line: {problem}.",
            "Write it as '0 6 12 * *': minute, hour, day, month, day of week.",
        ) from None
