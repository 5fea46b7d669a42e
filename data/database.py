"""The one database: engine, transactions, column types, migrations.

Owns how a connection is opened and how a transaction begins. Does not own any table: each room
declares its own in a module `tables`, on the `METADATA` of this one.

SQLite below 3.51.3 can corrupt a database in WAL mode, so WAL is used from that version on and the
TRUNCATE journal before it. A write transaction takes the write lock at once (`BEGIN IMMEDIATE`):
two writers wait for each other instead of failing half way.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Engine,
    Integer,
    MetaData,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.types import TypeDecorator

from data.calendar import from_epoch_day, to_epoch_day
from data.errors import SettingsError, StateError

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BUSY_TIMEOUT_SECONDS = 60
_WAL_IS_SAFE_FROM = (3, 51, 3)
_MIGRATIONS = Path(__file__).parent / "migrations"


class EpochDay(TypeDecorator[date]):
    """A `datetime.date`, stored as days since 1970-01-01."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> int | None:
        return None if value is None else to_epoch_day(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:
        return None if value is None else from_epoch_day(value)


class EpochSecond(TypeDecorator[datetime]):
    """An aware `datetime.datetime` in UTC, stored as whole seconds since 1970-01-01."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise StateError(f"A moment without a time zone cannot be stored: {value}.")
        return int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Database:
    """An engine with the two kinds of transaction that Tocsin uses.

    Args:
        engine: A SQLAlchemy engine made by `open_database`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state; what it writes is rolled back."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                # By default every statement would see what was committed before it.
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits whole at the end of the block, or not at all."""
        with self.engine.connect().execution_options(tocsin_write=True) as connection:
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Returns the database of `url`, created or migrated to the newest schema.

    Args:
        url: SQLAlchemy URL; `sqlite:///…` or `postgresql+psycopg://…`.

    Raises:
        SettingsError: The URL cannot be read, or names a database that cannot be opened.
        StateError: The database was written by a newer Tocsin.
    """
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, **_engine_options(parsed.get_backend_name()))
    except (ArgumentError, ModuleNotFoundError, ValueError) as problem:
        raise SettingsError(
            f"The database URL cannot be used: {type(problem).__name__}.",
            "Set TOCSIN_DATABASE_URL to sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME "
            "(PostgreSQL needs the extra 'postgres').",
        ) from None
    if engine.dialect.name == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            _make_folder(Path(parsed.database).parent)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        _migrate(engine)
    except StateError:
        engine.dispose()
        raise
    except DatabaseError as problem:
        engine.dispose()
        if type(problem) not in (DatabaseError, OperationalError):
            raise  # It was opened, and a migration is wrong.
        raise SettingsError(
            f"The database cannot be opened: {problem.orig}.",
            "Check TOCSIN_DATABASE_URL and TOCSIN_STATE_DIR, and that the server runs.",
        ) from None
    return Database(engine)


def take_turn(connection: Connection, task: str) -> None:
    """Waits until no other write transaction is at a task, and keeps others from it until the end.

    Whoever reads what stands and then adds to it takes its turn before it reads. On SQLite every
    write transaction has its turn from the beginning.

    Args:
        connection: A write transaction.
        task: What only one transaction may do at a time, as "append to audit_entries".
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(task.encode()).digest()[:8], signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def _engine_options(backend: str) -> dict[str, Any]:
    if backend == "sqlite":
        return {"connect_args": {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False}}
    return {"pool_pre_ping": True}


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise SettingsError(
            f"The state folder {folder} cannot be made: {problem.strerror}.",
            "Set TOCSIN_STATE_DIR to a folder that you may write to.",
        ) from None


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does.
    connection.isolation_level = None
    journal = "WAL" if sqlite3.sqlite_version_info >= _WAL_IS_SAFE_FROM else "TRUNCATE"
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("tocsin_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def newest_schema() -> str:
    """Returns the revision of the newest schema, by the names of the migration files."""
    return max(path.stem[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9]*.py"))


def _read_schema(engine: Engine) -> str | None:
    """Returns the revision of the schema that the database has; None for an empty one."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        revision: str | None = connection.exec_driver_sql(
            "SELECT version_num FROM alembic_version"
        ).scalar()
    return revision


def _migrate(engine: Engine) -> None:
    current = _read_schema(engine)
    if current == newest_schema():
        return
    # Alembic reads every migration there is: only a database that needs one waits for that.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    if current is not None and current not in {item.revision for item in script.walk_revisions()}:
        raise StateError(
            f"The database has schema {current}, which this version of Tocsin does not know.",
            "Use the newer version that wrote it.",
        )
    with engine.connect().execution_options(tocsin_write=True) as connection, connection.begin():
        # Whoever waits here finds it migrated, and does nothing.
        take_turn(connection, "migrate")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
