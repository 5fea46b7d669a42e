"""The migrations lead to the tables that the rooms declare, on SQLite and on PostgreSQL."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from data.database import METADATA, open_database
from data.errors import SettingsError, StateError
from models.tables import models
from service.tables import publications


def test_migrated_schema_equals_the_declared_tables(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'new' / 't.db'}")
    assert {models.name, publications.name} <= set(METADATA.tables)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    database.close()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 't.db'}"
    open_database(url).close()
    before = (tmp_path / "t.db").read_bytes()
    open_database(url).close()
    assert (tmp_path / "t.db").read_bytes() == before


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 't.db'}"
    database = open_database(url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StateError, match="9999"):
        open_database(url)


def test_journal_is_wal_only_where_it_is_safe(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 't.db'}")
    with database.read() as connection:
        journal = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    database.close()
    assert journal == ("wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "truncate")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 't.db'}")

    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO rules VALUES ('r', 1, '{}', 0)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM rules")).scalar_one() == 0
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite:////proc/none/t.db"])
def test_an_unusable_url_says_what_to_do(url: str) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_"):
        open_database(url)
