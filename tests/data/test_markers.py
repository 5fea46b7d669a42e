"""Markers: entered by hand, corrected, withdrawn, and known only from their day on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from data.calendar import to_epoch_day
from data.database import Database
from data.errors import Conflict, UnknownName
from data.marker import Marker
from data.store import append_markers, markers_as_known, withdraw_marker

COUP = Marker(
    "mli-coup-2020", "coup", "MLI", "", date(2020, 8, 18), date(2020, 8, 18), "Coup", "News", "desk"
)
BLOCKADE = Marker(
    "timbuktu", "blockade", "MLI", "ML06", date(2023, 8, 8), None, "Blockade", "OCHA", "desk"
)


@pytest.fixture
def enter(database: Database) -> Callable[..., int]:
    def run(day: int, *given: Marker) -> int:
        moment = datetime(2024, 3, day, 12, tzinfo=UTC)
        with database.write() as connection:
            return append_markers(connection, given, known_at=moment, entered_at=moment)

    return run


def known(database: Database, day: int) -> list[tuple[str, object]]:
    with database.read() as connection:
        table = markers_as_known(connection, date(2024, 3, day))
    return [
        (row["marker_id"], None if pd.isna(row["date_end"]) else row["date_end"])
        for row in table.to_dict("records")
    ]


def test_a_marker_is_known_from_its_day_on_and_corrected(
    database: Database, enter: Callable[..., int]
) -> None:
    assert enter(2, COUP, BLOCKADE) == 2
    assert enter(3, COUP, BLOCKADE) == 0
    assert enter(9, replace(BLOCKADE, date_end=date(2024, 3, 1))) == 1
    coup = ("mli-coup-2020", to_epoch_day(date(2020, 8, 18)))
    assert known(database, 1) == []
    assert known(database, 2) == known(database, 8) == [coup, ("timbuktu", None)]
    assert known(database, 9) == [coup, ("timbuktu", to_epoch_day(date(2024, 3, 1)))]


def test_the_past_is_not_rewritten(database: Database, enter: Callable[..., int]) -> None:
    enter(5, COUP)
    with pytest.raises(Conflict, match="says otherwise"):
        enter(5, replace(COUP, title="Another"))
    with pytest.raises(Conflict, match="2024-03-05"):
        enter(4, replace(COUP, title="Another"))
    assert enter(4, BLOCKADE) == 1


def test_a_withdrawn_marker_stays_known_before(
    database: Database, enter: Callable[..., int]
) -> None:
    enter(5, COUP)
    moment = datetime(2024, 3, 7, tzinfo=UTC)
    with database.write() as connection:
        withdraw_marker(connection, "mli-coup-2020", author="b", known_at=moment, entered_at=moment)
    assert (len(known(database, 6)), known(database, 7)) == (1, [])
    with pytest.raises(UnknownName), database.write() as connection:
        withdraw_marker(connection, "mli-coup-2020", author="b", known_at=moment, entered_at=moment)
    assert enter(8, COUP) == 1
    assert len(known(database, 8)) == 1


def test_the_day_of_an_election_is_known_since_it_was_first_told(
    database: Database, enter: Callable[..., int]
) -> None:
    vote = replace(COUP, kind="election", date_start=date(2024, 6, 1), date_end=date(2024, 6, 1))
    enter(2, vote)
    enter(4, replace(vote, title="Vote of the president"))
    enter(6, replace(vote, date_start=date(2024, 7, 1), date_end=date(2024, 7, 1)))
    with database.read() as connection:
        told = [markers_as_known(connection, date(2024, 3, day)) for day in (5, 6)]
    assert [table["date_known"].tolist() for table in told] == [
        [to_epoch_day(date(2024, 3, 2))],
        [to_epoch_day(date(2024, 3, 6))],
    ]
