"""What a release changed, against a count by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.database import Database
from data.errors import UnknownName, UsageError
from data.events import Batch
from data.regions import RegionSet, save_region_set
from data.revisions import compare_events, diff_vintages
from data.store import Coverage

JUNE, JULY = date(2021, 6, 10), date(2021, 7, 10)
YEAR = [Coverage("MLI", date(2021, 1, 1), date(2021, 12, 31))]


def compare(before: pd.DataFrame, after: pd.DataFrame, squares: RegionSet) -> dict[Any, Any]:
    cells = compare_events(before, after, squares, coverage_before=YEAR, coverage_after=YEAR)
    return {(cell.region_id, cell.month): cell for cell in cells}


def test_added_changed_deleted_and_moved(
    make_events: Callable[..., pd.DataFrame], squares: RegionSet
) -> None:
    before = make_events(
        {"event_id": "same"},
        {"event_id": "gone", "date": JUNE},
        {"event_id": "more", "fatalities_best": 1},
        {"event_id": "moved"},
    )
    after = make_events(
        {"event_id": "same"},
        {"event_id": "more", "fatalities_best": 4},
        {"event_id": "moved", "longitude": 1.5},
        {"event_id": "new", "date": JULY},
    )
    cells = compare(before, after, squares)
    assert set(cells) == {("ML1", "2021-06"), ("ML1", "2021-07"), ("ML2", "2021-07")}
    july = cells["ML1", "2021-07"]
    assert (july.events_before, july.events_after) == (3, 3)
    assert (july.deaths_before, july.deaths_after) == (7, 10)
    assert (july.n_added, july.n_changed, july.n_deleted) == (1, 2, 0)
    assert (cells["ML1", "2021-06"].n_deleted, cells["ML1", "2021-06"].events_after) == (1, 0)
    assert cells["ML2", "2021-07"].n_changed == 1


def test_what_is_held_at_country_level_is_in_no_region(
    make_events: Callable[..., pd.DataFrame], squares: RegionSet
) -> None:
    cells = compare(make_events(), make_events({"where_precision": 6}), squares)
    assert list(cells) == [(None, "2021-07")]


def test_equal_knowledge_has_no_cells(
    make_events: Callable[..., pd.DataFrame], squares: RegionSet
) -> None:
    events = make_events({"n_sources": None, "civilian_fatalities": None}, {"date": JUNE})
    assert compare(events, events.copy(), squares) == {}


def test_an_unknown_month_is_none_and_not_zero(
    make_events: Callable[..., pd.DataFrame], squares: RegionSet
) -> None:
    spring = [Coverage("MLI", date(2021, 1, 1), date(2021, 6, 30))]
    (cell,) = compare_events(
        make_events(), make_events({}), squares, coverage_before=spring, coverage_after=YEAR
    )
    assert (cell.events_before, cell.deaths_before) == (None, None)
    assert (cell.events_after, cell.deaths_after) == (1, 3)


event = st.tuples(
    st.sampled_from("abcde"), st.sampled_from([JUNE, JULY]), st.sampled_from([0.5, 1.5])
)
knowledge = st.lists(event, unique_by=lambda item: item[0], max_size=5)


@settings(deadline=None)
@given(knowledge, knowledge)
def test_counts_agree_with_a_count_by_hand(
    make_events: Callable[..., pd.DataFrame],
    squares: RegionSet,
    first: list[Any],
    second: list[Any],
) -> None:
    tables = [
        make_events(*({"event_id": i, "date": d, "longitude": x} for i, d, x in state))
        for state in (first, second)
    ]
    cells = compare(*tables, squares)
    counts = [
        Counter((f"ML{1 if x < 1 else 2}", f"{d:%Y-%m}") for _, d, x in state)
        for state in (first, second)
    ]
    for key, cell in cells.items():
        assert (cell.events_before, cell.events_after) == (counts[0][key], counts[1][key])
    for key in set(counts[0]) | set(counts[1]):
        assert key in cells or counts[0][key] == counts[1][key]
    ids = [{i for i, _, _ in state} for state in (first, second)]
    assert sum(cell.n_added for cell in cells.values()) == len(ids[1] - ids[0])
    assert sum(cell.n_deleted for cell in cells.values()) == len(ids[0] - ids[1])


def test_between_two_vintages(
    sqlite: Database,
    make_batch: Callable[..., Batch],
    deliver: Callable[..., Any],
    squares: RegionSet,
) -> None:
    deliver(sqlite, make_batch({}, {"longitude": 1.5}), "2022-01-10", vintage="21.1")
    deliver(sqlite, make_batch({"fatalities_best": 9}), "2022-02-10", vintage="22.1")
    with sqlite.write() as connection:
        save_region_set(connection, squares, pd.Timestamp("2022-01-01", tz="UTC").to_pydatetime())
    with sqlite.read() as connection:
        found = diff_vintages(connection, squares, "21.1", "22.1")
        assert [(c.region_id, c.deaths_before, c.deaths_after) for c in found.cells] == [
            ("ML1", 3, 9),
            ("ML2", 3, 0),
        ]
        assert found.n_kept == 1
        assert diff_vintages(connection, squares, "21.1", "21.1").cells == ()
        with pytest.raises(UsageError, match=r"22\.1"):
            diff_vintages(connection, squares, "22.1", "21.1")
        with pytest.raises(UnknownName, match=r"23\.1.*21\.1"):
            diff_vintages(connection, squares, "21.1", "23.1")
