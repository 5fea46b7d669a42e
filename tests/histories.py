"""Random histories of deliveries, and a slow replay that whatever is read as known must equal.

A history holds edits, deletions, re-insertions, rows that could not be read, and events that come
months late. The world is that of the fixture `squares`: ML1, ML2 and NE1, one degree each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st
from sqlalchemy import Connection

from data.calendar import end_of_day, to_epoch_day
from data.errors import Conflict
from data.events import EVENT_COLUMNS, EVENT_TYPES, STRATEGIC, Batch, Refusal, conform_events
from data.sources.contract import SourceInfo
from data.store import append_delivery

FIRST = date(2021, 1, 1)
# Few of each, so that deliveries meet often; days on both sides of a month's end.
DAYS = tuple(FIRST + timedelta(days=n) for n in (0, 30, 31, 45, 58, 59, 89))
KNOWN_ON = tuple(date(2021, 2, 3) + timedelta(days=n) for n in (0, 24, 30, 61, 90))
SPANS = (
    (date(2021, 1, 1), date(2021, 1, 31)),
    (date(2021, 1, 1), date(2021, 1, 20)),
    (date(2021, 1, 1), date(2021, 2, 3)),
    (date(2021, 1, 20), date(2021, 2, 3)),
    (date(2021, 2, 1), date(2021, 2, 28)),
    (date(2021, 1, 1), date(2021, 3, 31)),
)
COUNTRIES = ("MLI", "NER")
# Where a point lies, and the region that holds it; the last is no country of the set.
PLACES: tuple[tuple[str, float, str | None], ...] = (
    ("MLI", 0.5, "ML1"),
    ("MLI", 0.7, "ML1"),
    ("MLI", 1.5, "ML2"),
    ("NER", 2.5, "NE1"),
    ("BEN", 2.5, None),
)
GROUPS = {
    "Government of Mali": "state",
    "JNIM": "jnim",
    "ISGS": "islamic_state",
    "Dan Na Ambassagou": "self_defence",
    "Civilians": "",
}
KINDS = {
    "events_looting": "looting",
    "events_on_posts": "attack on post",
}
MOMENTS = (*(day - timedelta(days=1) for day in KNOWN_ON[:1]), *KNOWN_ON, date(2021, 7, 2))
"""Days worth looking from: before anything was known, on each delivery's, and later."""


@dataclass(frozen=True)
class Said:
    """An event as one delivery tells it."""

    place: int
    day: int
    days_vague: int
    where_precision: int
    event_type: str
    sub_type: str
    actor_a: str
    actor_b: str
    deaths: int
    civilians: int | None
    n_sources: int | None

    @property
    def country(self) -> str:
        """Its country."""
        return PLACES[self.place][0]

    @property
    def is_violence(self) -> bool:
        """Whether it counts as violence."""
        return self.event_type != STRATEGIC

    @property
    def region(self) -> str | None:
        """The region that holds it; None if it is held at country level, or outside."""
        return PLACES[self.place][2] if self.where_precision < 6 else None

    @property
    def date(self) -> date:
        """The day it ended."""
        return DAYS[self.day]

    @property
    def days(self) -> list[date]:
        """The days over which it is spread: one, unless it is known to no better than a year."""
        return [self.date - timedelta(days=n) for n in range(self.days_vague + 1)]

    def row(self, event_id: str) -> dict[str, Any]:
        """Returns its row, columns `data.events.EVENT_COLUMNS`."""
        return {
            "event_id": event_id,
            "date": to_epoch_day(self.date),
            "date_start": to_epoch_day(self.days[-1]),
            "date_precision": 5 if self.days_vague else 1,
            "country": self.country,
            "latitude": 0.5,
            "longitude": PLACES[self.place][1],
            "where_precision": self.where_precision,
            "admin1": "",
            "admin2": "",
            "event_type": self.event_type,
            "sub_type": self.sub_type,
            "actor_a": self.actor_a,
            "actor_b": self.actor_b,
            "fatalities_best": self.deaths,
            "fatalities_low": self.deaths // 2,
            "fatalities_high": 2 * self.deaths,
            "civilian_fatalities": self.civilians,
            "n_sources": self.n_sources,
        }


