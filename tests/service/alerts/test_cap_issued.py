"""CAP messages over time: what was issued always adds up to what is true."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select

from service.alerts.evaluate import evaluate_publication
from service.settings import Settings
from service.tables import cap_messages
from tests.service.alerts.cap_standard import NS, SCHEMA, check_cap, value


def parse_reference(text: str) -> tuple[str, datetime]:
    _, identifier, moment = text.split(",")
    return identifier, datetime.fromisoformat(moment)


def read_messages(world: Any) -> list[dict[str, Any]]:
    query = select(cap_messages).order_by(cap_messages.c.publication_id, cap_messages.c.incident_id)
    with world.database.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


HIGH, TOP, LOW = 0.3, 0.6, 0.01


@pytest.fixture
def lived(world: Any, build: Any) -> Callable[..., list[tuple[str, str]]]:
    """Publishes a month and returns type and reason of the messages of one region since then."""
    world.apply(build.rule(clear_n=1))

    def publish(number: int, value: object, **changes: Any) -> list[tuple[str, str]]:
        known = {row["identifier"] for row in read_messages(world)}
        world.clock.now = datetime(2022, 1, 16, 6, tzinfo=UTC) + timedelta(days=30.4 * number)
        world.publish(build.month(number), {"ML05": value}, **changes)
        fresh = [row for row in read_messages(world) if row["identifier"] not in known]
        for row in fresh:
            check_cap(row["body"])
        return [(row["type"], row["reason"]) for row in fresh]

    return publish


def test_the_life_of_an_incident(lived: Any, world: Any) -> None:
    assert lived(0, HIGH) == [("Alert", "fired")]
    assert lived(1, TOP) == [("Update", "escalated")]
    assert lived(2, None) == [("Update", "stale")]
    assert lived(3, TOP) == [("Update", "restored")]
    assert lived(4, HIGH) == [("Update", "deescalated")]
    assert lived(5, LOW) == [("Update", "resolved")]
    assert lived(6, LOW) == []
    messages = [etree.fromstring(row["body"]) for row in read_messages(world)]
    last = messages[-1]
    assert value(last, "responseType") == "AllClear"
    assert value(last, "urgency") == "Past"
    rows = read_messages(world)
    for number, message in enumerate(messages[1:], 1):
        sent = rows[number]["sent_at"]
        references = [
            parse_reference(text)[0] for text in message.findtext(f"{NS}references").split()
        ]
        # All that were issued and have not expired, in order.
        assert references == [
            row["identifier"] for row in rows[:number] if row["expires_at"] > sent
        ]


def test_what_has_come_is_observed_and_no_all_clear(lived: Any, world: Any) -> None:
    come = ("not_asked", None)
    assert lived(0, TOP) == [("Alert", "fired")]
    assert lived(1, come) == [("Update", "occurred")]
    rows = read_messages(world)
    message = etree.fromstring(rows[-1]["body"])
    found = [value(message, name) for name in ("responseType", "urgency", "severity", "certainty")]
    assert found == ["Monitor", "Unknown", "Severe", "Observed"]
    assert message.findtext(f"{NS}references").split(",")[1] == rows[0]["identifier"]
    english, french = (info.findtext(f"{NS}description") for info in message.iter(f"{NS}info"))
    assert english.startswith("The deaths that were warned of have come")
    assert french.startswith("Les décès dont elle avertissait ont eu lieu")
    # A correction takes back what was said to be observed.
    assert lived(1, TOP) == [("Update", "fired")]
    assert lived(1, come) == [("Update", "occurred")]
    assert lived(2, come) == []
    assert lived(0, LOW) == []
    assert lived(3, LOW) == [("Cancel", "corrected")]


def test_an_alert_that_goes_on_is_renewed_before_it_expires(lived: Any, world: Any) -> None:
    reasons = [lived(number, HIGH) for number in range(8)]
    assert reasons[0] == [("Alert", "fired")]
    assert [("Update", "renewed")] in reasons
    assert reasons.count([]) > 3
    rows = read_messages(world)
    for before, after in pairwise(rows):
        assert after["sent_at"] < before["expires_at"]


def test_what_a_correction_takes_away_is_cancelled(lived: Any, world: Any) -> None:
    lived(0, HIGH)
    assert lived(0, HIGH) == []
    assert lived(0, TOP) == [("Update", "fired")]
    assert lived(0, LOW) == [("Cancel", "corrected")]
    cancelled = etree.fromstring(read_messages(world)[-1]["body"])
    assert "very_high" in [item.text for item in cancelled.iter(f"{NS}value")]
    assert lived(1, LOW) == []
    assert lived(1, HIGH) == [("Alert", "fired")]


def test_a_withdrawn_rule_cancels(lived: Any, world: Any, build: Any) -> None:
    lived(0, HIGH)
    world.apply(build.rule(enabled=False))
    assert lived(1, HIGH) == [("Cancel", "withdrawn")]
    assert lived(2, HIGH) == []


def test_a_backfill_or_a_replay_of_the_past_issues_nothing(
    lived: Any, world: Any, build: Any
) -> None:
    lived(6, LOW)
    world.publish(build.month(2), {"ML05": HIGH})
    assert read_messages(world) == []
    world.clock.now = datetime(2030, 1, 1, tzinfo=UTC)
    world.publish(build.month(7), {"ML05": HIGH})
    assert read_messages(world) == []


def test_running_again_issues_nothing(lived: Any, world: Any, build: Any) -> None:
    lived(0, HIGH)
    before = read_messages(world)
    publication, _ = world.publish(build.month(1), {"ML05": TOP})
    after = read_messages(world)
    with world.database.write() as connection:
        report = evaluate_publication(
            connection, publication, settings=world.settings, now=world.clock()
        )
    assert report.cap_identifiers == ()
    assert read_messages(world) == after
    assert after[: len(before)] == before


def test_a_publication_that_says_something_else_after_a_backfill_is_told_anew(
    lived: Any, world: Any, build: Any
) -> None:
    lived(0, HIGH)
    newest, _ = world.publish(build.month(2), {"ML05": TOP})
    world.publish(build.month(1), {"ML05": TOP})
    with world.database.write() as connection:
        evaluate_publication(connection, newest, settings=world.settings, now=world.clock())
    rows = [row for row in read_messages(world) if row["region_id"] == "ML05"]
    assert [(row["number"], row["reason"]) for row in rows] == [
        (1, "fired"), (2, "escalated"), (3, "escalated")
    ]  # fmt: skip
    assert [row["said"]["as_of"] for row in rows[1:]] == ["2022-03-15", "2022-02-15"]
    for row in rows:
        check_cap(row["body"])


def test_a_live_deployment_and_its_sender(new_world: Any, build: Any) -> None:
    world = new_world(Settings(live=True, cap_sender="alerts@desk.example"))
    world.apply(build.rule())
    world.publish(build.month(0), {"ML05": HIGH})
    (row,) = read_messages(world)
    alert = check_cap(row["body"])
    assert value(alert, "status") == "Actual"
    assert value(alert, "sender") == "alerts@desk.example"


STEP = st.tuples(
    st.sampled_from(["next", "next", "next", "correct"]),
    st.sampled_from([LOW, HIGH, TOP, 0.22, None]),
    st.sampled_from([LOW, TOP, None]),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_what_was_issued_adds_up_to_what_is_true(
    new_world: Any, build: Any, steps: list[Any]
) -> None:
    """A reader who keeps only CAP knows which incidents are open, after any history."""
    world = new_world()
    world.apply(build.rule(clear_n=1, for_n=1))
    number = -1
    for kind, first, second in steps:
        number += kind == "next" or number < 0
        world.clock.now = datetime(2022, 1, 16, 6, tzinfo=UTC) + timedelta(days=30.4 * number)
        world.publish(build.month(number), {"ML05": first, "NE06": second})
        believed: dict[str, dict[str, Any]] = {}
        issued: dict[str, dict[str, Any]] = {}
        for row in read_messages(world):
            alert = check_cap(row["body"])
            for text in (alert.findtext(f"{NS}references") or "").split():
                identifier, moment = parse_reference(text)
                assert issued[identifier]["sent_at"] == moment
                assert issued[identifier]["incident_id"] == row["incident_id"]
                believed.pop(identifier, None)
            issued[row["identifier"]] = row
            if row["type"] != "Cancel" and row["reason"] != "resolved":
                assert all(
                    other["incident_id"] != row["incident_id"] for other in believed.values()
                )
                believed[row["identifier"]] = row
        believed = {
            key: row for key, row in believed.items() if row["expires_at"] > world.clock.now
        }
        last = {event["incident_id"]: event for event in world.events()}
        still = {key for key, event in last.items() if event["type"] != "resolved"}
        assert {row["incident_id"] for row in believed.values()} == still
        for row in believed.values():
            assert row["said"]["level"] == last[row["incident_id"]]["level"]


def test_the_schema_of_oasis_accepts_every_message(lived: Any, world: Any) -> None:
    if not SCHEMA.exists():
        pytest.skip(f"No schema at {SCHEMA}; put CAP-v1.2.xsd of OASIS there.")
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    for number, score in enumerate([HIGH, TOP, None, TOP, HIGH, LOW]):
        lived(number, score)
    for row in read_messages(world):
        schema.assertValid(etree.fromstring(row["body"]))
