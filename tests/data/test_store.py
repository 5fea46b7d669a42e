"""The store: what a delivery changes, what is known when; on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from sqlalchemy import func, select

from data.calendar import end_of_day
from data.database import Database
from data.errors import Conflict, StateError, UnknownName
from data.events import EVENT_COLUMNS, Batch, Refusal
from data.sources.contract import SourceInfo
from data.store import (
    Coverage,
    DeliveryReport,
    coverage_as_known,
    events_as_known,
    list_deliveries,
    list_quarantine,
)
from data.tables import deliveries, event_blocks, quarantine

Deliver = Callable[..., DeliveryReport]
MakeBatch = Callable[..., Batch]


def known(database: Database, day: str, source: str = "ged") -> pd.DataFrame:
    with database.read() as connection:
        return events_as_known(connection, source, date.fromisoformat(day))


def deaths(database: Database, day: str) -> dict[str, int]:
    table = known(database, day)
    return dict(zip(table["event_id"], table["fatalities_best"], strict=True))


def counts(database: Database) -> list[int]:
    """Returns the rows of deliveries, of events, and in quarantine."""
    totals = (
        select(func.count()).select_from(deliveries),
        select(func.coalesce(func.sum(event_blocks.c.n_rows), 0)),
        select(func.count()).select_from(quarantine),
    )
    with database.read() as connection:
        return [connection.execute(total).scalar_one() for total in totals]


def numbers(report: DeliveryReport) -> tuple[int, int, int, int]:
    return report.n_added, report.n_changed, report.n_unchanged, report.n_deleted


def test_what_is_stored_comes_back(
    database: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    batch = make_batch(
        {"event_id": "10", "admin1": "Ménaka", "latitude": 14.123456789, "longitude": -0.1},
        {"event_id": "9", "civilian_fatalities": None, "n_sources": None, "date_start": 18_000},
        {"event_id": "a", "actor_a": 'x"; DROP TABLE events --', "country": "NER"},
    )
    report = deliver(database, batch, "2022-01-15")
    assert numbers(report) == (3, 0, 0, 0)
    table = known(database, "2022-01-15")
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == EVENT_COLUMNS
    assert table["event_id"].tolist() == ["10", "9", "a"]
    pd.testing.assert_frame_equal(
        table, batch.events.sort_values("event_id", ignore_index=True), check_exact=True
    )


def test_nothing_is_known_before_the_first_delivery(
    database: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    empty = known(database, "2022-01-14")
    assert len(empty) == 0
    assert {name: str(dtype) for name, dtype in empty.dtypes.items()} == EVENT_COLUMNS
    deliver(database, make_batch({}), "2022-01-15")
    assert len(known(database, "2022-01-14")) == 0
    assert len(known(database, "2022-01-15")) == 1
    assert len(known(database, "2022-01-15", "acled")) == 0


def test_a_day_knows_all_that_it_brought(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    evening = datetime(2022, 1, 15, 23, 59, 59, 999_999, tzinfo=UTC)
    deliver(sqlite, make_batch({}), evening)
    assert len(known(sqlite, "2022-01-15")) == 1
    abroad = datetime(2022, 1, 16, 23, 30, tzinfo=UTC).astimezone(
        datetime.strptime("-0500", "%z").tzinfo
    )
    deliver(sqlite, make_batch({"fatalities_best": 4}), abroad)
    assert deaths(sqlite, "2022-01-15") == {"1": 3}
    assert deaths(sqlite, "2022-01-16") == {"1": 4}


def test_a_later_delivery_changes_deletes_and_revives(
    database: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    deliver(database, make_batch({}, {}, {}), "2022-01-15")
    report = deliver(database, make_batch({}, {"fatalities_best": 5}), "2022-02-15")
    assert numbers(report) == (0, 1, 1, 1)
    report = deliver(database, make_batch({}, {"fatalities_best": 5}, {}), "2022-03-15")
    assert numbers(report) == (1, 0, 2, 0)
    assert deaths(database, "2022-02-14") == {"1": 3, "2": 3, "3": 3}
    assert deaths(database, "2022-03-14") == {"1": 3, "2": 5}
    assert deaths(database, "2022-04-01") == {"1": 3, "2": 5, "3": 3}
    # Only what differs is stored: three rows, one change, one deletion, one revival.
    assert counts(database) == [3, 6, 0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("latitude", 0.25),
        ("admin1", "Gao"),
        ("date_start", 18_000),
        ("civilian_fatalities", None),
        ("n_sources", 3),
        ("event_type", "non_state"),
    ],
)
def test_any_column_can_change(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch, column: str, value: object
) -> None:
    deliver(sqlite, make_batch({}), "2022-01-15")
    assert numbers(deliver(sqlite, make_batch({column: value}), "2022-01-16")) == (0, 1, 0, 0)
    assert numbers(deliver(sqlite, make_batch({column: value}), "2022-01-17")) == (0, 0, 1, 0)
    assert numbers(deliver(sqlite, make_batch({}), "2022-01-18")) == (0, 1, 0, 0)


def test_a_delivery_deletes_only_what_it_speaks_for(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    deliver(
        sqlite,
        make_batch(
            {"event_id": "first day", "date": date(2021, 1, 1)},
            {"event_id": "last day", "date": date(2021, 3, 31)},
            {"event_id": "day after", "date": date(2021, 4, 1)},
            {"event_id": "elsewhere", "date": date(2021, 2, 1), "country": "NER"},
            {
                "event_id": "runs out",
                "date_start": date(2021, 3, 1),
                "date": date(2021, 4, 2),
                "date_precision": 5,
            },
        ),
        "2022-01-15",
    )
    covers = (date(2021, 1, 1), date(2021, 3, 31))
    report = deliver(sqlite, make_batch(countries=["MLI"], covers=covers), "2022-02-15")
    assert report.n_deleted == 2
    assert set(deaths(sqlite, "2022-02-15")) == {"day after", "elsewhere", "runs out"}


def test_what_the_source_still_lists_is_not_deleted(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    deliver(sqlite, make_batch({}, {}), "2022-01-15")
    refusal = Refusal(3, "2", "bad_number", "best 'x'", {"id": "2"})
    report = deliver(sqlite, make_batch({}, refusals=[refusal]), "2022-02-15")
    assert report.n_deleted == 0
    assert deaths(sqlite, "2022-02-15") == {"1": 3, "2": 3}


def test_the_same_file_again_writes_nothing(
    database: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    first = deliver(database, make_batch({}, {}), "2022-01-15", sha256="a" * 64)
    before = counts(database)
    again = deliver(database, make_batch({}), "2022-02-15", sha256="a" * 64)
    assert again.already_stored
    assert not first.already_stored
    assert (again.delivery_id, again.known_at) == (first.delivery_id, first.known_at)
    assert numbers(again) == (2, 0, 0, 0)
    assert counts(database) == before
    other = deliver(database, make_batch({}), "2022-02-15", sha256="a" * 64, vintage="2")
    assert not other.already_stored


def test_refused_rows_are_kept(database: Database, deliver: Deliver, make_batch: MakeBatch) -> None:
    refusals = [
        Refusal(9, None, "wrong_column_count", "two columns", {"id": "", "é": '"x"'}),
        Refusal(4, "17", "bad_number", "best 'x' is no number", {"id": "17", "best": "x"}),
    ]
    report = deliver(database, make_batch({}, refusals=refusals), "2022-01-15")
    assert (report.n_rows, report.n_quarantined) == (3, 2)
    with database.read() as connection:
        rows = list_quarantine(connection, report.delivery_id)
        with pytest.raises(UnknownName):
            list_quarantine(connection, 99)
    assert [(row.line, row.event_id, row.reason) for row in rows] == [
        (4, "17", "bad_number"),
        (9, None, "wrong_column_count"),
    ]
    assert rows[0].row == {"id": "17", "best": "x"}
    assert rows[1].row["é"] == '"x"'
    assert {row.file_name for row in rows} == {"events.csv"}


def test_an_older_delivery_that_overlaps_is_refused(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    deliver(sqlite, make_batch({}), "2022-02-15")
    before = counts(sqlite)
    beyond_its_claims = make_batch({}, covers=(date(2020, 1, 1), date(2020, 12, 31)))
    for older in (make_batch({}), make_batch(countries=["MLI"]), beyond_its_claims):
        with pytest.raises(Conflict, match="older") as caught:
            deliver(sqlite, older, "2022-01-15")
        assert "oldest first" in caught.value.hint
    assert counts(sqlite) == before


@pytest.mark.parametrize(
    ("countries", "covers"),
    [
        (["NGA"], (date(2021, 1, 1), date(2021, 12, 31))),
        (["MLI", "NER"], (date(2020, 1, 1), date(2020, 12, 31))),
    ],
)
def test_an_older_delivery_of_other_countries_or_days_is_taken(
    sqlite: Database,
    deliver: Deliver,
    make_batch: MakeBatch,
    countries: list[str],
    covers: tuple[date, date],
) -> None:
    deliver(sqlite, make_batch({}), "2022-02-15")
    other = {"event_id": "other", "country": countries[0], "date": covers[0]}
    deliver(sqlite, make_batch(other, countries=countries, covers=covers), "2022-01-15")
    assert set(deaths(sqlite, "2022-01-15")) == {"other"}
    assert set(deaths(sqlite, "2022-02-15")) == {"1", "other"}


def test_an_older_delivery_must_not_change_what_a_later_one_found_unchanged(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    june, july = date(2021, 6, 15), date(2021, 7, 15)
    deliver(sqlite, make_batch({"date": july}), "2022-01-15")
    covers = (date(2021, 7, 1), date(2021, 7, 31))
    deliver(sqlite, make_batch({"date": july}, covers=covers), "2022-03-15")
    # Moved to June by a delivery between the two, which the later one contradicts.
    covers = (date(2021, 6, 1), date(2021, 6, 30))
    with pytest.raises(Conflict, match="older"):
        deliver(sqlite, make_batch({"date": june}, covers=covers), "2022-02-15")


def test_two_files_of_one_moment(sqlite: Database, deliver: Deliver, make_batch: MakeBatch) -> None:
    deliver(sqlite, make_batch({}, countries=["MLI"]), "2022-01-15")
    other = {"event_id": "2", "country": "NER"}
    report = deliver(sqlite, make_batch(other, countries=["NER"]), "2022-01-15")
    assert numbers(report) == (1, 0, 0, 0)
    assert set(deaths(sqlite, "2022-01-15")) == {"1", "2"}


@pytest.mark.parametrize(
    "second",
    [
        [{"fatalities_best": 4}, {}],  # a row of this very moment, changed
        [{}],  # a row of this very moment, deleted
    ],
)
def test_two_files_of_one_moment_must_not_contradict_each_other(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch, second: list[dict[str, int]]
) -> None:
    deliver(sqlite, make_batch({}, {}), "2022-01-15")
    before = counts(sqlite)
    with pytest.raises(Conflict, match="same moment") as caught:
        deliver(sqlite, make_batch(*second), "2022-01-15")
    assert "--known-at" in caught.value.hint
    assert counts(sqlite) == before


def test_a_file_must_not_contradict_what_another_of_its_moment_left_unchanged(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    deliver(sqlite, make_batch({}), "2022-01-15")
    deliver(sqlite, make_batch({}), "2022-02-15")
    with pytest.raises(Conflict, match=r"events\.csv"):
        deliver(sqlite, make_batch({"fatalities_best": 4}), "2022-02-15")
    deliver(sqlite, make_batch({"fatalities_best": 4}), "2022-02-16")
    assert deaths(sqlite, "2022-02-16") == {"1": 4}


def test_an_event_cannot_be_deleted_and_revived_at_one_moment(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    deliver(sqlite, make_batch({}), "2022-01-15")
    deliver(sqlite, make_batch(countries=["MLI"]), "2022-02-15")
    moved = make_batch({"country": "NER"}, countries=["NER"])
    with pytest.raises(Conflict, match="another of the same moment"):
        deliver(sqlite, moved, "2022-02-15")
    deliver(sqlite, moved, "2022-02-16")
    assert known(sqlite, "2022-02-16")["country"].tolist() == ["NER"]


def test_sources_are_apart(sqlite: Database, deliver: Deliver, make_batch: MakeBatch) -> None:
    acled = SourceInfo("acled", "ACLED", "own terms", "ACLED", "", False, False)
    deliver(sqlite, make_batch({}), "2022-02-15")
    deliver(sqlite, make_batch({"fatalities_best": 9}), "2022-01-15", source=acled)
    assert deaths(sqlite, "2022-02-15") == {"1": 3}
    assert known(sqlite, "2022-02-15", "acled")["fatalities_best"].tolist() == [9]


def test_nobody_delivers_the_future(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    with pytest.raises(StateError, match="speaks of 2021-12-31"):
        deliver(sqlite, make_batch({}), "2021-12-30")
    covers = (date(2021, 1, 1), date(2021, 6, 30))
    with pytest.raises(StateError, match="speaks of 2021-07-15"):
        deliver(sqlite, make_batch({}, covers=covers), "2021-07-14")
    deliver(sqlite, make_batch({}, covers=covers), "2021-07-15")
    assert counts(sqlite)[0] == 1


def test_a_failure_leaves_nothing(
    sqlite: Database, deliver: Deliver, make_batch: MakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("data.store.blocks._pack", fail)
    with pytest.raises(OSError, match="disk full"):
        deliver(sqlite, make_batch({}), "2022-01-15")
    assert counts(sqlite) == [0, 0, 0]


def test_coverage_is_merged_and_grows(
    database: Database, deliver: Deliver, make_batch: MakeBatch
) -> None:
    def speak(known_at: str, countries: list[str], first: str, last: str) -> None:
        covers = (date.fromisoformat(first), date.fromisoformat(last))
        deliver(database, make_batch(countries=countries, covers=covers), known_at)

    speak("2021-02-20", ["MLI", "NER"], "2020-01-01", "2021-01-31")
    speak("2021-03-20", ["MLI"], "2021-02-01", "2021-02-28")
    speak("2021-06-20", ["MLI"], "2021-05-01", "2021-05-31")
    with database.read() as connection:
        assert coverage_as_known(connection, "ged", date(2021, 1, 1)) == []
        assert coverage_as_known(connection, "ged", date(2021, 3, 20)) == [
            Coverage("MLI", date(2020, 1, 1), date(2021, 2, 28)),
            Coverage("NER", date(2020, 1, 1), date(2021, 1, 31)),
        ]
        assert coverage_as_known(connection, "ged", date(2022, 1, 1))[:2] == [
            Coverage("MLI", date(2020, 1, 1), date(2021, 2, 28)),
            Coverage("MLI", date(2021, 5, 1), date(2021, 5, 31)),
        ]
        assert coverage_as_known(connection, "acled", date(2022, 1, 1)) == []


def test_deliveries_are_listed_as_they_became_known(
    database: Database, deliver: Deliver, make_batch: MakeBatch, ged: SourceInfo
) -> None:
    simulated = SourceInfo("simulated", "S", "CC0-1.0", "nobody", "", True, True)
    deliver(database, make_batch({}), "2022-02-15", vintage="late")
    deliver(database, make_batch({}), "2022-01-15", vintage="made", source=simulated)
    with database.read() as connection:
        assert [row.vintage for row in list_deliveries(connection)] == ["made", "late"]
        assert [row.vintage for row in list_deliveries(connection, "ged")] == ["late"]
        assert list_deliveries(connection, "ged", date(2022, 2, 14)) == []
        (row,) = list_deliveries(connection, as_of=date(2022, 1, 15))
        assert (row.is_simulated, row.licence, row.attribution) == (True, "CC0-1.0", "nobody")
        assert row.countries == ("MLI", "NER")
        (row,) = list_deliveries(connection, "ged", date(2022, 2, 15))
    assert (row.is_simulated, row.licence) == (False, ged.licence)
    assert row.known_at == end_of_day(date(2022, 2, 15))
    assert (row.n_rows, row.n_added) == (1, 1)
