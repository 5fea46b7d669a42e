"""What a person did and saw confirmed survives kill -9 at any moment, whole and sealed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.alerts.audit import list_actions, verify_audit
from service.tables import acknowledgements, silences

HERE = Path(__file__)


@pytest.fixture
def actor(world: Any, build: Any) -> Iterator[Any]:
    """Starts the process that acts; the world has one open incident."""
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": 0.3})
    (event,) = world.events()
    url = world.database.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, str(HERE.with_name("actor.py")), url, "sahel", event["incident_id"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parents[3],
        env={name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")},
    )
    yield process
    process.communicate()
    assert process.returncode == 0


def live_and_die(actor: Any, name: str, seconds: float) -> set[tuple[str, str]]:
    """Lets the actor act and kills it; returns what it saw confirmed."""
    actor.stdin.write(f"{name}\n")
    actor.stdin.flush()
    child, is_killed = 0, False
    confirmed: set[tuple[str, str]] = set()
    for line in actor.stdout:
        kind, _, rest = line.strip().partition(" ")
        if kind == "over":
            return confirmed
        if kind == "pid":
            child = int(rest)
        else:
            confirmed.add((kind, rest))
        if child and confirmed and not is_killed:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
            is_killed = True
    raise AssertionError("The actor ended by itself.")


def read_actions(world: Any) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What was done, and what the audit trail says was done."""
    with world.database.read() as connection:
        assert verify_audit(connection).is_good
        notes = connection.scalars(select(acknowledgements.c.note)).all()
        comments = connection.scalars(select(silences.c.comment)).all()
        sealed = [
            (entry.action, entry.detail["note" if entry.action == "acknowledge" else "comment"])
            for entry in list_actions(connection, limit=100_000)
            if entry.action in ("acknowledge", "silence")
        ]
    done = [("acknowledge", note) for note in notes] + [("silence", text) for text in comments]
    assert (len(set(done)), len(set(sealed))) == (len(done), len(sealed))
    return set(done), set(sealed)


@pytest.mark.both_databases
def test_what_was_confirmed_survives_a_kill_whole_and_sealed(
    world: Any, actor: Any, backend: str
) -> None:
    n_kills = 20 if backend == "sqlite" else 5
    chance = random.Random(11)
    confirmed: set[tuple[str, str]] = set()
    for number in range(n_kills):
        confirmed |= live_and_die(actor, f"life{number}", chance.random() * 0.05)
        done, sealed = read_actions(world)
        assert done == sealed
        assert confirmed <= done
        # Of each life at most the action in hand was done and not yet confirmed.
        assert len(done - confirmed) <= number + 1
    assert {kind for kind, _ in confirmed} == {"acknowledge", "silence"}
