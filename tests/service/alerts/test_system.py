"""Alerts about the service: opened once, resolved once, told to whom the routes lead."""

import json
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from data.errors import UsageError
from models.drift import judge_drift
from models.sequential import CalibrationTest
from service.alerts.contact_store import apply_contacts
from service.alerts.delivery import deliver_due
from service.alerts.hush import add_silence
from service.alerts.routes import ContactBook, Route
from service.alerts.system import (
    SystemAlertKind,
    list_system_alerts,
    report_condition,
    tell_system_alerts,
)
from service.channels.contacts import ContactPoint
from service.channels.contract import Dead, Delivered, Message, Outcome, Retry
from service.health.watch import watch_drift
from service.languages import name_outcome
from service.tables import outbox, system_alerts

pytestmark = pytest.mark.both_databases


def report(
    world: Any, is_bad: bool, kind: SystemAlertKind = "drift", subject: str = "sahel"
) -> bool:
    with world.database.write() as connection:
        return report_condition(
            connection,
            kind,
            subject,
            is_bad=is_bad,
            detail="The mean score moved by 0.2.",
            settings=world.settings,
            now=world.clock(),
            region_set="sahel",
        )


def titles(world: Any) -> list[str]:
    rows = sorted(world.messages(), key=lambda row: row["created_at"])
    return [json.loads(row["body"])["data"]["title"] for row in rows]


def test_an_alert_opens_once_and_resolves_once(world: Any) -> None:
    changed = []
    for is_bad in (False, True, True, False, False, True):
        changed.append(report(world, is_bad))
        world.clock.move(minutes=1)
    assert changed == [False, True, False, True, False, True]
    assert titles(world) == ["Drift: sahel", "Resolved: Drift: sahel", "Drift: sahel"]
    assert len({row["message_id"] for row in world.messages()}) == 3
    with world.database.read() as connection:
        (standing,) = list_system_alerts(connection)
    assert (standing.kind, standing.region_set, standing.resolved_at) == ("drift", "sahel", None)


def test_a_condition_that_flips_within_a_second_still_tells_each_turn(world: Any) -> None:
    for is_bad in (True, False, True):
        assert report(world, is_bad)
    assert sorted(titles(world)) == ["Drift: sahel", "Drift: sahel", "Resolved: Drift: sahel"]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.booleans()), max_size=12))
def test_what_is_open_is_what_was_said_last(world: Any, said: list[tuple[str, bool]]) -> None:
    with world.database.write() as connection:
        connection.execute(delete(outbox))
        connection.execute(delete(system_alerts))
    last: dict[str, bool] = {}
    n_turns = 0
    for subject, is_bad in said:
        n_turns += last.get(subject, False) is not is_bad
        last[subject] = is_bad
        report(world, is_bad, subject=subject)
    with world.database.read() as connection:
        standing = [alert.subject for alert in list_system_alerts(connection)]
    assert sorted(standing) == sorted(subject for subject, is_bad in last.items() if is_bad)
    assert len(world.messages()) == n_turns


@pytest.mark.parametrize("kind", get_args(SystemAlertKind))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_kind_says_what_it_means_in_both_languages(
    world: Any, kind: SystemAlertKind, language: Any
) -> None:
    contact = ContactPoint(name="desk", channel="log", language=language)
    with world.database.write() as connection:
        apply_contacts(connection, ContactBook(contacts=(contact,)), actor="awa", now=world.clock())
    report(world, True, kind)
    report(world, False, kind)
    opening, end = (json.loads(row["body"])["data"] for row in sorted(
        world.messages(), key=lambda row: "Resolved" in row["body"] or "Résolu" in row["body"]
    ))  # fmt: skip
    assert opening["language"] == language
    assert "The mean score moved by 0.2." in opening["alerts"][0]["text"]
    assert end["title"].startswith("Resolved" if language == "en" else "Résolu")
    assert end["alerts"][0]["resolved_at"] == "2022-01-15T06:00:00+00:00"


def test_routes_silences_and_new_contact_points(world: Any) -> None:
    west = ContactPoint(name="west", channel="log")
    desk = ContactPoint(name="desk", channel="log")
    routes = (Route(match={"kind": "drift"}, contacts=("desk",)),)
    book = ContactBook(contacts=(west, desk), routes=routes, default=Route(contacts=("west",)))
    with world.database.write() as connection:
        apply_contacts(connection, book, actor="awa", now=world.clock())
        add_silence(
            connection, {"type": "system"}, starts_at=world.clock(), author="awa", comment="c",
            ends_at=world.clock.now.replace(hour=7), now=world.clock(),
        )  # fmt: skip
    report(world, True)
    report(world, True, "feed_late")
    assert world.messages() == []
    world.clock.move(hours=2)

    def tell() -> list[tuple[str, str]]:
        with world.database.write() as connection:
            tell_system_alerts(connection, settings=world.settings, now=world.clock())
        return sorted((row["contact_point"], row["group_key"]) for row in world.messages())

    assert tell() == tell() == [("desk", "drift/"), ("west", "feed_late/")]
    with world.database.write() as connection:
        apply_contacts(
            connection, ContactBook(contacts=(west, desk)), actor="awa", now=world.clock()
        )
    assert len(tell()) == 4


def test_who_never_heard_of_an_alert_is_not_told_of_its_end(world: Any) -> None:
    report(world, True)
    with world.database.write() as connection:
        connection.execute(update(outbox).values(status="dead"))
    report(world, False)
    assert len(world.messages()) == 1