@dataclass(frozen=True)
class Told:
    """One delivery: a full statement for its countries and days."""

    known_on: date
    countries: tuple[str, ...]
    span: tuple[date, date]
    events: dict[str, Said]
    refused: frozenset[str]

    def claims(self, event: Said) -> bool:
        """Returns whether it speaks for the event's country and last day."""
        return event.country in self.countries and self.span[0] <= event.date <= self.span[1]


def replay(history: list[Told], as_of: date) -> dict[str, Said]:
    """Returns what is known on a day: the deliveries known by then, one after the other."""
    state: dict[str, Said] = {}
    for told in sorted(history, key=lambda item: item.known_on):
        if told.known_on > as_of:
            continue
        for event_id, event in list(state.items()):
            if told.claims(event) and event_id not in told.events and event_id not in told.refused:
                del state[event_id]
        state.update(told.events)
    return state


def spoken_for(history: list[Told], as_of: date) -> set[tuple[str, date]]:
    """Returns the countries and days that the deliveries known on a day speak for."""
    return {
        (country, day)
        for told in history
        if told.known_on <= as_of
        for country in told.countries
        for day in _days(*told.span)
    }


def is_month_known(history: list[Told], as_of: date, country: str, month: int) -> bool:
    """Returns whether every day of a month, numbered from January 2021, was known of a country."""
    days = month_days(month)
    return days[-1] <= as_of and {(country, day) for day in days} <= spoken_for(history, as_of)


def month_days(month: int) -> list[date]:
    """Returns the days of a month, numbered from January 2021."""
    start = date(2021 + month // 12, month % 12 + 1, 1)
    end = date(2021 + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return list(_days(start, end - timedelta(days=1)))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


saids = st.builds(
    Said,
    place=st.integers(0, len(PLACES) - 1),
    day=st.integers(0, len(DAYS) - 1),
    days_vague=st.sampled_from((0, 0, 0, 20)),
    where_precision=st.sampled_from((1, 1, 1, 5, 6)),
    event_type=st.sampled_from(EVENT_TYPES),
    sub_type=st.sampled_from(("", "", *KINDS.values(), "; ".join(KINDS.values()))),
    actor_a=st.sampled_from(sorted(GROUPS)),
    actor_b=st.sampled_from(sorted(GROUPS)),
    deaths=st.integers(0, 3),
    civilians=st.sampled_from((None, 0, 1)),
    n_sources=st.sampled_from((None, 1, 3)),
)


@st.composite
def deliveries(draw: st.DrawFn) -> Told:
    """Draws a delivery; nothing in it lies after the day on which it became known."""
    known_on = draw(st.sampled_from(KNOWN_ON))
    span = draw(st.sampled_from([span for span in SPANS if span[1] <= known_on]))
    told = draw(st.dictionaries(st.sampled_from("abcd"), saids, max_size=4))
    return Told(
        known_on=known_on,
        countries=tuple(sorted(draw(st.sets(st.sampled_from(COUNTRIES), min_size=1)))),
        span=span,
        events={key: event for key, event in told.items() if event.date <= known_on},
        refused=frozenset(draw(st.sets(st.sampled_from("abc"), max_size=1)) - set(told)),
    )


histories = st.lists(deliveries(), min_size=1, max_size=6)


def store_history(
    connection: Connection, history: list[Told], source: SourceInfo
) -> dict[str, Told]:
    """Stores a history in the order given; returns vintage to delivery of those not refused."""
    taken: dict[str, Told] = {}
    for number, told in enumerate(history):
        moment = end_of_day(told.known_on)
        rows = [said.row(event_id) for event_id, said in told.events.items()]
        batch = Batch(
            events=conform_events(pd.DataFrame(rows, columns=list(EVENT_COLUMNS))),
            refusals=tuple(Refusal(1, item, "x", "x", {}) for item in sorted(told.refused)),
            n_rows=len(told.events) + len(told.refused),
            countries=told.countries,
            covers_from=told.span[0],
            covers_to=told.span[1],
        )
        try:
            append_delivery(
                connection,
                batch,
                source=source,
                vintage=str(number),
                known_at=moment,
                received_at=moment,
                file_name="events.csv",
                sha256=f"{number:064x}",
            )
        except Conflict:
            continue
        taken[str(number)] = told
    return taken
