"""For runs with faults: an outbox full of messages, and workers that are killed with -9."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from data.database import Database, open_database
from data.tables import region_sets
from service.tables import outbox, publications

N_WORKERS = 2
START = datetime(2022, 1, 15, 6, tzinfo=UTC)
ROUND = timedelta(hours=30)
"""Longer than the longest wait between two tries, and than a lease."""


@dataclass
class Killing:
    """How a run went: workers that were killed, and rounds until nothing was pending."""

    n_killed: int = 0
    n_rounds: int = 0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 't.db'}")
    with opened.write() as connection:
        connection.execute(
            insert(region_sets).values(
                region_set="sahel", kind="admin1", step="month", source="ged",
                is_schematic=False, attribution="", imported_at=START,
            )
        )  # fmt: skip
        connection.execute(
            insert(publications).values(
                publication_id=1, region_set="sahel", as_of=date(2022, 1, 15), revision=1,
                step="month", origin=623, data_cutoff=date(2021, 12, 31), published_at=START,
                model_version="m", is_simulated=True, digest="d", manifest={},
            )
        )  # fmt: skip
    yield opened
    opened.close()


@pytest.fixture
def fill(database: Database) -> Callable[[str, str, list[str]], None]:
    """Queues messages of the given bodies to one contact point."""

    def queue(contact_point: str, channel: str, bodies: list[str]) -> None:
        rows = [
            {
                "message_id": f"msg_{number:06d}", "publication_id": 1,
                "contact_point": contact_point, "channel": channel,
                "group_key": f"risk/{number}", "body": body, "status": "pending", "attempts": 0,
                "due_at": START, "lease_until": None, "created_at": START,
            }
            for number, body in enumerate(bodies)
        ]  # fmt: skip
        with database.write() as connection:
            connection.execute(insert(outbox), rows)

    return queue


@pytest.fixture
def deliver(database: Database, tmp_path: Path) -> Callable[..., None]:
    """Runs workers until nothing is pending, and kills them at work, `n_kills` times in all."""
    chance = random.Random(7)

    def start(settings: dict[str, Any], now: datetime) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
        return subprocess.Popen(
            [*command, f"sqlite:///{tmp_path / 't.db'}", json.dumps(settings), now.isoformat()],
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(
        settings: dict[str, Any], killing: Killing, n_kills: int, count_requests: Callable[[], int]
    ) -> None:
        last = killing.n_rounds + 40
        while count_pending(database):
            now = START + killing.n_rounds * ROUND
            killing.n_rounds += 1
            assert killing.n_rounds < last, "Messages stay pending for ever."
            workers = [start(settings, now) for _ in range(N_WORKERS)]
            while killing.n_killed < n_kills and any(worker.poll() is None for worker in workers):
                place = chance.randrange(N_WORKERS)
                wait_for_work(count_requests, workers[place])
                time.sleep(chance.random() * 0.05)
                if workers[place].poll() is None:
                    workers[place].kill()
                    workers[place].wait()
                    killing.n_killed += 1
                    workers[place] = start(settings, now)
            for worker in workers:
                assert worker.wait() == 0

    return run


@pytest.fixture
def killing() -> Killing:
    return Killing()


def count_pending(database: Database) -> int:
    with database.read() as connection:
        query = select(func.count()).where(outbox.c.status == "pending")
        return int(connection.execute(query).scalar_one())


def wait_for_work(count_requests: Callable[[], int], worker: subprocess.Popen[bytes]) -> None:
    """Waits until something has arrived since, so that a kill meets a worker at work."""
    before = count_requests()
    while worker.poll() is None and count_requests() < before + 5:
        time.sleep(0.005)
