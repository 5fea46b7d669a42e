"""Sentinels: each is set off by what it is for, and by nothing in the real and simulated data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.database import Database
from data.errors import Conflict, Refused, UnknownName, UsageError
from data.events import Batch, Refusal
from data.quality import (
    Finding,
    Reception,
    accept_held,
    examine_batch,
    list_examinations,
    receive_delivery,
    reject_held,
)
from data.sources.contract import SourceInfo
from data.sources.ged import read_ged
from data.sources.simulated import deliver_simulated, release_days
from data.store import Coverage, Delivery, events_as_known, list_deliveries

YEAR = (date(2021, 1, 1), date(2021, 12, 31))
NEXT = (date(2022, 1, 1), date(2022, 1, 31))
KNOWN = [Coverage(country, *YEAR) for country in ("MLI", "NER")]


def months(n_events: int, *, year: int = 2021, prefix: str = "", **values: Any) -> list[Any]:
    """So many events in each month of a year."""
    return [
        {
            "event_id": f"{prefix}{year}-{month}-{number}",
            "date": date(year, month, 1 + number),
            "longitude": 0.01 * number,
            **values,
        }
        for month in range(1, 13)
        for number in range(n_events)
    ]


def january(n_events: int, **values: Any) -> list[Any]:
    return [item for item in months(n_events, year=2022, **values) if item["date"].month == 1]


@pytest.fixture
def year(make_events: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A year of 12 events a month in Mali and 1 in Niger."""
    return make_events(*months(12), *months(1, prefix="n", country="NER"))


@pytest.fixture
def examine(make_batch: Callable[..., Batch], year: pd.DataFrame) -> Callable[..., Any]:
    """Findings on a delivery, code and country to finding."""

    def run(*events: Any, covers: tuple[date, date] = NEXT, **values: Any) -> dict[Any, Finding]:
        batch = make_batch(*events, covers=covers, **values)
        found = examine_batch(batch, year, KNOWN, [])
        assert [item.is_suspicious for item in found] == sorted(
            (item.is_suspicious for item in found), reverse=True
        )
        return {(item.code, item.country): item for item in found}

    return run


def refusals(n_rows: int, reason: str) -> list[Refusal]:
    return [Refusal(line, None, reason, "", {}) for line in range(n_rows)]


def test_an_ordinary_month_is_not_remarked_upon(examine: Callable[..., Any]) -> None:
    assert examine(*january(11)) == {}


def test_silence_in_a_country_that_is_never_silent(examine: Callable[..., Any]) -> None:
    found = examine(*january(2, country="NER"))
    assert list(found) == [("silence", "MLI")]
    assert found["silence", "MLI"].is_suspicious
    assert "2022-01" in found["silence", "MLI"].message


def test_a_month_of_zeros(examine: Callable[..., Any]) -> None:
    zeros = {"fatalities_best": 0, "fatalities_low": 0, "fatalities_high": 0}
    found = examine(*january(12, **zeros))
    assert found["zero_fill", "MLI"].is_suspicious


def test_a_few_events_without_a_death_are_chance(examine: Callable[..., Any]) -> None:
    zeros = {"fatalities_best": 0, "fatalities_low": 0, "fatalities_high": 0}
    assert not examine(*january(4, **zeros))["zero_fill", "MLI"].is_suspicious


def test_a_jump(examine: Callable[..., Any]) -> None:
    # The worst month before has 36 deaths.
    assert examine(*january(12, fatalities_best=60))["jump", "MLI"].is_suspicious
    assert not examine(*january(12, fatalities_best=59))["jump", "MLI"].is_suspicious
    assert examine(*january(12, fatalities_best=20)) == {}


def test_a_jump_after_years_without_data_is_no_jump(
    make_batch: Callable[..., Batch], year: pd.DataFrame
) -> None:
    later = make_batch(
        {"date": date(2025, 1, 1), "fatalities_best": 900},
        covers=(date(2025, 1, 1), date(2025, 1, 31)),
    )
    assert examine_batch(later, year, KNOWN, []) == ()


