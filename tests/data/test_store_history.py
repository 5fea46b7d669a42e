"""Random histories of deliveries against an oracle that replays them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from sqlalchemy import Connection, func, select

from data.calendar import end_of_day, to_epoch_day
from data.database import Database, open_database
from data.errors import Conflict
from data.events import Batch, Refusal
from data.sources.contract import SourceInfo
from data.store import append_delivery, blocks, events_as_known, read_latest, read_versions
from data.tables import event_blocks

FIRST = date(2021, 1, 1)
KNOWN_FROM = date(2021, 3, 1)
# Few of each, so that deliveries meet often.
COUNTRIES = ("MLI", "NER")
N_DAYS = 3
IDENTIFIERS = "abc"

Event = tuple[str, int, int]  # country, day, deaths


@dataclass(frozen=True)
class Told:
    """One delivery of a random history; days count from `FIRST` and `KNOWN_FROM`."""

    known_on: int
    countries: tuple[str, ...]
    first: int
    last: int
    events: dict[str, Event]
    refused: frozenset[str]

    def claims(self, event: Event) -> bool:
        country, day, _ = event
        return country in self.countries and self.first <= day <= self.last


def replay(history: list[Told], as_of: int) -> dict[str, Event]:
    """What is known on a day: the deliveries known by then, one after the other."""
    state: dict[str, Event] = {}
    for told in sorted(history, key=lambda item: item.known_on):
        if told.known_on > as_of:
            continue
        for identifier, event in list(state.items()):
            still_listed = identifier in told.events or identifier in told.refused
            if told.claims(event) and not still_listed:
                del state[identifier]
        state.update(told.events)
    return state


@st.composite
def deliveries(draw: st.DrawFn, *, is_within: bool) -> Told:
    countries = draw(st.sets(st.sampled_from(COUNTRIES), min_size=1))
    first = draw(st.integers(0, N_DAYS - 1))
    last = draw(st.integers(first, N_DAYS - 1))
    where = st.sampled_from(sorted(countries)) if is_within else st.sampled_from(COUNTRIES)
    when = st.integers(first, last) if is_within else st.integers(0, N_DAYS - 1)
    events = draw(
        st.dictionaries(
            st.sampled_from(IDENTIFIERS), st.tuples(where, when, st.integers(0, 1)), max_size=3
        )
    )
    refused = draw(st.sets(st.sampled_from(IDENTIFIERS), max_size=1)) - set(events)
    return Told(
        known_on=draw(st.integers(0, 3)),
        countries=tuple(sorted(countries)),
        first=first,
        last=last,
        events=events,
        refused=frozenset(refused),
    )


Tell = Callable[[Connection, list[Told]], list[Told]]
SOURCE = SourceInfo("told", "Told", "CC0-1.0", "nobody", "", True, False)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database; each history is written in a transaction that is rolled back."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("history") / "tocsin.db"
        path.write_bytes(migrated_file.read_bytes())
        url = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.url(server.copy())
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def tell(make_events: Callable[..., pd.DataFrame]) -> Tell:
    """Stores a history; returns the deliveries that were not refused."""

    def store(connection: Connection, history: list[Told]) -> list[Told]:
        taken: list[Told] = []
        for number, told in enumerate(history):
            events = make_events(
                *[
                    {
                        "event_id": identifier,
                        "country": country,
                        "date": to_epoch_day(FIRST) + day,
                        "fatalities_best": deaths,
                    }
                    for identifier, (country, day, deaths) in told.events.items()
                ]
            )
            batch = Batch(
                events=events,
                refusals=tuple(Refusal(1, item, "x", "x", {}) for item in sorted(told.refused)),
                n_rows=len(events) + len(told.refused),
                countries=told.countries,
                covers_from=FIRST + timedelta(days=told.first),
                covers_to=FIRST + timedelta(days=told.last),
            )
            known_at = end_of_day(KNOWN_FROM + timedelta(days=told.known_on))
            try:
                append_delivery(
                    connection,
                    batch,
                    source=SOURCE,
                    vintage=str(number),
                    known_at=known_at,
                    received_at=known_at,
                    file_name="x",
                    sha256="0" * 64,
                )
            except Conflict:
                continue
            taken.append(told)
        return taken

    return store


def stored(connection: Connection, as_of: int) -> dict[str, Event]:
    """Returns what the store knows on a day."""
    table = events_as_known(connection, SOURCE.name, KNOWN_FROM + timedelta(days=as_of))
    assert table["event_id"].is_unique
    return {
        row.event_id: (row.country, row.date - to_epoch_day(FIRST), row.fatalities_best)
        for row in table.itertuples()
    }


def check(database: Database, tell: Tell, history: list[Told]) -> list[Told]:
    """Compares the store with the oracle day by day; returns the deliveries taken."""
    with database.read() as connection:
        taken = tell(connection, history)
        for as_of in {-1, *(told.known_on for told in taken)}:
            assert stored(connection, as_of) == replay(taken, as_of)
    return taken


relaxed = settings(max_examples=30, deadline=None)


@relaxed
@given(st.lists(deliveries(is_within=True), min_size=1, max_size=6))
def test_any_order_of_deliveries_that_keep_to_their_claims(
    database: Database, tell: Tell, history: list[Told]
) -> None:
    assert len(check(database, tell, history)) >= 1


@relaxed
@given(st.lists(deliveries(is_within=False), min_size=1, max_size=6))
def test_every_delivery_in_order_is_taken(
    database: Database, tell: Tell, history: list[Told]
) -> None:
    in_order = [replace(told, known_on=number) for number, told in enumerate(history)]
    assert check(database, tell, in_order) == in_order


@relaxed
@given(st.lists(deliveries(is_within=True), min_size=2, max_size=5), st.integers(0, 3))
def test_what_is_told_later_does_not_change_what_was_known(
    database: Database, tell: Tell, history: list[Told], as_of: int
) -> None:
    both = sorted(history, key=lambda told: told.known_on)
    by_then = [told for told in both if told.known_on <= as_of]
    assume(0 < len(by_then) < len(history))
    with database.read() as connection:
        tell(connection, by_then)
        before = stored(connection, as_of)
    with database.read() as connection:
        tell(connection, both)
        assert stored(connection, as_of) == before


@relaxed
@given(st.lists(deliveries(is_within=True), min_size=4, max_size=10))
def test_merging_small_blocks_changes_no_history(
    database: Database, tell: Tell, history: list[Told]
) -> None:
    """Every delivery that follows two small blocks merges them, whichever is the older."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(blocks, "MERGE_FROM", 3)
        with database.read() as connection:
            taken = tell(connection, history)
            count = select(func.count()).select_from(event_blocks)
            assert (connection.scalar(count) or 0) < 3
            merged = [read(connection, day) for day in range(-1, 4)]
            for as_of in range(-1, 4):
                assert stored(connection, as_of) == replay(taken, as_of)
    with database.read() as connection:
        tell(connection, history)
        plain = [read(connection, day) for day in range(-1, 4)]
    for (latest, versions), (plain_latest, plain_versions) in zip(merged, plain, strict=True):
        assert_frame_equal(latest, plain_latest)
        assert_frame_equal(versions, plain_versions)


def read(connection: Connection, as_of: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the newest rows and all versions that were known on a day."""
    moment = end_of_day(KNOWN_FROM + timedelta(days=as_of))
    return (
        read_latest(connection, SOURCE.name, moment),
        read_versions(connection, SOURCE.name, moment, since_day=0),
    )