def test_a_message_that_was_given_up_is_sent_once_its_receiver_is_back(world: Any) -> None:
    def deliver(outcome: Outcome) -> list[str]:
        receiver = {"log": Receiver(outcome)}
        deliver_due(world.database, world.settings, world.clock, receiver)
        world.clock.move(minutes=1)
        with world.database.write() as connection:
            # As every look at the service does.
            tell_system_alerts(connection, settings=world.settings, now=world.clock())
        return sorted(row["status"] for row in world.messages())

    report(world, True)
    assert deliver(Dead("HTTP 400")) == ["dead"]
    assert deliver(Delivered("ok")) == ["dead"], "nothing says that the receiver is back"
    report(world, True, "source_stale")
    assert deliver(Delivered("ok")) == ["delivered", "delivered"]
    report(world, False)
    assert deliver(Dead("HTTP 400")) == ["dead", "delivered", "delivered"]
    report(world, False, "source_stale")
    assert deliver(Delivered("ok")) == ["delivered"] * 4


def test_a_message_that_its_receiver_never_accepts_is_given_up(world: Any) -> None:
    class Picky(Receiver):
        n_refused = 0

        def send(self, message: Message) -> Outcome:
            if '"Drift: sahel"' in message.body:
                self.n_refused += 1
                return Dead("HTTP 400")
            return self.outcome

    picky = Picky(Delivered("ok"))
    report(world, True)
    for number in range(6):
        report(world, True, "source_stale", str(number))
        for _ in range(3):
            deliver_due(world.database, world.settings, world.clock, {"log": picky})
            world.clock.move(minutes=1)
    assert picky.n_refused == 3
    assert sorted({row["status"] for row in world.messages()}) == ["dead", "delivered"]


def drift(world: Any, **drifted: bool) -> list[str]:
    """Judges the outcomes named, and returns those whose alert stands open."""
    test = CalibrationTest(500.0, 30, 900, "the outcome comes more often than forecast")
    verdicts = {
        outcome: judge_drift((), {3: test} if is_drifted else {})
        for outcome, is_drifted in drifted.items()
    }
    world.clock.move(minutes=1)
    with world.database.write() as connection:
        watch_drift(connection, "sahel", verdicts, world.settings, world.clock())
        return sorted(one.outcome for one in list_system_alerts(connection))


def test_drift_names_the_outcome_and_each_has_its_own_alert(world: Any) -> None:
    contacts = (
        ContactPoint(name="desk", channel="log"),
        ContactPoint(name="bureau", channel="log", language="fr"),
    )
    book = ContactBook(contacts=contacts, default=Route(contacts=("desk", "bureau")))
    with world.database.write() as connection:
        apply_contacts(connection, book, actor="awa", now=world.clock())
    assert drift(world, escalation=False, severe=True) == ["severe"]
    assert drift(world, escalation=False, severe=True) == ["severe"]
    assert drift(world, escalation=True, severe=True) == ["escalation", "severe"]
    assert drift(world, escalation=True, severe=False) == ["escalation"]
    # No longer published.
    assert drift(world, severe=False) == []
    told: dict[str, list[str]] = {"desk": [], "bureau": []}
    for row in sorted(world.messages(), key=lambda row: row["created_at"]):
        data = json.loads(row["body"])["data"]
        told[row["contact_point"]].append(data["title"])
        (alert,) = data["alerts"]
        assert alert["outcome"] in ("severe", "escalation")
        if alert["state"] == "opened":
            assert f"Outcome {name_outcome(alert['outcome'], 'en')}: At horizon 3" in alert["text"]
    assert told["desk"] == [
        "Drift: sahel, severe violence",
        "Drift: sahel, escalation",
        "Resolved: Drift: sahel, severe violence",
        "Resolved: Drift: sahel, escalation",
    ]
    assert told["bureau"][:2] == ["Dérive : sahel, violence grave", "Dérive : sahel, escalade"]


def test_nonsense_is_refused(world: Any) -> None:
    with pytest.raises(UsageError):
        report(world, True, "moon")  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        report(world, True, subject="")


class Receiver:
    name = "fake"
    endpoint = "e"

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def send(self, message: Message) -> Outcome:
        return self.outcome


def test_a_contact_point_that_is_not_reached_is_told_to_the_others_only(
    world: Any, build: Any
) -> None:
    good, bad = (ContactPoint(name=name, channel="log") for name in ("good", "bad"))
    with world.database.write() as connection:
        apply_contacts(
            connection, ContactBook(contacts=(good, bad)), actor="awa", now=world.clock()
        )
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": 0.3})

    def deliver(outcome: Outcome) -> list[str]:
        channels = {"good": Receiver(Delivered("ok")), "bad": Receiver(outcome)}
        deliver_due(world.database, world.settings, world.clock, channels)
        world.clock.move(days=2)
        with world.database.read() as connection:
            return [alert.subject for alert in list_system_alerts(connection)]

    assert [deliver(Retry(None, "HTTP 500")) for _ in range(4)] == [[], [], [], ["bad"]]
    assert deliver(Delivered("ok")) == []
    about = [row for row in world.messages() if row["publication_id"] is None]
    assert {row["contact_point"] for row in about} == {"good"}
    assert len(about) == 2
    world.publish(build.month(1), {"ML05": 0.3})
    assert deliver(Dead("HTTP 410", is_gone=True)) == ["bad"]
