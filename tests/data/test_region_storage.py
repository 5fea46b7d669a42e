"""Saving and loading region sets, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from data.database import Database
from data.errors import Conflict, UnknownName
from data.regions import (
    RegionSet,
    RegionSetHead,
    list_region_sets,
    list_set_heads,
    load_region_set,
    save_region_set,
)
from data.tables import neighbours, region_sets, regions

NOW = datetime(2022, 1, 15, 12, tzinfo=UTC)


def _save(database: Database, region_set: RegionSet) -> None:
    with database.write() as connection:
        save_region_set(connection, region_set, NOW)


def test_a_set_comes_back_as_it_was(database: Database, squares: RegionSet) -> None:
    with database.write() as connection:
        assert save_region_set(connection, squares, NOW) is True
    with database.read() as connection:
        assert load_region_set(connection, "squares") == squares
        assert list_region_sets(connection) == [squares]
        head = {one.name: getattr(squares, one.name) for one in fields(RegionSetHead)}
        assert list_set_heads(connection) == [RegionSetHead(**head)]


def test_the_same_set_again_writes_nothing(database: Database, squares: RegionSet) -> None:
    with database.write() as connection:
        save_region_set(connection, squares, NOW)
    with database.write() as connection:
        assert save_region_set(connection, squares, NOW.replace(year=2023)) is False
    with database.read() as connection:
        assert connection.scalar(select(region_sets.c.imported_at)) == NOW


@pytest.mark.parametrize("field", ["step", "source", "attribution", "regions"])
def test_another_set_of_the_same_name_is_a_conflict(
    sqlite: Database, squares: RegionSet, field: str
) -> None:
    values = {
        "step": "week",
        "source": "simulated",
        "attribution": "someone",
        "regions": (*squares.regions[:2], replace(squares.regions[2], country="NGA")),
    }
    other = replace(squares, **{field: values[field]})
    with sqlite.write() as connection:
        save_region_set(connection, squares, NOW)
    with sqlite.write() as connection, pytest.raises(Conflict) as caught:
        save_region_set(connection, other, NOW)
    assert "another name" in caught.value.hint
    with sqlite.read() as connection:
        assert load_region_set(connection, "squares") == squares


def test_replacing_leaves_no_trace_of_the_old_set(database: Database, squares: RegionSet) -> None:
    smaller = replace(squares, regions=squares.regions[1:], neighbours=((1,), (0,)))
    with database.write() as connection:
        save_region_set(connection, squares, NOW)
        assert save_region_set(connection, smaller, NOW, replace=True) is True
    with database.read() as connection:
        assert load_region_set(connection, "squares") == smaller
        for table, n_rows in ((regions, 2), (neighbours, 2)):
            own = select(table).where(table.c.region_set == "squares")
            assert len(connection.execute(own).all()) == n_rows


def test_a_broken_import_leaves_nothing(sqlite: Database, squares: RegionSet) -> None:
    broken = replace(squares, regions=(*squares.regions, squares.regions[0]))
    with pytest.raises(IntegrityError):
        _save(sqlite, broken)
    with sqlite.read() as connection:
        assert list_region_sets(connection) == []


def test_an_unknown_set_names_those_that_are_there(sqlite: Database, squares: RegionSet) -> None:
    with sqlite.read() as connection, pytest.raises(UnknownName) as caught:
        load_region_set(connection, "sahel")
    assert "regions import" in caught.value.hint
    with sqlite.write() as connection:
        save_region_set(connection, squares, NOW)
    with sqlite.read() as connection, pytest.raises(UnknownName) as caught:
        load_region_set(connection, "sahel")
    assert caught.value.hint == "There are: squares."
