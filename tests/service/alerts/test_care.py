"""Notes on incidents and who looks after them, with their entries of the audit trail."""

from typing import Any

import pytest

from data.errors import Conflict, UnknownName, UsageError
from service.alerts.audit import list_actions, verify_audit
from service.alerts.care import LONGEST_NOTE, add_note, assign, assignee_of, list_care

pytestmark = pytest.mark.both_databases


def incident_of(world: Any) -> str:
    return str(world.events()[0]["incident_id"])


def test_notes_and_assignments_are_kept_in_order(world: Any, build: Any) -> None:
    world.apply(build.rule(clear_n=1))
    world.publish(build.month(0), {"ML01": 0.3})
    world.publish(build.month(1), {"ML01": 0.1})
    whole = incident_of(world)
    with world.database.write() as connection:
        now = world.clock()
        assert assignee_of(connection, whole) is None
        assert add_note(connection, whole[:8], actor="awa", text=" Called. ", now=now) == whole
        assign(connection, whole, actor="awa", assignee="bob", now=now)
        assign(connection, whole, actor="bob", assignee="awa", now=now)
        assert [(item.kind, item.actor, item.text) for item in list_care(connection, whole)] == [
            ("note", "awa", "Called."),
            ("assign", "awa", "bob"),
            ("assign", "bob", "awa"),
        ]
        assert assignee_of(connection, whole) == "awa"
        trail = [
            (item.action, item.detail["text"])
            for item in list_actions(connection)
            if item.action != "apply_rule"
        ]
        assert trail == [("assign", "awa"), ("assign", "bob"), ("note", "Called.")]
        assert verify_audit(connection).is_good


def test_what_says_nothing_is_refused(world: Any, build: Any) -> None:
    world.apply(build.rule(), build.rule(id="other"))
    world.publish(build.month(0), {"ML01": 0.3})
    now, whole = world.clock(), incident_of(world)
    with world.database.write() as connection:
        for text in ("", " ", "x" * (LONGEST_NOTE + 1)):
            with pytest.raises(UsageError):
                add_note(connection, whole, actor="awa", text=text, now=now)
        with pytest.raises(UsageError):
            add_note(connection, whole, actor=" ", text="x", now=now)
        with pytest.raises(UsageError):
            assign(connection, whole, actor="awa", assignee=" ", now=now)
        for beginning in ("", "zz"):
            with pytest.raises(UnknownName):
                assign(connection, beginning, actor="awa", assignee="bob", now=now)


def test_a_beginning_that_fits_several_is_refused(world: Any, build: Any) -> None:
    world.apply(*(build.rule(id=f"rule-{number}") for number in range(17)))
    world.publish(build.month(0), {"ML01": 0.3})
    ids = [event["incident_id"] for event in world.events()]
    first = next(text[0] for text in ids if sum(other.startswith(text[0]) for other in ids) > 1)
    with world.database.write() as connection:
        with pytest.raises(Conflict):
            add_note(connection, first, actor="awa", text="x", now=world.clock())
