"""The ticker: runs what is due once, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from data.errors import NotReady, SettingsError
from data.regions import save_region_set
from service.pipeline import run_cycle
from service.publications.store import latest_publication, list_publications
from service.schedule.slots import LEASE, claim_slot, list_slots
from service.scheduler import Ticker, tick_cycles, tick_outbox
from service.settings import OwnSchedule

SLOT = datetime(2022, 1, 12, 6, tzinfo=UTC)


def tick(demo):
    return tick_cycles(demo.database, demo.settings, demo.clock)


def read_slots(demo, name="demo"):
    with demo.database.read() as connection:
        return list_slots(connection, name)


def test_a_due_slot_is_run_once(demo):
    assert tick(demo) == ["demo"]
    assert tick(demo) == []
    (slot,) = read_slots(demo)
    assert (slot.slot_at, slot.status) == (SLOT, "done")
    assert "Published demo 2022-01-12 revision 1" in slot.detail
    with demo.database.read() as connection:
        assert latest_publication(connection, "demo").as_of == date(2022, 1, 12)


def test_before_the_next_slot_nothing_is_due(demo):
    tick(demo)
    before = replace(demo, clock=lambda: datetime(2022, 2, 12, 5, 59, tzinfo=UTC))
    assert tick(before) == []
    assert tick(replace(demo, clock=lambda: datetime(2022, 2, 12, 6, tzinfo=UTC))) == ["demo"]
    with demo.database.read() as connection:
        assert latest_publication(connection, "demo").origin_label == "2022-01"


def test_missed_slots_are_caught_up_with_in_order_and_the_rest_is_listed(demo, monkeypatch):
    ran = []

    def note(*given, as_of, **named):
        ran.append(as_of)
        raise NotReady("Only the order matters here.")

    monkeypatch.setattr("service.scheduler.ingest_new", lambda *given, **named: [])
    monkeypatch.setattr("service.scheduler.run_cycle", note)
    settings = demo.settings.model_copy(update={"catch_up_slots": 2, "cycle_attempts": 1})
    early = replace(demo, settings=settings)
    late = replace(early, clock=lambda: datetime(2022, 5, 20, tzinfo=UTC))
    assert tick(early) == ["demo"]
    assert tick(late) == ["demo", "demo"]
    assert tick(late) == []
    assert ran == [date(2022, 1, 12), date(2022, 4, 12), date(2022, 5, 12)]
    assert [(slot.slot_at.month, slot.status) for slot in read_slots(demo)] == [
        (5, "failed"),
        (4, "failed"),
        (3, "skipped"),
        (2, "skipped"),
        (1, "failed"),
    ]


def test_a_failed_cycle_is_tried_again_and_then_given_up(demo, monkeypatch, caplog):
    settings = demo.settings.model_copy(update={"cycle_attempts": 3, "cycle_retry_minutes": 10})
    now = {"is": demo.clock()}
    tried = replace(demo, settings=settings, clock=lambda: now["is"])

    def fail(*arguments, **options):
        raise NotReady("No model stands.")

    monkeypatch.setattr("service.scheduler.run_cycle", fail)
    waits = []
    for _ in range(3):
        assert tick(tried) == ["demo"]
        assert tick(tried) == []
        (slot,) = read_slots(demo)
        assert slot.status == "failed"
        if slot.retry_at is not None:
            waits.append(slot.retry_at - now["is"])
            now["is"] = slot.retry_at
    assert waits == [timedelta(minutes=10), timedelta(minutes=20)]
    assert (slot.attempts, slot.retry_at) == (3, None)
    assert "given up after 3 tries" in caplog.text
    now["is"] += timedelta(days=3)
    assert tick(tried) == []


def test_a_cycle_that_works_on_the_second_try_is_done(demo, monkeypatch):
    real = tick_cycles.__globals__["_run_slot"].__globals__["run_cycle"]
    monkeypatch.setattr("service.scheduler.run_cycle", lambda *given, **named: 1 / 0)
    tick(demo)
    monkeypatch.setattr("service.scheduler.run_cycle", real)
    (slot,) = read_slots(demo)
    assert tick(replace(demo, clock=lambda: slot.retry_at)) == ["demo"]
    (slot,) = read_slots(demo)
    assert (slot.status, slot.attempts) == ("done", 2)


def test_a_set_with_its_own_schedule_follows_it(demo):
    own = {"demo": OwnSchedule(cron="0 0 15 * *", time_zone="Africa/Niamey")}
    assert tick(replace(demo, settings=demo.settings.model_copy(update={"schedules": own})))
    (slot,) = read_slots(demo)
    assert slot.slot_at == datetime(2022, 1, 14, 23, tzinfo=UTC)


def test_a_set_that_is_fed_by_hand_is_scored_if_it_has_a_schedule(demo, region_set):
    with demo.database.write() as connection:
        save_region_set(connection, region_set, demo.clock())
    own = {"squares": OwnSchedule(cron="0 6 * * *")}
    settings = demo.settings.model_copy(update={"schedules": own})
    assert tick(replace(demo, settings=settings)) == ["demo", "squares"]
    (slot,) = read_slots(demo, "squares")
    assert slot.detail.startswith("not_ready")


def test_a_slot_that_another_process_holds_is_left_to_it(demo):
    assert claim_slot(demo.database, "demo", SLOT, demo.clock())
    assert tick(demo) == []
    with demo.database.read() as connection:
        assert list_publications(connection, "demo") == ()
    later = replace(demo, clock=lambda: demo.clock() + LEASE)
    assert tick(later) == ["demo"]


def test_a_failing_cycle_marks_its_slot_and_keeps_the_feed(demo, monkeypatch):
    report = run_cycle(
        demo.database, demo.settings, demo.clock, region_set="demo", as_of=date(2021, 12, 15)
    )

    def fail(*arguments, **options):
        raise NotReady("No model stands.", "Train one.")

    monkeypatch.setattr("service.scheduler.run_cycle", fail)
    assert tick(demo) == ["demo"]
    (slot,) = read_slots(demo)
    assert (slot.status, slot.detail) == ("failed", "not_ready: No model stands. Train one.")
    assert tick(demo) == []
    with demo.database.read() as connection:
        assert latest_publication(connection, "demo").publication_id == report.publication_id


def test_a_cycle_whose_process_keeps_dying_is_given_up(demo):
    settings = demo.settings.model_copy(update={"cycle_attempts": 2})
    now = demo.clock()
    for _ in range(2):
        # Whoever claims it dies and finishes nothing.
        assert claim_slot(demo.database, "demo", SLOT, now)
        now += LEASE
    assert tick_cycles(demo.database, settings, lambda: now) == ["demo"]
    (slot,) = read_slots(demo)
    assert (slot.status, slot.retry_at) == ("failed", None)
    assert "ended in the midst of it" in slot.detail
    assert tick_cycles(demo.database, settings, lambda: now + 5 * LEASE) == []
    with demo.database.read() as connection:
        assert latest_publication(connection, "demo") is None


def test_an_unexpected_failure_shows_no_internals_in_the_slot(demo, monkeypatch, caplog):
    def fail(*arguments, **options):
        raise RuntimeError("the password is 1234")

    monkeypatch.setattr("service.scheduler.ingest_new", fail)
    assert tick(demo) == ["demo"]
    (slot,) = read_slots(demo)
    assert slot.status == "failed"
    assert "1234" not in slot.detail
    assert "1234" in caplog.text


def test_a_set_that_is_fed_by_hand_is_never_scored_by_the_ticker(demo, region_set):
    with demo.database.write() as connection:
        save_region_set(connection, region_set, demo.clock())
    assert tick(demo) == ["demo"]
    assert read_slots(demo, "squares") == ()


def test_the_outbox_is_looked_at_with_what_the_ticker_has(demo, monkeypatch):
    calls = []
    monkeypatch.setattr("service.scheduler.deliver_due", lambda *given: calls.append(given))
    tick_outbox(demo.database, demo.settings, demo.clock)
    assert calls == [(demo.database, demo.settings, demo.clock)]


def test_the_ticker_ticks_at_once_and_survives_a_failure(demo, monkeypatch, caplog):
    cycled, delivered = threading.Event(), threading.Event()

    def fail(*given):
        cycled.set()
        raise RuntimeError("the database is away")

    ticker = Ticker(demo.database, demo.settings, demo.clock)
    monkeypatch.setattr("service.scheduler.list_set_heads", fail)
    monkeypatch.setattr("service.scheduler.deliver_due", lambda *given: delivered.set())
    ticker.start()
    try:
        assert cycled.wait(120)
        assert delivered.wait(120)
    finally:
        ticker.stop()
    assert "the database is away" in caplog.text


def test_a_cron_line_that_is_none_stops_the_start(demo):
    wrong = demo.settings.model_copy(update={"cycle_cron_weekly": "every day"})
    with pytest.raises(SettingsError, match="TOCSIN_CYCLE_CRON_WEEKLY"):
        Ticker(demo.database, wrong, demo.clock)
    wrong = demo.settings.model_copy(update={"cycle_cron": "every day"})
    with pytest.raises(SettingsError):
        Ticker(demo.database, wrong, demo.clock)


def test_the_slot_is_claimed_before_the_cycle_runs(demo, monkeypatch):
    seen = []

    def look(database, settings, clock, *, region_set):
        with database.read() as connection:
            seen.extend(slot.status for slot in list_slots(connection, region_set))
        raise NotReady("Stop here.")

    monkeypatch.setattr("service.scheduler.ingest_new", look)
    tick(demo)
    assert seen == ["running"]
    assert timedelta(0) == read_slots(demo)[0].finished_at - demo.clock()


REPLICA = """
import sys
from datetime import datetime
from pathlib import Path

