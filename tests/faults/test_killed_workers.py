"""Deliveries to a receiver that fails, by workers that are killed with -9: `make faults`.

Nothing may be lost, and whatever arrives twice must carry the same id and the same body.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from data.database import Database, open_database
from data.tables import region_sets
from service.tables import delivery_attempts, outbox, publications

N_DELIVERIES = int(os.environ.get("FAULT_DELIVERIES", "0"))
N_KILLS = int(os.environ.get("FAULT_KILLS", "0"))
N_WORKERS = 2
START = datetime(2022, 1, 15, 6, tzinfo=UTC)
ROUND = timedelta(hours=30)
"""Longer than the longest wait between two tries, and than a lease."""
PATIENCE = 4
"""Requests of one message that the receiver spoils at most: a message has ten tries."""

pytestmark = pytest.mark.skipif(
    N_DELIVERIES == 0, reason="Takes minutes: run `make faults` (sets FAULT_DELIVERIES)."
)


class Receiver(ThreadingHTTPServer):
    """Keeps what it accepts; spoils about half of the requests, each in its own way."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.bodies: dict[str, list[str]] = defaultdict(list)
        self.requests: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.chance = random.Random(5)

    def judge(self, message_id: str, body: str) -> str:
        with self.lock:
            self.requests[message_id] += 1
            fault = "none"
            if self.requests[message_id] <= PATIENCE:
                fault = self.chance.choice(
                    ["none"] * 6 + ["fails", "asks to wait", "redirects", "stalls", "hangs up"]
                    + ["loses the answer"]
                )  # fmt: skip
            self.faults[fault] += 1
            if fault in ("none", "stalls", "loses the answer"):
                self.bodies[message_id].append(body)
            return fault

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was killed hangs up in the middle: nothing to report."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fault = self.server.judge(self.headers["webhook-id"], body)
        if fault in ("hangs up", "loses the answer"):
            self.close_connection = True
            return
        if fault == "stalls":
            time.sleep(0.2)
        status = {"fails": 503, "asks to wait": 429, "redirects": 307}.get(fault, 204)
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "3600")
        if status == 307:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stays silent."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


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
        connection.execute(insert(outbox), [message(number) for number in range(N_DELIVERIES)])
    yield opened
    opened.close()


def message(number: int) -> dict[str, Any]:
    return {
        "message_id": f"msg_{number:06d}", "publication_id": 1, "contact_point": "webhook",
        "channel": "webhook", "group_key": f"risk/{number}", "body": json.dumps({"n": number}),
        "status": "pending", "attempts": 0, "due_at": START, "lease_until": None,
        "created_at": START,
    }  # fmt: skip


def count_pending(database: Database) -> int:
    with database.read() as connection:
        query = select(func.count()).where(outbox.c.status == "pending")
        return int(connection.execute(query).scalar_one())


def start_worker(tmp_path: Path, receiver: Receiver, now: datetime) -> subprocess.Popen[bytes]:
    address = f"http://127.0.0.1:{receiver.server_port}/hook"
    command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
    return subprocess.Popen(
        [*command, f"sqlite:///{tmp_path / 't.db'}", address, now.isoformat()],
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for_work(receiver: Receiver, worker: subprocess.Popen[bytes]) -> None:
    """Waits until something has arrived since, so that a kill meets a worker at work."""
    before = sum(receiver.requests.values())
    while worker.poll() is None and sum(receiver.requests.values()) < before + 5:
        time.sleep(0.005)


def test_nothing_is_lost_and_every_duplicate_has_the_same_id(
    database: Database, receiver: Receiver, tmp_path: Path
) -> None:
    chance, n_killed, n_rounds = random.Random(7), 0, 0
    while count_pending(database):
        now = START + n_rounds * ROUND
        n_rounds += 1
        assert n_rounds < 40, "Messages stay pending for ever."
        workers = [start_worker(tmp_path, receiver, now) for _ in range(N_WORKERS)]
        while n_killed < N_KILLS and any(worker.poll() is None for worker in workers):
            place = chance.randrange(N_WORKERS)
            wait_for_work(receiver, workers[place])
            time.sleep(chance.random() * 0.05)
            if workers[place].poll() is None:
                workers[place].kill()
                workers[place].wait()
                n_killed += 1
                workers[place] = start_worker(tmp_path, receiver, now)
        for worker in workers:
            assert worker.wait() == 0
    with database.read() as connection:
        # The log is told that the receiver fails: those messages follow from no publication.
        rows = connection.execute(select(outbox).where(outbox.c.publication_id.is_not(None))).all()
        results = Counter(connection.scalars(select(delivery_attempts.c.result)))
    n_arrived = sum(len(bodies) for bodies in receiver.bodies.values())
    print(
        f"\n{len(rows)} messages, {n_killed} workers killed, {n_rounds} rounds, tries {results}, "
        f"faults {dict(receiver.faults)}, {n_arrived - len(rows)} arrived again"
    )
    assert n_killed >= N_KILLS
    assert {row.status for row in rows} == {"delivered"}
    assert set(receiver.bodies) == {row.message_id for row in rows}
    assert all(set(receiver.bodies[row.message_id]) == {row.body} for row in rows)
    assert "started" not in results or results["started"] <= n_killed
    assert all(receiver.faults[fault] for fault in ("fails", "stalls", "loses the answer"))
