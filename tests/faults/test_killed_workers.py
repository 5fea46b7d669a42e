"""Deliveries to a receiver that fails, by workers that are killed with -9: `make faults`.

Nothing may be lost, and whatever arrives twice must carry the same id and the same body.
"""

import base64
import json
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from data.database import Database
from service.tables import delivery_attempts, outbox

N_DELIVERIES = int(os.environ.get("FAULT_DELIVERIES", "0"))
N_KILLS = int(os.environ.get("FAULT_KILLS", "0"))
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


def test_nothing_is_lost_and_every_duplicate_has_the_same_id(
    database: Database, receiver: Receiver, fill: Any, deliver: Any, killing: Any
) -> None:
    fill("webhook", "webhook", [json.dumps({"n": number}) for number in range(N_DELIVERIES)])
    settings = {
        "webhook_url": f"http://127.0.0.1:{receiver.server_port}/hook",
        "webhook_secret": "whsec_" + base64.b64encode(b"k" * 32).decode(),
        "webhook_allow_loopback": True,
    }
    deliver(settings, killing, N_KILLS, lambda: sum(receiver.requests.values()))
    with database.read() as connection:
        # The log is told that the receiver fails: those messages follow from no publication.
        rows = connection.execute(select(outbox).where(outbox.c.publication_id.is_not(None))).all()
        results = Counter(connection.scalars(select(delivery_attempts.c.result)))
    n_arrived = sum(len(bodies) for bodies in receiver.bodies.values())
    print(
        f"\n{len(rows)} messages, {killing.n_killed} workers killed, {killing.n_rounds} rounds, "
        f"tries {results}, faults {dict(receiver.faults)}, {n_arrived - len(rows)} arrived again"
    )
    assert killing.n_killed >= N_KILLS
    assert {row.status for row in rows} == {"delivered"}
    assert set(receiver.bodies) == {row.message_id for row in rows}
    assert all(set(receiver.bodies[row.message_id]) == {row.body} for row in rows)
    assert "started" not in results or results["started"] <= killing.n_killed
    assert all(receiver.faults[fault] for fault in ("fails", "stalls", "loses the answer"))
