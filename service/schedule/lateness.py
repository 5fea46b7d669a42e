"""Is a region set's publication on time? The one answer for probes, metrics and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from data.regions import RegionSetHead
from service.publications.store import find_head
from service.schedule.schedules import newest_slot, schedule_of
from service.schedule.slots import find_slot
from service.settings import Settings

Punctuality = Literal["on_time", "late", "cycle_failed", "too_old", "never_published"]
"""`late`: due, and its grace is over. `cycle_failed`: the same, and the cycle failed. `too_old`: a
set without a schedule whose publication is older than pages call current."""


@dataclass(frozen=True)
class Lateness:
    """How punctual a set is.

    Attributes:
        region_set: Name of the set.
        punctuality: What may be said of it.
        latest_as_of: As-of of the newest publication; None if there is none.
        published_at: When that was written.
        due_at: The last moment at which a cycle was due, its grace over; None without a schedule.
    """

    region_set: str
    punctuality: Punctuality
    latest_as_of: date | None
    published_at: datetime | None
    due_at: datetime | None

    @property
    def is_late(self) -> bool:
        """True if somebody should look."""
        return self.punctuality != "on_time"


def judge_lateness(
    connection: Connection, region_set: RegionSetHead, settings: Settings, now: datetime
) -> Lateness:
    """Returns how punctual a set is.

    Args:
        connection: A read transaction.
        region_set: The set.
        settings: For its schedule, the grace, and the age from which pages call it stale.
        now: The present moment.
    """
    head = find_head(connection, region_set.name)
    schedule = schedule_of(settings, region_set)
    due_at = None
    punctuality: Punctuality = "on_time"
    if schedule is not None:
        due_at = newest_slot(schedule, now - timedelta(hours=settings.publication_grace_hours))
    if head is None:
        punctuality = "never_published"
    elif due_at is not None and head.as_of < due_at.date():
        slot = find_slot(connection, region_set.name, due_at)
        punctuality = "cycle_failed" if slot and slot.status == "failed" else "late"
    elif schedule is None and (now.date() - head.as_of).days > settings.warning_days(
        region_set.step
    ):
        punctuality = "too_old"
    return Lateness(
        region_set=region_set.name,
        punctuality=punctuality,
        latest_as_of=None if head is None else head.as_of,
        published_at=None if head is None else head.published_at,
        due_at=due_at,
    )
