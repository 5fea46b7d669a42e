"""Read models of incidents and messages."""

from typing import Any

from sqlalchemy import delete, update

from data.tables import regions
from service.alerts.delivery import deliver_due
from service.alerts.read import count_messages, list_incidents, list_messages
from service.channels.contract import Message, Outcome, Retry
from service.tables import outbox

HIGH, TOP, LOW = 0.3, 0.6, 0.1


def publish_a_course(world: Any, build: Any) -> None:
    world.apply(build.rule(clear_n=1))
    course = [
        {"ML01": HIGH, "ML05": LOW, "NE06": TOP},
        {"ML01": TOP, "ML05": HIGH, "NE06": LOW},
        {"ML01": TOP, "ML05": HIGH, "NE06": LOW},
        {"ML01": TOP, "ML05": None, "NE06": LOW},
    ]
    for number, values in enumerate(course):
        world.publish(build.month(number), values)


def test_incidents_with_their_events(world: Any, build: Any) -> None:
    publish_a_course(world, build)
    with world.database.read() as connection:
        first, second, third = list_incidents(connection, "sahel")
    assert [item.region_name for item in (first, second, third)] == ["Kayes", "Mopti", "Tillabéri"]
    assert (first.status, first.level, first.level_name) == ("open", 2, "very_high")
    assert (first.since, first.changed) == (build.month(0), build.month(1))
    assert (first.rule_name, first.country, first.is_stale) == ("Risk of escalation", "MLI", False)
    assert (second.status, second.is_stale, second.level_name) == ("open", True, "high")
    assert (third.status, third.level_name) == ("resolved", "very_high")
    assert [
        (event.sequence, event.type, event.level_from, event.level_to, event.value)
        for event in third.events
    ] == [(1, "fired", "none", "very_high", TOP), (2, "resolved", "very_high", "none", LOW)]
    assert [(event.type, event.value) for event in second.events] == [
        ("fired", HIGH),
        ("stale", None),
    ]


def test_the_newest_change_comes_first_among_equals(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH, "ML05": LOW, "NE06": LOW})
    world.publish(build.month(1), {"ML01": HIGH, "ML05": HIGH, "NE06": HIGH})
    with world.database.read() as connection:
        order = [item.region_id for item in list_incidents(connection)]
    assert order == ["ML05", "NE06", "ML01"]


def test_incidents_are_chosen(world: Any, build: Any) -> None:
    publish_a_course(world, build)

    def ids(**choice: Any) -> list[str]:
        with world.database.read() as connection:
            return [item.region_id for item in list_incidents(connection, **choice)]

    assert ids() == ["ML01", "ML05", "NE06"]
    assert ids(region_set="sahel", region_id="NE06") == ["NE06"]
    assert ids(region_set="asia") == []
    assert ids(is_open=True) == ["ML01", "ML05"]
    assert ids(is_open=False) == ["NE06"]


def test_a_withdrawn_incident_is_past_but_not_resolved(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": TOP})
    world.apply(build.rule(enabled=False))
    world.publish(build.month(1), {"ML01": TOP})
    with world.database.read() as connection:
        (incident,) = list_incidents(connection, is_open=False)
    assert (incident.status, incident.level_name) == ("withdrawn", "very_high")


def test_what_a_correction_took_away_is_no_incident(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": TOP})
    world.publish(build.month(0), {"ML01": LOW})
    with world.database.read() as connection:
        assert list_incidents(connection) == ()


def test_a_region_that_left_the_set_keeps_its_incident(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": TOP})
    with world.database.write() as connection:
        connection.execute(delete(regions).where(regions.c.region_id == "ML01"))
    with world.database.read() as connection:
        (incident,) = list_incidents(connection)
    assert (incident.region_name, incident.country) == ("ML01", "")


class Busy:
    name = endpoint = "busy"

    def send(self, message: Message) -> Outcome:
        return Retry(None, "HTTP 503")


def test_messages(world: Any, build: Any) -> None:
    publish_a_course(world, build)
    deliver_due(world.database, world.settings, world.clock, {"log": Busy()}, max_messages=1)
    with world.database.write() as connection:
        connection.execute(update(outbox).where(outbox.c.attempts == 0).values(status="delivered"))
    with world.database.read() as connection:
        messages = list_messages(connection)
        (waiting,) = list_messages(connection, "pending")
        assert count_messages(connection) == {"pending": 1, "delivered": len(messages) - 1}
        assert len(list_messages(connection, limit=2)) == 2
    assert messages[-1].message_id in {row["message_id"] for row in world.messages()[:2]}
    assert "as of 2022-04-15" in messages[0].title
    assert (waiting.attempts, waiting.last_result, waiting.last_detail) == (1, "failed", "HTTP 503")
    assert (messages[0].last_result, messages[0].last_detail) == (None, "")
