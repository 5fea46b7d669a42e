"""Acknowledgements and silences: what they hold, what nothing holds, and that they survive."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from data.database import open_database
from data.errors import Conflict, UnknownName, UsageError
from service.alerts.audit import list_actions, record_action, verify_audit
from service.alerts.hush import (
    acknowledge,
    acknowledged_incidents,
    add_silence,
    end_silence,
    list_silences,
)
from service.alerts.notify import Quiet, Reason, Standing, Told, decide
from service.chain import NO_ENTRY
from service.tables import audit_entries

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)
MALI = {"country": "MLI"}


@pytest.fixture
def lived(world: Any, build: Any) -> Any:
    """A world with a rule that repeats daily, and a helper that publishes once a month."""
    world.apply(build.rule(repeat_after_days=1, labels={"desk": "west"}))
    world.month = 0

    def publish(**values: object) -> dict[str, int]:
        report = world.publish(build.month(world.month), values)[1]
        world.month += 1
        world.clock.move(days=30)
        return dict(report.decisions)

    world.tell = publish
    return world


def ack(world: Any, incident: str, **changes: Any) -> str:
    choice = {"actor": "awa", "note": "", "until": None, "now": world.clock(), **changes}
    with world.database.write() as connection:
        return acknowledge(connection, incident, **choice)


def hush(world: Any, matchers: dict[str, str], days: float = 10, **changes: Any) -> int:
    now = world.clock()
    choice = {
        "starts_at": now, "ends_at": now + days * DAY, "author": "awa", "comment": "known",
        "now": now, **changes,
    }  # fmt: skip
    with world.database.write() as connection:
        return add_silence(connection, matchers, **choice)


def test_an_acknowledgement_stops_repeats_until_a_rise(lived: Any) -> None:
    assert lived.tell(ML01=0.3) == {"new": 1}
    assert lived.tell(ML01=0.3) == {"repeat": 1}
    whole = ack(lived, lived.events()[0]["incident_id"][:10])
    assert whole == lived.events()[0]["incident_id"]
    assert lived.tell(ML01=0.3) == {"acknowledged": 1}
    assert lived.tell(ML01=0.6) == {"escalated": 1}
    assert lived.tell(ML01=0.6) == {"repeat": 1}
    ack(lived, whole)
    assert lived.tell(ML01=0.6) == {"acknowledged": 1}
    assert lived.tell(ML01=0.3) == {"acknowledged": 1}
    assert lived.tell(ML01=0.3) == {"deescalated": 1}


def test_a_rise_that_a_correction_renumbers_ends_an_acknowledgement(lived: Any, build: Any) -> None:
    """The gap counted as an event; without it the rise has the number that was acknowledged."""
    lived.tell(ML01=0.3)
    lived.tell(ML01=None)
    ack(lived, lived.events()[0]["incident_id"])
    lived.publish(build.month(1), {"ML01": 0.3})
    assert lived.tell(ML01=0.6) == {"escalated": 1}
    assert lived.tell(ML01=0.6) == {"repeat": 1}


def test_a_correction_that_leaves_the_rise_leaves_the_acknowledgement(
    lived: Any, build: Any
) -> None:
    lived.tell(ML01=0.3)
    lived.tell(ML01=0.6)
    ack(lived, lived.events()[0]["incident_id"])
    lived.publish(build.month(1), {"ML01": 0.65})
    assert lived.tell(ML01=0.6) == {"acknowledged": 1}


def test_an_acknowledgement_ends_on_its_day(lived: Any) -> None:
    lived.tell(ML01=0.3)
    ack(lived, lived.events()[0]["incident_id"], until=lived.clock() + 30 * DAY)
    assert lived.tell(ML01=0.3) == {"acknowledged": 1}
    assert lived.tell(ML01=0.3) == {"repeat": 1}


def test_only_an_open_incident_is_acknowledged(lived: Any) -> None:
    lived.tell(ML01=0.3, ML05=0.3)
    with pytest.raises(UnknownName):
        ack(lived, "nothing")
    with pytest.raises(UnknownName):
        ack(lived, "")
    with pytest.raises(UnknownName):
        ack(lived, "%")
    incident = lived.events()[0]["incident_id"]
    with pytest.raises(UsageError, match="past"):
        ack(lived, incident, until=lived.clock())
    with pytest.raises(UsageError, match="nobody"):
        ack(lived, incident, actor=" ")
    lived.tell(ML01=0.1, ML05=0.1)
    lived.tell(ML01=0.1, ML05=0.1)
    with pytest.raises(Conflict, match="over"):
        ack(lived, incident)
    with lived.database.read() as connection:
        assert acknowledged_incidents(connection, "sahel", lived.clock()) == frozenset()


def test_a_silence_holds_what_it_names_and_tells_when_it_ends(lived: Any) -> None:
    hush(lived, {**MALI, "desk": "west"}, days=31)
    assert lived.tell(ML01=0.3, NE06=0.3) == {"silenced": 1, "new": 1}
    assert lived.tell(ML01=0.3, NE06=0.3) == {"silenced": 1, "repeat": 1}
    assert lived.tell(ML01=0.3, NE06=0.3) == {"silence_ended": 1, "repeat": 1}
    assert lived.tell(ML01=0.3, NE06=0.3) == {"repeat": 2}
    bodies = [message["body"] for message in lived.messages()]
    assert sum("the silence about it has ended" in body for body in bodies) == 1


def test_nothing_holds_a_rise(lived: Any) -> None:
    hush(lived, MALI, days=89)
    assert lived.tell(ML01=0.3) == {"silenced": 1}
    assert lived.tell(ML01=0.6) == {"escalated": 1}
    assert lived.tell(ML01=0.6) == {"silenced": 1}


def test_an_end_that_was_held_is_told_later(lived: Any) -> None:
    lived.tell(ML01=0.3)
    hush(lived, {"region": "ML01"}, days=45)
    assert lived.tell(ML01=0.1) == {"silenced": 1}
    assert lived.tell(ML01=0.1) == {"silenced": 1}
    assert lived.tell(ML01=0.1) == {"resolved": 1}


def test_a_silence_can_be_ended(lived: Any) -> None:
    number = hush(lived, MALI, days=80)
    assert lived.tell(ML01=0.3) == {"silenced": 1}
    with lived.database.write() as connection:
        end_silence(connection, number, actor="awa", now=lived.clock())
    assert lived.tell(ML01=0.3) == {"silence_ended": 1}
    with lived.database.write() as connection, pytest.raises(Conflict):
        end_silence(connection, number, actor="awa", now=lived.clock())
    with lived.database.write() as connection, pytest.raises(UnknownName):
        end_silence(connection, 99, actor="awa", now=lived.clock())


@pytest.mark.parametrize(
    ("matchers", "changes"),
    [({}, {}), (MALI, {"comment": " "}), (MALI, {"days": 90.1}), (MALI, {"days": 0})],
)
def test_a_silence_without_bounds_is_refused(
    lived: Any, matchers: dict[str, str], changes: Any
) -> None:
    with pytest.raises(UsageError):
        hush(lived, matchers, **changes)
    with lived.database.read() as connection:
        assert list_silences(connection) == ()
        assert [entry.action for entry in list_actions(connection)] == ["apply_rule"]


def test_both_survive_a_restart(lived: Any) -> None:
    lived.tell(ML01=0.3, NE06=0.3)
    ack(lived, next(e["incident_id"] for e in lived.events() if e["region_id"] == "NE06"))
    hush(lived, MALI, days=80)
    url = lived.database.engine.url.render_as_string(hide_password=False)
    lived.database.close()
    lived.database = open_database(url)
    try:
        assert lived.tell(ML01=0.3, NE06=0.3) == {"silenced": 1, "acknowledged": 1}
    finally:
        lived.database.close()


reasons = st.builds(
    Quiet,
    is_acknowledged=st.booleans(),
    is_silenced=st.booleans(),
    silence_ended=st.none(),
)


@given(reasons, st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_what_people_ask_for_never_holds_a_rise_and_never_adds_a_message(
    quiet: Quiet, told_level: int, level: int, is_stale: bool
) -> None:
    now = date(2022, 3, 15)
    moment = datetime(2022, 3, 15, tzinfo=UTC)
    told = Told("i", told_level, False, False, now, moment - DAY)
    standing = Standing("i", level, None, is_stale, now, is_risen=level > told_level)
    plain = decide(told, standing, now=moment, repeat_after=DAY)
    asked = decide(told, standing, now=moment, repeat_after=DAY, quiet=quiet)
    if plain is Reason.ESCALATED:
        assert asked is Reason.ESCALATED
    assert plain.is_sent or not asked.is_sent
    assert quiet.is_silenced or quiet.is_acknowledged or asked is plain


def act(world: Any, *subjects: str) -> None:
    with world.database.write() as connection:
        for subject in subjects:
            record_action(
                connection, actor="awa", action="note", subject=subject, detail={"é": [1, None]},
                now=world.clock(),
            )  # fmt: skip


def verdict(world: Any, head: str | None = None) -> tuple[int, int | None, bool | None, bool]:
    with world.database.read() as connection:
        report = verify_audit(connection, head)
    return report.n_entries, report.broken_at, report.is_head_found, report.is_good


def test_the_trail_is_whole_until_somebody_touches_it(world: Any) -> None:
    assert verdict(world) == (0, None, None, True)
    act(world, "a", "b", "c")
    with world.database.read() as connection:
        heads = [entry.entry_hash for entry in list_actions(connection)]
    assert verdict(world, heads[0]) == (3, None, True, True)
    act(world, "d")
    assert verdict(world, heads[0]) == (4, None, True, True)
    assert verdict(world, NO_ENTRY) == (4, None, True, True)
    assert verdict(world, "f" * 64) == (4, None, False, False)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "eve"}, {"action": "x"}, {"subject": "x"}, {"detail": {}}, {"sequence": 9},
        {"previous_hash": NO_ENTRY[1:] + "1"}, {"entry_hash": NO_ENTRY},
    ],
)  # fmt: skip
def test_a_changed_entry_breaks_the_chain(world: Any, change: dict[str, Any]) -> None:
    act(world, "a", "b", "c")
    with world.database.write() as connection:
        connection.execute(
            update(audit_entries).where(audit_entries.c.sequence == 2).values(**change)
        )
    assert verdict(world)[1] == 2


def test_removed_entries_show(world: Any) -> None:
    act(world, "a", "b", "c")
    with world.database.read() as connection:
        head = list_actions(connection)[0].entry_hash
    with world.database.write() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.sequence == 3))
    assert verdict(world) == (2, None, None, True)
    assert verdict(world, head) == (2, None, False, False)
    with world.database.write() as connection:
        connection.execute(text("DELETE FROM audit_entries WHERE sequence = 1"))
    assert verdict(world)[1] == 1


def test_an_action_that_fails_leaves_no_entry(lived: Any) -> None:
    lived.tell(ML01=0.3)
    incident = lived.events()[0]["incident_id"]
    ack(lived, incident, note="seen")
    with lived.database.read() as connection:
        entry, _ = list_actions(connection)
    assert (entry.actor, entry.action, entry.subject) == ("awa", "acknowledge", incident)
    assert entry.detail == {"note": "seen", "until": None}
    with pytest.raises(UnknownName):
        ack(lived, "nothing")
    assert verdict(lived) == (2, None, None, True)
