"""A small world that its source tells month by month, with late, corrected and withdrawn events.

Eight square regions: six of Mali and Niger, the set `own`, and two of Burkina Faso, the set
`beside`. The first delivery tells of six years at once; each later one adds a month and tells all
of it anew, as far as it is known by then. Nothing in it ever happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from shapely.geometry import box
from sqlalchemy import Connection

from data.calendar import end_of_day, period_end, period_of, period_start, to_epoch_day
from data.events import EVENT_COLUMNS, Batch, conform_events
from data.regions import Region, RegionSet, find_neighbours, save_region_set
from data.sources.ged import GED
from data.store import append_delivery

FIRST_DAY = date(2013, 1, 1)
N_AT_ONCE = 72
N_MONTHLY = 14
COUNTRY_OF = ("MLI", "MLI", "MLI", "NER", "NER", "NER", "BFA", "BFA")
FIRST_MONTH = period_of(FIRST_DAY, "month")

Rows = list[dict[str, Any]]


def region_sets() -> tuple[RegionSet, RegionSet]:
    """Returns the sets `own` and `beside`."""
    return tuple(
        RegionSet(
            name=name,
            kind="custom",
            step="month",
            source="ged",
            is_schematic=True,
            attribution="",
            regions=(regions := _regions(wanted)),
            neighbours=find_neighbours([one.geometry for one in regions]),
        )
        for name, wanted in (("own", range(6)), ("beside", range(6, 8)))
    )


def _regions(positions: Sequence[int]) -> tuple[Region, ...]:
    return tuple(
        Region(f"R{n}", f"Region {n}", COUNTRY_OF[n], box(n, 0, n + 1, 1)) for n in positions
    )


def delivery_day(number: int) -> date:
    """Returns the day on which a delivery becomes known: the 12th after its last month."""
    return period_start(FIRST_MONTH + N_AT_ONCE + number, "month").replace(day=12)


def last_day() -> date:
    """Returns a day on which all deliveries are known."""
    return delivery_day(N_MONTHLY)


def told_by(number: int) -> Rows:
    """Returns the events as a delivery tells them, columns `EVENT_COLUMNS`.

    One in six is told a month late; of two in five the deaths are told too low or too high until
    two months later; one in twelve is withdrawn after three.
    """
    n_months = N_AT_ONCE + number
    rows = []
    for event_id, (month, region, deaths, fate) in enumerate(_world()):
        age = n_months - 1 - month
        is_late, is_withdrawn = fate % 6 == 0, fate % 12 == 1
        if age < 0 or (is_late and age < 1) or (is_withdrawn and age >= 3):
            continue
        told = deaths if age >= 2 or fate % 5 > 1 else deaths * (1 + 2 * (fate % 5)) // 2
        rows.append(event_row(f"E{event_id}", month, region, told))
    return rows


def event_row(event_id: str, month: int, region: int, deaths: int) -> dict[str, Any]:
    """Returns one event in the middle of a region and of a month, counted from the first."""
    day = to_epoch_day(period_start(FIRST_MONTH + month, "month")) + 14
    return {
        "event_id": event_id,
        "date_start": day,
        "date": day,
        "date_precision": 1,
        "latitude": 0.5,
        "longitude": region + 0.5,
        "where_precision": 1,
        "country": COUNTRY_OF[region],
        "admin1": "",
        "admin2": "",
        "event_type": ("state_based", "non_state", "one_sided")[month % 3],
        "sub_type": "",
        "actor_a": "Government of Mali",
        "actor_b": ("JNIM", "IS")[region % 2],
        "fatalities_best": deaths,
        "fatalities_low": deaths // 2,
        "fatalities_high": 2 * deaths,
        "civilian_fatalities": deaths // 3,
        "n_sources": 1,
    }


def _world() -> list[tuple[int, int, int, int]]:
    """Returns month, region, deaths and fate of every event; violence comes in spells."""
    generator = np.random.default_rng(11)
    found = []
    is_awake = np.zeros(len(COUNTRY_OF), bool)
    for month in range(N_AT_ONCE + N_MONTHLY):
        is_awake = np.where(is_awake, generator.random(8) > 0.2, generator.random(8) < 0.12)
        for region in range(8):
            for _ in range(generator.poisson(2.5 if is_awake[region] else 0.05)):
                deaths, fate = int(generator.poisson(9)), int(generator.integers(60))
                found.append((month, region, deaths, fate))
    return found


def store_delivery(
    connection: Connection, number: int, change: Callable[[Rows], Rows] = lambda rows: rows
) -> None:
    """Stores a delivery.

    Args:
        connection: A write transaction.
        number: 0 for the first.
        change: Changes what is told.
    """
    moment = end_of_day(delivery_day(number)).replace(hour=9)
    events = pd.DataFrame(change(told_by(number)), columns=list(EVENT_COLUMNS))
    append_delivery(
        connection,
        Batch(
            events=conform_events(events),
            refusals=(),
            n_rows=len(events),
            countries=tuple(sorted(set(COUNTRY_OF))),
            covers_from=FIRST_DAY,
            covers_to=period_end(FIRST_MONTH + N_AT_ONCE + number - 1, "month"),
        ),
        source=GED,
        vintage=f"month {number}",
        known_at=moment,
        received_at=moment,
        file_name="events.csv",
        sha256=f"{number:064x}",
    )


def store_world(connection: Connection, n_monthly: int = N_MONTHLY) -> None:
    """Stores both region sets and the deliveries up to a number."""
    for one in region_sets():
        save_region_set(connection, one, datetime(2018, 12, 1, tzinfo=UTC))
    for number in range(n_monthly + 1):
        store_delivery(connection, number)
