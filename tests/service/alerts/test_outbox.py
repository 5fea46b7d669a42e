"""The outbox: a message is delivered at least once, or is a dead letter that can be replayed."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from data.errors import Conflict, UnknownName
from service.alerts.claims import LEASE
from service.alerts.delivery import DeliveryReport, deliver_due
from service.alerts.outbox import replay
from service.alerts.retries import DELAYS_SECONDS, TRIES
from service.channels.contract import Dead, Delivered, Message, Outcome, Retry
from service.settings import Settings
from service.tables import delivery_attempts, disabled_endpoints, notifications, outbox

pytestmark = pytest.mark.both_databases

HIGH = 0.3


class Receiver:
    """A channel that answers as it is told, and keeps what it got."""

    name = "fake"

    def __init__(self, *answers: Outcome | Exception, endpoint: str = "e1") -> None:
        self.answers = list(answers)
        self.endpoint = endpoint
        self.got: list[Message] = []

    def send(self, message: Message) -> Outcome:
        self.got.append(message)
        answer = self.answers.pop(0) if self.answers else Delivered("ok")
        if isinstance(answer, Exception):
            raise answer
        return answer


def rows(world: Any, table: Any) -> list[dict[str, Any]]:
    with world.database.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def deliver(world: Any, receiver: Receiver) -> DeliveryReport:
    return deliver_due(world.database, world.settings, world.clock, {"log": receiver})


def attempts(world: Any) -> list[tuple[int, str, str]]:
    return [
        (row["attempt"], row["result"], row["detail"])
        for row in sorted(rows(world, delivery_attempts), key=lambda row: row["attempt"])
    ]


@pytest.fixture
def loaded(world: Any, build: Any) -> Any:
    """A world with one message in the outbox."""
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    return world


def test_a_message_is_delivered_once_and_marked(loaded: Any) -> None:
    receiver = Receiver()
    loaded.clock.move(seconds=7)
    assert deliver(loaded, receiver) == DeliveryReport(n_delivered=1)
    assert deliver(loaded, receiver) == DeliveryReport()
    (row,) = loaded.messages()
    (message,) = receiver.got
    assert message == Message(row["message_id"], "log", row["body"], 1)
    assert (row["status"], row["lease_until"]) == ("delivered", None)
    assert attempts(loaded) == [(1, "delivered", "ok")]
    (notification,) = rows(loaded, notifications)
    assert notification["accepted_at"] == loaded.clock()
    assert notification["reason"] == "new"


def test_the_whole_schedule_then_a_dead_letter(loaded: Any) -> None:
    receiver = Receiver(*[Retry(None, "HTTP 500")] * TRIES)
    waits = []
    for number in range(TRIES):
        before = loaded.clock()
        report = deliver(loaded, receiver)
        is_last = number == TRIES - 1
        assert report == DeliveryReport(n_failed=not is_last, n_dead=is_last)
        (row,) = loaded.messages()
        if not is_last:
            waits.append((row["due_at"] - before).total_seconds())
            loaded.clock.now = row["due_at"] - timedelta(seconds=1)
            assert deliver(loaded, receiver) == DeliveryReport()
            loaded.clock.now = row["due_at"]
    for wait, planned in zip(waits, DELAYS_SECONDS[1:], strict=True):
        assert 0.8 * planned <= wait <= 1.2 * planned + 1
    assert row["status"] == "dead"
    assert {message.message_id for message in receiver.got} == {row["message_id"]}
    assert [message.attempt for message in receiver.got] == list(range(1, TRIES + 1))
    loaded.clock.move(days=30)
    assert deliver(loaded, receiver) == DeliveryReport()


def test_a_receiver_may_ask_for_more_time(loaded: Any) -> None:
    receiver = Receiver(Retry(3_600.5, "HTTP 429"))
    deliver(loaded, receiver)
    (row,) = loaded.messages()
    assert (row["due_at"] - loaded.clock()).total_seconds() == 3_601


def test_gone_disables_the_endpoint_until_another_is_set(loaded: Any, build: Any) -> None:
    receiver = Receiver(Dead("HTTP 410", is_gone=True))
    assert deliver(loaded, receiver) == DeliveryReport(n_dead=1)
    assert attempts(loaded) == [(1, "gone", "HTTP 410")]
    (disabled,) = rows(loaded, disabled_endpoints)
    assert (disabled["contact_point"], disabled["endpoint"]) == ("log", "e1")
    loaded.publish(build.month(1), {"ML01": 0.6})
    assert deliver(loaded, receiver) == DeliveryReport(n_dead=1)
    assert len(receiver.got) == 1
    loaded.publish(build.month(2), {"ML01": 0.6})
    other = Receiver(endpoint="e2")
    assert deliver(loaded, other) == DeliveryReport(n_delivered=1)


def test_a_dead_letter_is_replayed_under_the_same_id(loaded: Any) -> None:
    receiver = Receiver(Retry(None, "HTTP 500"), Dead("HTTP 410", is_gone=True))
    deliver(loaded, receiver)
    loaded.clock.move(hours=1)
    deliver(loaded, receiver)
    (row,) = loaded.messages()
    assert (row["status"], row["attempts"]) == ("dead", 2)
    with loaded.database.write() as connection:
        replay(connection, row["message_id"], actor="awa", now=loaded.clock())
    receiver.answers = [Retry(None, "HTTP 500")]
    assert deliver(loaded, receiver) == DeliveryReport(n_failed=1)
    loaded.clock.move(seconds=8)
    assert deliver(loaded, receiver) == DeliveryReport(n_delivered=1)
    assert {message.message_id for message in receiver.got} == {row["message_id"]}
    assert [number for number, _, _ in attempts(loaded)] == [1, 2, 11, 12]
    assert rows(loaded, disabled_endpoints) == []


def test_only_a_dead_letter_is_replayed(loaded: Any) -> None:
    (row,) = loaded.messages()
    with loaded.database.write() as connection:
        with pytest.raises(Conflict, match="is pending"):
            replay(connection, row["message_id"], actor="awa", now=loaded.clock())
        with pytest.raises(UnknownName, match="msg_0"):
            replay(connection, "msg_0", actor="awa", now=loaded.clock())


def test_a_bug_in_a_channel_loses_nothing(loaded: Any) -> None:
    receiver = Receiver(ZeroDivisionError("secret words"))
    assert deliver(loaded, receiver) == DeliveryReport(n_failed=1)
    assert attempts(loaded) == [(1, "failed", "internal error: ZeroDivisionError")]
    loaded.clock.move(seconds=7)
    assert deliver(loaded, receiver) == DeliveryReport(n_delivered=1)


def test_a_refusal_is_final_but_leaves_the_endpoint(loaded: Any, build: Any) -> None:
    receiver = Receiver(Dead("no such person"))
    assert deliver(loaded, receiver) == DeliveryReport(n_dead=1)
    assert attempts(loaded) == [(1, "refused", "no such person")]
    loaded.publish(build.month(1), {"ML01": HIGH})
    assert deliver(loaded, receiver) == DeliveryReport(n_delivered=1)


def test_failures_are_logged_without_the_message(loaded: Any) -> None:
    receiver = Receiver(Retry(None, "HTTP 500"), Dead("HTTP 410", is_gone=True))
    with capture_logs() as lines:
        deliver(loaded, receiver)
        loaded.clock.move(seconds=7)
        deliver(loaded, receiver)
    (row,) = loaded.messages()
    common = {
        "log_level": "warning",
        "message_id": row["message_id"],
        "contact_point": "log",
    }
    assert lines == [
        {**common, "event": "delivery_failed", "attempt": 1, "detail": "HTTP 500"},
        {**common, "event": "dead_letter", "attempt": 2, "detail": "HTTP 410"},
    ]


def test_a_delivery_is_not_logged_as_a_failure(loaded: Any) -> None:
    with capture_logs() as lines:
        deliver(loaded, Receiver())
    assert lines == []


class Death(BaseException):
    """What kills a worker in the middle of its work."""


class Mortal(Receiver):
    """Accepts, and dies before it can say so."""

    def send(self, message: Message) -> Outcome:
        super().send(message)
        raise Death


def test_a_dead_worker_leaves_a_lease_that_runs_out(loaded: Any) -> None:
    mortal, healthy = Mortal(), Receiver()
    with pytest.raises(Death):
        deliver(loaded, mortal)
    assert attempts(loaded) == [(1, "started", "")]
    loaded.clock.move(seconds=LEASE.total_seconds() - 1)
    assert deliver(loaded, healthy) == DeliveryReport()
    loaded.clock.move(seconds=1)
    assert deliver(loaded, healthy) == DeliveryReport(n_delivered=1)
    assert healthy.got[0].message_id == mortal.got[0].message_id
    assert [result for _, result, _ in attempts(loaded)] == ["started", "delivered"]


def test_a_message_that_kills_every_worker_ends_as_a_dead_letter(loaded: Any) -> None:
    mortal = Mortal()
    for _ in range(TRIES):
        with pytest.raises(Death):
            deliver(loaded, mortal)
        loaded.clock.move(seconds=LEASE.total_seconds())
    assert deliver(loaded, mortal) == DeliveryReport(n_dead=1)
    assert len(mortal.got) == TRIES


def test_a_slow_worker_cannot_undo_what_another_one_did(loaded: Any) -> None:
    fast = Receiver()

    class Slow(Receiver):
        def send(self, message: Message) -> Outcome:
            loaded.clock.move(seconds=LEASE.total_seconds())
            assert deliver(loaded, fast) == DeliveryReport(n_delivered=1)
            return Retry(None, "too late")

    deliver(loaded, Slow())
    (row,) = loaded.messages()
    assert row["status"] == "delivered"
    assert [result for _, result, _ in attempts(loaded)] == ["failed", "delivered"]


def test_a_late_acceptance_still_counts(loaded: Any) -> None:
    class Slow(Receiver):
        def send(self, message: Message) -> Outcome:
            loaded.clock.move(seconds=LEASE.total_seconds())
            deliver(loaded, Receiver(Dead("refused")))
            return Delivered("late")

    deliver(loaded, Slow())
    (row,) = loaded.messages()
    assert row["status"] == "delivered"


def test_messages_of_other_contact_points_wait_and_are_buried_late(loaded: Any) -> None:
    def deliver_elsewhere() -> DeliveryReport:
        return deliver_due(loaded.database, loaded.settings, loaded.clock, {"other": Receiver()})

    assert deliver_elsewhere() == DeliveryReport()
    loaded.clock.move(seconds=sum(DELAYS_SECONDS))
    assert deliver_elsewhere() == DeliveryReport()
    loaded.clock.move(seconds=1)
    assert deliver_elsewhere() == DeliveryReport(n_dead=1)


def test_many_workers_send_each_message_once(world: Any, build: Any) -> None:
    world.apply(*(build.rule(id=f"rule-{number}") for number in range(12)))
    world.publish(build.month(0), {"ML01": HIGH, "NE06": HIGH})
    receiver = Receiver()
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: deliver(world, receiver), range(4)))
    ids = [message.message_id for message in receiver.got]
    assert len(ids) == len(set(ids)) == 24
    assert sum(report.n_delivered for report in reports) == 24


def test_a_limit_of_messages_is_kept(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH, "NE06": HIGH})
    receiver = Receiver()
    report = deliver_due(world.database, world.settings, world.clock, {"log": receiver}, 1)
    assert report == DeliveryReport(n_delivered=1)
    assert deliver(world, receiver) == DeliveryReport(n_delivered=1)


def test_a_contact_point_that_cannot_be_used_is_named_and_holds_up_no_other(
    new_world: Callable[..., Any], build: Any
) -> None:
    world = new_world(Settings(webhook_url="https://hooks.example.org/x"))
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    report = deliver_due(world.database, world.settings, world.clock)
    assert report.n_delivered == 1
    assert "webhook_secret" in report.problems["webhook"]
    assert {row["contact_point"]: row["status"] for row in world.messages()} == {
        "log": "delivered",
        "webhook": "pending",
    }


def test_the_log_is_served_without_any_setting(loaded: Any) -> None:
    report = deliver_due(loaded.database, loaded.settings, loaded.clock)
    assert report == DeliveryReport(n_delivered=1)


KILLED_AFTER_SENDING = """
import os, signal, sys
from data.database import open_database
from service.alerts.delivery import deliver_due
from service.channels.contract import Delivered
from service.clock import system_clock
from service.settings import Settings

class Channel:
    name = endpoint = "file"
    def send(self, message):
        with open(sys.argv[2], "a") as received:
            received.write(message.message_id + "\\n")
        os.kill(os.getpid(), signal.SIGKILL)
        return Delivered("never said")

deliver_due(open_database(sys.argv[1]), Settings(), system_clock, {"log": Channel()})
"""


def test_kill_9_between_sending_and_recording_sends_again_and_loses_nothing(
    loaded: Any, tmp_path: Any
) -> None:
    received = tmp_path / "received"
    url = str(loaded.database.engine.url)
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_SENDING, url, str(received)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    (row,) = loaded.messages()
    assert (row["status"], row["attempts"]) == ("pending", 1)
    loaded.clock.now = row["lease_until"]
    receiver = Receiver()
    assert deliver(loaded, receiver) == DeliveryReport(n_delivered=1)
    (message,) = receiver.got
    assert received.read_text().split() == [message.message_id]
    assert message.attempt == 2
    assert rows(loaded, outbox)[0]["status"] == "delivered"