def test_mass_deletion(examine: Callable[..., Any]) -> None:
    kept = months(12) + months(1, prefix="n", country="NER")
    assert examine(*kept, covers=YEAR) == {}
    assert not examine(*kept[40:], covers=YEAR)["mass_deletion", None].is_suspicious
    assert examine(*kept[80:], covers=YEAR)["mass_deletion", None].is_suspicious
    refused = [Refusal(1, item["event_id"], "bad_number", "", {}) for item in kept[:80]]
    still = examine(*kept[80:], covers=YEAR, refusals=refused)
    assert ("mass_deletion", None) not in still


@pytest.mark.parametrize("factor", [100, 1000])
def test_units(examine: Callable[..., Any], factor: int) -> None:
    scaled = months(12, fatalities_best=3 * factor) + months(1, prefix="n", country="NER")
    assert examine(*scaled, covers=YEAR)["units", None].is_suspicious


def test_round_thousands_without_history(make_batch: Callable[..., Batch]) -> None:
    batch = make_batch(*january(6, fatalities_best=4000), covers=NEXT)
    assert [item.code for item in examine_batch(batch, batch.events[:0], [], [])] == ["units"]


def test_an_actor_that_was_renamed_is_noted(examine: Callable[..., Any]) -> None:
    renamed = months(12, actor_a="New name") + months(1, prefix="n", country="NER", actor_a="C")
    found = examine(*renamed, covers=YEAR)["actor_rename", None]
    assert not found.is_suspicious
    assert "'A' is now called 'New name' in 144 of its 156" in found.message


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("date_after_known_at", "future_dates"),
        ("duplicate_id", "duplicates"),
        ("bad_number", "refused_rows"),
    ],
)
def test_many_refused_rows(examine: Callable[..., Any], reason: str, code: str) -> None:
    found = examine(*january(12), refusals=refusals(6, reason))
    assert found[code, None].is_suspicious
    assert not any(
        item.is_suspicious
        for item in examine(refusals=refusals(4, reason)).values()
        if item.code == code
    )


def test_the_same_events_under_new_identifiers(examine: Callable[..., Any]) -> None:
    copies = january(12) + january(12, prefix="copy")
    assert examine(*copies)["repeated_events", None].is_suspicious


def test_a_country_that_falls_away(
    make_batch: Callable[..., Batch], year: pd.DataFrame, sqlite: Database, deliver: Any
) -> None:
    deliver(sqlite, make_batch(*months(12), countries=("MLI", "NER")), "2022-01-10")
    with sqlite.read() as connection:
        previous: list[Delivery] = list_deliveries(connection)
    batch = make_batch(*january(1, country="NER"), countries=("NER",), covers=NEXT)

    def lost(one: Batch, **stated: Any) -> list[tuple[str | None, bool]]:
        found = examine_batch(one, year, KNOWN, previous, **stated)
        return [(i.country, i.is_suspicious) for i in found if i.code == "coverage_loss"]

    assert lost(batch) == [("MLI", True)]
    assert lost(batch, is_scope_stated=True) == []
    assert lost(replace(batch, covers_to=YEAR[1], covers_from=YEAR[0])) == []
    without_niger = make_batch(*january(12), countries=("MLI",), covers=NEXT)
    assert lost(without_niger) == [("NER", False)]


def test_real_files_are_not_suspicious(shared_data: Path) -> None:
    events = pd.DataFrame()
    coverage: list[Coverage] = []
    for name, known_at in (
        ("ged_sahel_1989_2021.csv", date(2022, 1, 15)),
        ("ged_neighbours_1989_2021.csv", date(2022, 1, 15)),
        ("GEDEvent_v23_0_10.csv", date(2023, 11, 20)),
    ):
        batch = read_ged(shared_data / name, known_at=known_at)
        before = events if len(events) else batch.events[:0]
        found = examine_batch(batch, before, coverage, [])
        assert not [item for item in found if item.is_suspicious]
        events = pd.concat([events, batch.events], ignore_index=True)
        coverage += [Coverage(c, batch.covers_from, batch.covers_to) for c in batch.countries]


