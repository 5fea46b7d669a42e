"""Every source in turn: its server that answers as it should, until a test makes it misbehave.

Each time: a named error or a held delivery, what is stored stays byte for byte, nothing becomes
zero; and a fetch that broke off goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from data.database import open_database
from tests.service.misbehaving_sources.servers import SPECS
from tests.service.misbehaving_sources.world import World


@pytest.fixture(params=list(SPECS))
def world(
    request: pytest.FixtureRequest, httpserver: HTTPServer, tmp_path: Path
) -> Iterator[World]:
    database = open_database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    made = World(SPECS[request.param], httpserver, database, tmp_path / "var")
    yield made
    database.close()
