"""E-mails to a server that fails, by workers that are killed with -9: `make faults`.

Nothing may be lost, and an e-mail that arrives twice must have the same Message-ID and content.
"""

import asyncio
import email
import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from data.database import Database
from service.alerts.contact_store import apply_contacts
from service.alerts.outbox import replay
from service.alerts.routes import ContactBook
from service.channels.contacts import ContactPoint
from service.tables import delivery_attempts, outbox
from tests.mail_server import MailServer

N_MAILS = int(os.environ.get("FAULT_DELIVERIES", "0")) // 20
N_KILLS = int(os.environ.get("FAULT_KILLS", "0")) // 2
PATIENCE = 4
"""Tries of one e-mail that the server spoils at most: it has ten."""
TIMEOUT_SECONDS = 1.0

pytestmark = pytest.mark.skipif(
    N_MAILS == 0, reason="Takes minutes: run `make faults` (sets FAULT_DELIVERIES)."
)


class Inbox:
    """Keeps what it takes; spoils about half of the tries, each in its own way."""

    def __init__(self) -> None:
        self.taken: dict[str, list[bytes]] = defaultdict(list)
        self.tries: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.chance = random.Random(5)
        self.is_kind = False

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if not self.is_kind and self.chance.random() < 0.05:
            self.faults["refuses the mailbox for now"] += 1
            return "451 Try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = bytes(envelope.content or b"")
        message_id = str(email.message_from_bytes(content)["Message-ID"])
        self.tries[message_id] += 1
        fault = "none"
        if not self.is_kind and self.tries[message_id] <= PATIENCE:
            fault = self.chance.choice(
                ["none"] * 12 + ["451"] * 4 + ["550"] + ["drops after DATA"] * 4 + ["stalls"]
            )
        self.faults[fault] += 1
        if fault == "451":
            return "451 Try later"
        if fault == "550":
            return "550 No"
        self.taken[message_id].append(content)
        if fault == "drops after DATA" and server.transport is not None:
            server.transport.close()
        if fault == "stalls":
            await asyncio.sleep(2 * TIMEOUT_SECONDS)
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    server = MailServer(inbox)
    yield server.port
    server.stop()


def write_body(number: int) -> str:
    data = {
        "title": f"Risk, MLI: 1 new ({number})", "language": "en", "is_simulated": False,
        "links": {"all_alerts": "https://t.example/sets/s/alerts"}, "n_alerts": 1, "n_omitted": 0,
        "publication": {"as_of": "2001-01-01", "region_set": "sahel", "revision": 1,
                        "data_cutoff": "2000-12-31", "model_version": "m"},
        "alerts": [{"text": "Mopti (MLI): none to high, new.", "link": "https://t.example/r"}],
    }  # fmt: skip
    return json.dumps({"timestamp": "2022-01-15T06:00:00+00:00", "data": data})


def test_no_mail_is_lost_and_every_duplicate_has_the_same_message_id(
    database: Database,
    inbox: Inbox,
    port: int,
    fill: Any,
    deliver: Any,
    killing: Any,
    tmp_path: Path,
) -> None:
    desk = ContactPoint(name="desk", channel="email", address="desk@example.org")
    moment = datetime(2022, 1, 15, 6, tzinfo=UTC)
    with database.write() as connection:
        apply_contacts(connection, ContactBook(contacts=(desk,)), actor="awa", now=moment)
    fill("desk", "email", [write_body(number) for number in range(N_MAILS)])
    settings = {
        "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
        "smtp_timeout_seconds": TIMEOUT_SECONDS, "mail_from": "Tocsin <alerts@example.org>",
        "state_dir": str(tmp_path), "public_url": "https://t.example",
    }  # fmt: skip

    def count_tries() -> int:
        return sum(inbox.tries.values())

    deliver(settings, killing, N_KILLS, count_tries)
    # What was refused for good is a dead letter: nothing else is, and each can be sent again.
    with database.write() as connection:
        dead = set(connection.scalars(select(outbox.c.message_id).where(outbox.c.status == "dead")))
        refused = connection.scalars(
            select(delivery_attempts.c.message_id).where(delivery_attempts.c.result == "refused")
        )
        assert dead == set(refused)
        for message_id in dead:
            replay(connection, message_id, actor="awa", now=moment)
    inbox.is_kind = True
    deliver(settings, killing, N_KILLS, count_tries)
    with database.read() as connection:
        rows = connection.execute(select(outbox)).all()
        results = Counter(connection.scalars(select(delivery_attempts.c.result)))
    n_arrived = sum(len(copies) for copies in inbox.taken.values())
    print(
        f"\n{len(rows)} e-mails, {killing.n_killed} workers killed, {killing.n_rounds} rounds, "
        f"tries {results}, faults {dict(inbox.faults)}, {len(dead)} refused and sent again, "
        f"{n_arrived - len(rows)} arrived again"
    )
    assert killing.n_killed >= N_KILLS
    assert {row.status for row in rows} == {"delivered"}
    assert set(inbox.taken) == {f"<{row.message_id}@example.org>" for row in rows}
    assert all(len(set(copies)) == 1 for copies in inbox.taken.values())
    assert all(inbox.faults[fault] for fault in ("451", "550", "drops after DATA", "stalls"))
