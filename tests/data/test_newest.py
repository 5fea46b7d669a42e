"""Origins as known: found without panels, the same as those of the panel of every day."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings

from data.calendar import Step
from data.database import Database, open_database
from data.errors import NothingKnown
from data.panel import FirstKnown, build_panel, find_origins
from data.regions import RegionSet
from data.sources.contract import SourceInfo
from tests.histories import Told, histories, store_history


@pytest.fixture(scope="module")
def store(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database; each history is written in a transaction that is rolled back."""
    path = tmp_path_factory.mktemp("newest") / "tocsin.db"
    shutil.copy(migrated_file, path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.mark.parametrize("step", ["month", "week"])
@settings(max_examples=15)
@given(history=histories)
def test_origins_are_those_of_the_panels_of_all_delivery_days(
    store: Database, squares: RegionSet, ged: SourceInfo, history: list[Told], step: Step
) -> None:
    squares = replace(squares, step=step)
    last = date(2021, 7, 2)
    with store.read() as connection:
        taken = store_history(connection, history, ged)
        expected: dict[int, FirstKnown] = {}
        for day in sorted({told.known_on for told in taken.values()}):
            try:
                origin = build_panel(connection, squares, day).origin
            except NothingKnown:
                continue
            vintages = tuple(name for name, told in taken.items() if told.known_on == day)
            expected.setdefault(origin, FirstKnown(day, vintages))
        found = find_origins(connection, squares, last)
        assert found == expected
        assert list(found) == sorted(found)
        for day in {one.as_of for one in found.values()}:
            earlier = find_origins(connection, squares, day - timedelta(days=1))
            assert earlier == {key: one for key, one in found.items() if one.as_of < day}