from data.database import open_database
from service.scheduler import tick_cycles
from service.settings import Settings

url, folder, now = sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
settings = Settings(state_dir=folder, database_url=url, horizons=(1, 3))
database = open_database(url)
print("ready", flush=True)
sys.stdin.readline()
print(tick_cycles(database, settings, lambda: now), flush=True)
"""


@pytest.mark.parametrize("backend", ["postgres"], indirect=True)
def test_replicas_on_postgresql_run_a_slot_once(demo):
    """Two processes tick at the same moment on one database: one cycle, one publication."""
    url, folder = demo.settings.resolved_database_url, str(demo.settings.state_dir)
    command = [sys.executable, "-c", REPLICA, url, folder]
    replicas = [
        subprocess.Popen(
            [*command, demo.clock().isoformat()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [replica.stdout.readline() for replica in replicas] == ["ready\n"] * 2
    for replica in replicas:
        replica.stdin.write("go\n")
        replica.stdin.flush()
    told = sorted(replica.communicate(timeout=300)[0].splitlines()[-1] for replica in replicas)
    assert told == ["['demo']", "[]"]
    with demo.database.read() as connection:
        (slot,) = list_slots(connection, "demo")
        assert (slot.status, slot.attempts) == ("done", 1)
        assert len(list_publications(connection, "demo")) == 1
