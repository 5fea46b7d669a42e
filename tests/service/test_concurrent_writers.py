"""Writers that come at the same moment, from processes and connections of their own."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from data.errors import Conflict
from data.sources.simulated import SIMULATED, deliver_simulated
from data.store import events_as_known, list_deliveries
from service.alerts.audit import verify_audit
from service.alerts.rule_store import apply_default_rules, list_rules
from service.intake.ingestion import Origin, take_in

pytestmark = pytest.mark.both_databases

N_ENTRIES = 25
APPENDER = """
import sys
from datetime import UTC, datetime

from data.database import open_database
from service.alerts.audit import record_action

database = open_database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    with database.write() as connection:
        record_action(
            connection,
            actor=sys.argv[2],
            action="test",
            subject=str(number),
            detail={},
            now=datetime(2022, 1, 1, tzinfo=UTC),
        )
"""


def test_two_processes_never_fork_a_chain(database, settings):
    url = settings.resolved_database_url
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, url, name, str(N_ENTRIES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 2
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    with database.read() as connection:
        report = verify_audit(connection)
    assert (report.n_entries, report.is_good) == (2 * N_ENTRIES, True)


def run_together(*tasks):
    """Runs tasks in threads that begin together; returns what each returned or raised."""
    barrier = threading.Barrier(len(tasks))
    results = [None] * len(tasks)

    def run(place, task):
        barrier.wait()
        try:
            results[place] = task()
        except Exception as problem:
            results[place] = problem

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_deliveries_at_once_are_one_history(database, settings):
    """Whichever comes first, the other is held against it, or refused as older than it."""
    releases = (date(2021, 11, 15), date(2021, 12, 15))

    def deliver(release):
        moment = datetime(release.year, release.month, release.day, tzinfo=UTC)
        return take_in(
            database,
            deliver_simulated(release, settings.seed),
            source=SIMULATED,
            vintage=str(release),
            known_at=moment,
            received_at=moment,
            origin=Origin.of_bytes("x", str(release).encode()),
        )

    found = run_together(*[lambda day=day: deliver(day) for day in releases])
    assert not [
        item for item in found if isinstance(item, Exception) and type(item) is not Conflict
    ]
    with database.read() as connection:
        stored = list_deliveries(connection, SIMULATED.name)
        known = events_as_known(connection, SIMULATED.name, releases[1])
    told = deliver_simulated(releases[1], settings.seed).events
    assert sorted(known["event_id"]) == sorted(told["event_id"])
    assert sum(item.n_added - item.n_deleted for item in stored) == len(told)


def test_rules_that_are_applied_twice_at_once_are_stored_once(database, now):
    def apply():
        with database.write() as connection:
            return apply_default_rules(connection, now)

    applied = run_together(*[apply] * 4)
    assert sorted(len(rules) > 0 for rules in applied) == [False, False, False, True]
    with database.read() as connection:
        assert {rule.version for rule in list_rules(connection)} == {1}


def test_a_reader_on_postgresql_sees_one_state(postgres):
    """On SQLite a writer waits for readers, or writes beside them, as the journal has it."""
    count = text("SELECT count(*) FROM silences")
    with postgres.read() as connection:
        assert connection.scalar(count) == 0
        with postgres.write() as other:
            other.execute(text("INSERT INTO silences VALUES (1, '[]', 0, 0, 'a', 'c', 0)"))
        assert connection.scalar(count) == 0
    with postgres.read() as connection:
        assert connection.scalar(count) == 1
