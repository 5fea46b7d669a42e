"""Acknowledges and silences until it is killed: `actor.py DATABASE_URL REGION_SET INCIDENT_ID`.

Each line of its input is the name of a life: a child that acts in a loop, and says of each action
that was confirmed to it, when it was, what it was. Only the child is killed, so that the libraries
are loaded once.
"""

import os
import random
import sys
from datetime import UTC, datetime, timedelta

from data.database import open_database
from service.alerts.hush import acknowledge, add_silence

NOW = datetime(2022, 1, 16, tzinfo=UTC)


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def live(url: str, region_set: str, incident_id: str, name: str) -> None:
    database, chance = open_database(url), random.Random(name)
    for number in range(100_000):
        mark = f"{name}-{number}"
        kind = chance.choice(["acknowledge", "silence"])
        with database.write() as connection:
            if kind == "acknowledge":
                acknowledge(
                    connection, incident_id, actor="awa", note=mark, until=None, now=NOW
                )  # fmt: skip
            else:
                add_silence(
                    connection, {"region_set": region_set}, starts_at=NOW,
                    ends_at=NOW + timedelta(days=9), author="awa", comment=mark, now=NOW,
                )  # fmt: skip
        say(kind, mark)


def main(url: str, region_set: str, incident_id: str) -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(url, region_set, incident_id, line.strip())
        say("pid", child)
        os.waitpid(child, 0)
        say("over", line.strip())


if __name__ == "__main__":
    main(*sys.argv[1:])
