"""The source of the simulated world: a monthly release, late, revised, complete in the end.

A release comes out on the 10th of a month, or on the Monday after if that is a weekend. It speaks
for all countries from the first month of the world to the end of the month before the release, and
holds what was known on the day it came out. Events that end later are left to the next one.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from data.calendar import period_end, period_label, period_of, period_start, to_epoch_day
from data.errors import NothingKnown
from data.events import Batch
from data.simulate import FIRST_DAY, SCHEMATIC_COUNTRIES, World, reports_as_known, simulate_world
from data.sources.contract import SourceInfo

SIMULATED = SourceInfo(
    name="simulated",
    title="Simulated Sahel (invented events)",
    licence="CC0-1.0",
    attribution="Simulated by Tocsin from a random seed: no real place, person or event (CC0 1.0)",
    url="",
    redistributable=True,
    is_simulated=True,
)

RELEASE_DAY = 10
_SATURDAY = 5


def deliver_simulated(as_of: date, seed: int) -> Batch:
    """Returns the newest release that is out on `as_of`.

    Every day until the next release gives the same batch.

    Args:
        as_of: A day; a release of that day is out (`<=`).
        seed: Seed of the world, >= 0.

    Raises:
        NothingKnown: The first release is not out yet.
        UsageError: The seed is negative.
    """
    release = last_release(as_of)
    month = period_of(release, "month") - 1
    covers_to = period_end(month, "month")
    world = _world_of_year(release.year, seed)
    held = reports_as_known(world.reports, to_epoch_day(release))
    events = held[held["date"] <= to_epoch_day(covers_to)].reset_index(drop=True)
    return Batch(
        events=events,
        refusals=(),
        n_rows=len(events),
        countries=SCHEMATIC_COUNTRIES,
        covers_from=FIRST_DAY,
        covers_to=covers_to,
    )


def last_release(as_of: date) -> date:
    """Returns the day of the newest release that is out on `as_of`.

    Raises:
        NothingKnown: The first release is not out yet.
    """
    month = period_of(as_of, "month")
    release = release_day(month)
    if release > as_of:
        month -= 1
        release = release_day(month)
    if month <= period_of(FIRST_DAY, "month"):
        first = release_day(period_of(FIRST_DAY, "month") + 1)
        raise NothingKnown(
            f"The simulated source has released nothing by {as_of}.",
            f"Its first release comes out on {first}.",
        )
    return release


def release_day(month: int) -> date:
    """Returns the day in the month (a period ordinal) on which its release comes out."""
    day = period_start(month, "month").replace(day=RELEASE_DAY)
    days_over = day.weekday() - _SATURDAY
    return day if days_over < 0 else day + timedelta(days=2 - days_over)


def release_days(since: date, until: date) -> list[date]:
    """Returns the days of all releases from `since` to `until`, both included, oldest first."""
    first = max(period_of(since, "month"), period_of(FIRST_DAY, "month") + 1)
    days = [release_day(month) for month in range(first, period_of(until, "month") + 1)]
    return [day for day in days if since <= day <= until]


def vintage_name(as_of: date) -> str:
    """Returns the name of the newest release out on `as_of`, the month of its day: `2026-10`.

    Raises:
        NothingKnown: The first release is not out yet.
    """
    return period_label(period_of(last_release(as_of), "month"), "month")


@lru_cache(maxsize=2)
def _world_of_year(year: int, seed: int) -> World:
    # The world to the end of the year serves all releases of the year: it holds the same earlier
    # reports as one that ends sooner, and later ones are not known yet.
    return simulate_world(date(year, 12, 31), seed)