@pytest.mark.parametrize("seed", [1, 5, 20_260_101])  # The last one is the demo's.
def test_simulated_releases_are_not_suspicious(seed: int) -> None:
    before: Batch | None = None
    for day in release_days(date(2025, 1, 1), date(2028, 12, 31)):
        batch = deliver_simulated(day, seed)
        if before is not None:
            known = [Coverage(c, before.covers_from, before.covers_to) for c in before.countries]
            found = examine_batch(batch, before.events, known, [])
            assert not [item for item in found if item.is_suspicious]
        before = batch


@pytest.fixture
def receive(database: Database, ged: SourceInfo) -> Callable[..., Reception]:
    def run(batch: Batch, vintage: str, day: datetime, **values: Any) -> Reception:
        with database.write() as connection:
            return receive_delivery(
                connection,
                batch,
                source=ged,
                vintage=vintage,
                known_at=day,
                received_at=day,
                file_name="events.csv",
                sha256=f"{hash(vintage) % 10**9:064x}",
                **values,
            )

    return run


FIRST, SECOND = datetime(2022, 1, 10, tzinfo=UTC), datetime(2022, 2, 10, tzinfo=UTC)


def test_a_vintage_that_no_table_can_hold_is_refused(
    make_batch: Callable[..., Batch], receive: Callable[..., Reception]
) -> None:
    assert receive(make_batch({}), "v" * 64, FIRST).report is not None
    with pytest.raises(UsageError, match="65 characters"):
        receive(make_batch({}), "v" * 65, SECOND)


def test_a_suspicious_delivery_is_held_until_it_is_accepted(
    database: Database, make_batch: Callable[..., Batch], receive: Callable[..., Reception]
) -> None:
    history = make_batch(*months(12), countries=("MLI",))
    assert receive(history, "1", FIRST).report is not None
    bad = make_batch(
        *january(12, fatalities_best=500, civilian_fatalities=None),
        countries=("MLI",),
        covers=NEXT,
        refusals=[Refusal(3, "x", "bad_number", "No.", {"id": "x"})],
    )
    held = receive(bad, "2", SECOND)
    assert held.report is None
    assert receive(bad, "2", SECOND) == held
    with database.read() as connection:
        assert len(list_deliveries(connection)) == 1
        assert len(events_as_known(connection, "ged", date(2022, 3, 1))) == 144
        (waiting,) = list_examinations(connection, "held")
    assert waiting.examination_id == held.examination_id
    assert [item.code for item in waiting.findings] == ["jump"]
    with database.write() as connection:
        report = accept_held(
            connection, waiting.examination_id, decided_at=SECOND, note="It is real."
        )
    assert (report.n_added, report.n_quarantined, report.known_at) == (12, 1, SECOND)
    with database.read() as connection:
        known = events_as_known(connection, "ged", date(2022, 3, 1))
        assert len(events_as_known(connection, "ged", date(2022, 2, 9))) == 144
        states = [
            (item.state, item.delivery_id, item.note) for item in list_examinations(connection)
        ]
    added = known[known["date"] > known["date"].iloc[0]].tail(12)
    assert len(known) == 156
    assert added["civilian_fatalities"].isna().sum() == 12
    assert states == [("stored", 1, None), ("accepted", 2, "It is real.")]
    again = receive(bad, "2", SECOND)
    assert again.report is not None
    assert again.report.already_stored
    with database.write() as connection, pytest.raises(Conflict, match="accepted, not held"):
        accept_held(connection, waiting.examination_id, decided_at=SECOND, note="")


def test_a_rejected_delivery_stays_away(
    database: Database, make_batch: Callable[..., Batch], receive: Callable[..., Reception]
) -> None:
    receive(make_batch(*months(12), countries=("MLI",)), "1", FIRST)
    silent = make_batch(countries=("MLI",), covers=NEXT)
    number = receive(silent, "2", SECOND).examination_id
    assert number is not None
    with database.write() as connection:
        reject_held(connection, number, decided_at=SECOND, note="Empty.")
    with pytest.raises(Refused, match="rejected"):
        receive(silent, "2", SECOND)
    with database.read() as connection:
        assert list_examinations(connection)[-1].note == "Empty."
        assert len(list_deliveries(connection)) == 1
    with database.write() as connection, pytest.raises(UnknownName, match="99"):
        reject_held(connection, 99, decided_at=SECOND, note="")
