"""What a release changed, and how complete a month is, on random histories against slow loops."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.database import Database, open_database
from data.quality import completeness, estimate_completeness
from data.regions import RegionSet
from data.revisions import diff_vintages
from data.sources.contract import SourceInfo
from tests.histories import (
    COUNTRIES,
    KNOWN_ON,
    MOMENTS,
    Said,
    Told,
    histories,
    is_month_known,
    month_days,
    replay,
    store_history,
)

Cell = tuple[str, str | None, str]
SETTLED_DAYS = 60
WEIGHT = 20

relaxed = settings(max_examples=20, deadline=None)


@pytest.fixture(scope="module")
def store(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database; each history is written in a transaction that is rolled back."""
    path = tmp_path_factory.mktemp("compared") / "tocsin.db"
    shutil.copy(migrated_file, path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.close()


def own(state: dict[str, Said]) -> dict[str, Said]:
    return {
        key: said for key, said in state.items() if said.is_violence and said.country in COUNTRIES
    }


def cell_of(said: Said) -> Cell:
    return said.country, said.region, f"{said.date:%Y-%m}"


@relaxed
@given(history=histories, data=st.data())
def test_a_diff_equals_two_replays(
    store: Database,
    squares: RegionSet,
    ged: SourceInfo,
    history: list[Told],
    data: st.DataObject,
) -> None:
    with store.read() as connection:
        taken = store_history(connection, history, ged)
        pair = st.tuples(*[st.sampled_from(sorted(taken))] * 2)
        first, second = sorted(data.draw(pair), key=lambda vintage: taken[vintage].known_on)
        found = diff_vintages(connection, squares, first, second)
    told = list(taken.values())
    days = taken[first].known_on, taken[second].known_on
    before, after = (own(replay(told, day)) for day in days)

    added = Counter(cell_of(said) for key, said in after.items() if key not in before)
    deleted = Counter(cell_of(said) for key, said in before.items() if key not in after)
    changed: Counter[Cell] = Counter()
    for key in before.keys() & after.keys():
        if before[key] != after[key]:
            changed.update({cell_of(before[key]), cell_of(after[key])})
    expected = {}
    for cell in added.keys() | deleted.keys() | changed.keys():
        month = int(cell[2][5:]) - 1
        sums: list[int | None] = []
        for state, day in ((before, days[0]), (after, days[1])):
            here = [said for said in state.values() if cell_of(said) == cell]
            is_known = is_month_known(told, day, cell[0], month)
            sums += [len(here), sum(said.deaths for said in here)] if is_known else [None, None]
        expected[cell] = (*sums, added[cell], changed[cell], deleted[cell])
    assert {
        (cell.country, cell.region_id, cell.month): (
            *(cell.events_before, cell.deaths_before, cell.events_after, cell.deaths_after),
            *(cell.n_added, cell.n_changed, cell.n_deleted),
        )
        for cell in found.cells
    } == expected
    assert found.n_kept == len(before.keys() & after.keys())


def expect_share(told: list[Told], as_of: date, month: int, region: str, deaths: bool) -> float:
    """The share of a month's events or deaths that is known, by the words of the method."""
    country = "MLI" if region.startswith("ML") else "NER"
    known = sorted((one for one in told if one.known_on <= as_of), key=lambda one: one.known_on)

    def speaking(for_month: int) -> list[date]:
        days = month_days(for_month)
        return [
            one.known_on
            for one in known
            if country in one.countries and one.span[0] <= days[0] and days[-1] <= one.span[1]
        ]

    def age(for_month: int) -> int:
        return (speaking(for_month)[-1] - month_days(for_month)[-1]).days

    if not speaking(month):
        return np.nan
    if age(month) >= SETTLED_DAYS:
        return 1.0
    was: Counter[str | None] = Counter()
    became: Counter[str | None] = Counter()
    for settled in range(4):
        if not speaking(settled) or age(settled) < SETTLED_DAYS:
            continue
        end = month_days(settled)[-1]
        then = min(speaking(settled), key=lambda day: abs((day - end).days - age(month)))
        if abs((then - end).days - age(month)) > 16:
            continue
        for total, day in ((was, then), (became, as_of)):
            for said in replay(known, day).values():
                is_own = said.country == country and said.is_violence
                if is_own and said.date in month_days(settled):
                    total[said.region] += said.deaths if deaths else 1
    del was[None], became[None]
    if not became.total():
        return np.nan
    of_country = was.total() / became.total()
    return min(1.0, (was[region] + WEIGHT * of_country) / (became[region] + WEIGHT))


HALVES = [
    Told(KNOWN_ON[0], ("MLI",), (date(2021, 1, 1), date(2021, 1, 20)), {}, frozenset()),
    Told(KNOWN_ON[1], ("MLI",), (date(2021, 1, 20), date(2021, 2, 3)), {}, frozenset()),
]
"""A month that two deliveries speak for together, and neither alone."""


@relaxed
@given(history=histories, as_of=st.sampled_from(MOMENTS))
@example(history=HALVES, as_of=KNOWN_ON[1])
def test_completeness_equals_a_replay(
    store: Database,
    squares: RegionSet,
    ged: SourceInfo,
    history: list[Told],
    as_of: date,
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(completeness, "SETTLED_DAYS", SETTLED_DAYS)
        patched.setattr(completeness, "_LEAST_EVENTS", 1)
        with store.read() as connection:
            taken = store_history(connection, history, ged)
            found = estimate_completeness(connection, squares, as_of, n_periods=6)
        by_then = [told for told in taken.values() if told.known_on <= as_of]
        with store.read() as connection:
            in_order = sorted(by_then, key=lambda told: told.known_on)
            store_history(connection, in_order, ged)
            alone = estimate_completeness(connection, squares, as_of, n_periods=6)
    state = replay(by_then, as_of)
    for row, period in enumerate(found.periods.tolist()):
        month = period - (2021 - 1970) * 12
        for column, region in enumerate(squares.regions):
            where: Any = (row, column)
            if not is_month_known(by_then, as_of, region.country, month):
                assert np.isnan(found.n_known[where])
                assert np.isnan(found.events[where])
                continue
            here = [
                said
                for said in state.values()
                if said.region == region.region_id
                and said.is_violence
                and said.date in month_days(month)
            ]
            assert found.n_known[where] == len(here)
            for shares, is_deaths in ((found.events, False), (found.deaths, True)):
                expected = expect_share(by_then, as_of, month, region.region_id, is_deaths)
                assert shares[where] == pytest.approx(expected, nan_ok=True)
    for name in ("n_known", "events", "deaths"):
        np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))
