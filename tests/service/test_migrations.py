"""The migrations lead to the tables that the rooms declare, on SQLite and on PostgreSQL."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from data.database import METADATA, Database, newest_schema, open_database
from data.errors import SettingsError, StateError
from data.store import events_as_known
from models.tables import models
from service.tables import acknowledgements, publications

OPENER = """
import sys

from data.database import open_database

print("ready", flush=True)
sys.stdin.readline()
open_database(sys.argv[1]).close()
"""


@pytest.fixture(params=["sqlite", "postgres"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 't.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


def open_older(url: str, revision: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Opens a database with the schema of an older version."""
    with monkeypatch.context() as older:
        upgrade = command.upgrade
        older.setattr(command, "upgrade", lambda config, _: upgrade(config, revision))
        return open_database(url)


def test_migrated_schema_equals_the_declared_tables(new_url: str) -> None:
    database = open_database(new_url)
    assert {models.name, publications.name} <= set(METADATA.tables)
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []
        # Alembic went to its own head, which the names of the files must say too.
        assert context.get_current_revision() == newest_schema()
    database.close()


def test_two_that_open_a_new_database_at_once_find_it_whole(new_url: str) -> None:
    """As `tocsin serve` and `tocsin run` do when they are started together."""
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, new_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [opener.stdout.readline() for opener in openers] == ["ready\n"] * 2
    for opener in openers:
        opener.stdin.write("go\n")
        opener.stdin.flush()
    for opener in openers:
        opener.communicate(timeout=120)
    assert [opener.returncode for opener in openers] == [0, 0]
    database = open_database(new_url)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    database.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.db").write_bytes(b"no database " * 500)
    with pytest.raises(SettingsError, match="cannot be opened: file is not a database"):
        open_database(f"sqlite:///{tmp_path / 't.db'}")


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


def test_an_outbox_that_is_written_again_keeps_its_messages(
    new_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0011 copies three tables that refer to each other."""
    database = open_older(new_url, "0010", monkeypatch)
    with database.write() as connection:
        for statement in _A_MESSAGE:
            connection.execute(text(statement))
    database.close()
    database = open_database(new_url)
    with database.write() as connection:
        rows = connection.execute(
            text("SELECT m.body, n.reason, a.detail FROM outbox m"
                 " JOIN notifications n USING (message_id)"
                 " JOIN delivery_attempts a USING (message_id)")
        ).all()  # fmt: skip
        assert rows == [("{}", "new", "ok")]
        with pytest.raises(IntegrityError):
            connection.execute(text("DELETE FROM outbox"))
    database.close()


def test_an_acknowledgement_keeps_the_rises_that_it_knew_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0020 reads them from the number of the last event at the time."""
    url = f"sqlite:///{tmp_path / 't.db'}"
    with monkeypatch.context() as at_0019:
        upgrade = command.upgrade
        at_0019.setattr(command, "upgrade", lambda config, _: upgrade(config, "0019"))
        database = open_database(url)
    event = (
        "INSERT INTO alert_events VALUES ('{0}', 1, 'k', 'i', {0}, '{1}', {0}, 'l', {0}, 1, 'r', 1,"
        " 's', 'a', 'escalation', 3, 0.5, {2}, '')"
    )
    with database.write() as connection:
        for statement in (
            _A_MESSAGE[0].replace("0)", "0, NULL)"),
            "INSERT INTO publications VALUES (1, 's', 0, 1, 'month', 0, 0, 0, 'm', 0, 'd', '{}')",
            event.format(1, "fired", 0),
            event.format(2, "escalated", 0),
            event.format(3, "escalated", 1),
            event.format(4, "escalated", 0),
            "INSERT INTO acknowledgements VALUES (1, 'i', 3, 'awa', '', NULL, 0)",
        ):
            connection.exec_driver_sql(statement)
    database.close()
    database = open_database(url)
    with database.read() as connection:
        assert connection.scalar(select(acknowledgements.c.rises)) == [["1970-01-03", 2]]
    database.close()


_A_MESSAGE = (
    "INSERT INTO region_sets VALUES ('s', 'admin1', 'month', 'ged', FALSE, '', 0)",
    "INSERT INTO publications VALUES (1, 's', 0, 1, 'month', 0, 0, 0, 'm', FALSE, 'd', '{}')",
    "INSERT INTO alert_events VALUES ('e', 1, 'k', 'i', 1, 'fired', 1, 'high', 0, 1, 'r', 1, 's',"
    " 'a', 'escalation', 3, 0.5, FALSE)",
    "INSERT INTO outbox VALUES ('m', 1, 'log', 'log', 'g', '{}', 'delivered', 1, 0, NULL, 0)",
    "INSERT INTO notifications VALUES ('m', 'e', 'log', 'i', 'new', 0, 0)",
    "INSERT INTO delivery_attempts VALUES ('m', 1, 0, 'delivered', 'ok')",
)


def test_rows_of_events_become_blocks(new_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """0013 moves them; what was known on each day stays what it was."""
    database = open_older(new_url, "0012", monkeypatch)
    with database.write() as connection:
        for number in (1, 2):
            connection.execute(
                text("INSERT INTO deliveries VALUES (:n, 'ged', :n, :day * 86400, 0, 'f', :n,"
                     " '[\"MLI\"]', 0, 9, FALSE, '', '', 2, 2, 0, 0, 0, 0)"),
                {"n": number, "day": 10 * number},
            )  # fmt: skip
        for row in _EVENT_ROWS:
            connection.execute(text(f"INSERT INTO events VALUES {row}"))
    database.close()
    database = open_database(new_url)
    with database.read() as connection:
        first, second = (events_as_known(connection, "ged", date(1970, 1, day)) for day in (11, 21))
    database.close()
    assert first["event_id"].tolist() == ["10", "9"]
    assert first["fatalities_best"].tolist() == [1, 2]
    assert first["admin1"].tolist() == ["Ménaka", ""]
    assert first["n_sources"].isna().tolist() == [False, True]
    assert second["event_id"].tolist() == ["9"]
    assert second["fatalities_best"].tolist() == [5]


_EVENT_ROWS = (
    "(1, 'ged', '9', 864000, 1, FALSE, 3, 4, 1, 14.5, -4.2, 1, 'MLI', '', '', 'one_sided', 'x',"
    " 'A', 'B', 2, 2, 2, NULL, NULL)",
    "(2, 'ged', '10', 864000, 1, FALSE, 3, 4, 1, 14.5, -4.2, 1, 'MLI', 'Ménaka', '', 'one_sided', "
    "'x', 'A', 'B', 1, 0, 2, 1, 3)",
    "(3, 'ged', '9', 1728000, 2, FALSE, 3, 4, 1, 14.5, -4.2, 1, 'MLI', '', '', 'one_sided', 'x',"
    " 'A', 'B', 5, 2, 9, NULL, NULL)",
    "(4, 'ged', '10', 1728000, 2, TRUE, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
    " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
)


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite:////proc/none/t.db"])
def test_an_unusable_url_says_what_to_do(url: str) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_"):
        open_database(url)
