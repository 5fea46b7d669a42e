"""Messages of a publication: who is told, in how many messages, and what they say."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from service.alerts.contact_store import apply_contacts
from service.alerts.message import MAX_BYTES
from service.alerts.routes import ContactBook
from service.channels.contacts import ContactPoint
from service.settings import Settings
from service.tables import notifications, outbox

HIGH, TOP, LOW = 0.3, 0.6, 0.1


def data_of(row: dict[str, Any]) -> Any:
    return json.loads(row["body"])["data"]


def reasons(world: Any) -> list[list[str]]:
    return [[alert["reason"] for alert in data_of(row)["alerts"]] for row in world.messages()]


def test_one_message_for_each_group_and_contact_point(
    new_world: Callable[..., Any], build: Any
) -> None:
    world = new_world(Settings(webhook_url="https://hooks.example.org/x"))
    world.apply(build.rule())
    _, report = world.publish(build.month(0), {"ML01": HIGH, "ML05": TOP, "NE06": HIGH})
    found = {(row["contact_point"], row["channel"], row["group_key"]) for row in world.messages()}
    assert found == {
        (name, name, group) for name in ("log", "webhook") for group in ("risk/MLI", "risk/NER")
    }
    assert set(report.message_ids) == {row["message_id"] for row in world.messages()}
    assert report.decisions == {"new": 6}


def test_a_course_of_an_incident(world: Any, build: Any) -> None:
    world.apply(build.rule())
    course = [LOW, HIGH, HIGH, TOP, 0.3, 0.3, None, HIGH, LOW, LOW, LOW]
    told = []
    for number, value in enumerate(course):
        before = len(world.messages())
        world.publish(build.month(number), {"ML01": value})
        told.append([reason for row in reasons(world)[before:] for reason in row])
    assert told == [
        [], ["new"], [], ["escalated"], [], ["deescalated"], ["stale"], ["restored"], [],
        ["resolved"], [],
    ]  # fmt: skip


def test_what_a_message_says(world: Any, build: Any) -> None:
    world.apply(build.rule(labels={"desk": "west"}))
    score = build.score("NE06", HIGH)
    changed = type(score)(**{**vars(score), "change": 0.12})
    world.publish(build.month(0), {}, scores=(changed,))
    (row,) = world.messages()
    body = json.loads(row["body"])
    data = body["data"]
    assert (body["type"], body["schema_version"]) == ("alert.notification", 1)
    assert body["timestamp"] == "2022-01-15T06:00:00+00:00"
    assert data["title"] == "Risk of escalation, NER: 1 new (as of 2022-01-15)"
    assert data["rule"] == {
        "id": "risk", "version": 1, "name": "Risk of escalation", "why": "Somebody should look.",
    }  # fmt: skip
    assert data["publication"]["data_cutoff"] == "2021-12-31"
    assert data["labels"] == {"desk": "west"}
    assert data["attributions"] == ["UCDP GED"]
    assert data["links"]["all_alerts"] == "https://tocsin.example/sets/sahel/alerts"
    (alert,) = data["alerts"]
    assert alert["link"] == "https://tocsin.example/sets/sahel/regions/NE06"
    assert (alert["level_from"], alert["level_to"]) == (
        {"level": 0, "name": "none"},
        {"level": 1, "name": "high"},
    )
    assert (alert["probability"], alert["change"]) == (HIGH, 0.12)
    assert alert["threshold"] == "at least 34 deaths in 2022-01 … 2022-03"
    assert alert["drivers"] == [
        "deaths in the last 3 months: 41 deaths (raises the risk)",
        "months since the last event: 0 months (lowers the risk)",
        "deaths next door: not known (raises the risk)",
    ]
    assert alert["text"] == "Tillabéri (NER): none → high, new."
    assert alert["sentences"] == [
        "Probability of escalation in 2022-01 … 2022-03: 30% (+12 points).",
        "That would be at least 34 deaths in 2022-01 … 2022-03.",
        "Raised most by other parts of the model.",
        "It ends after 2 publications in a row below 20%.",
        "Data to 2021-12-31.",
    ]


def test_each_contact_point_is_told_in_its_language(world: Any, build: Any) -> None:
    people = [ContactPoint(name=name, channel="log", language=name) for name in ("en", "fr")]
    with world.database.write() as connection:
        apply_contacts(
            connection, ContactBook(contacts=tuple(people)), actor="awa", now=world.clock()
        )
    world.apply(build.rule(clear_n=1))
    world.publish(build.month(0), {"NE06": TOP})
    found = {row["contact_point"]: data_of(row) for row in world.messages()}
    assert found["en"]["title"] == "Risk of escalation, NER: 1 new (as of 2022-01-15)"
    assert found["fr"]["title"] == "Risk of escalation, NER : 1 nouveau (état au 2022-01-15)"
    (alert,) = found["fr"]["alerts"]
    assert alert["text"] == "Tillabéri (NER) : aucun → très élevé, nouveau."
    assert alert["sentences"] == [
        "Probabilité (escalade) sur 2022-01 … 2022-03 : 60\u202f% (pas de valeur antérieure).",
        "Cela signifierait au moins 34 décès sur 2022-01 … 2022-03.",
        "Tiré vers le haut surtout par d’autres éléments du modèle.",
        "Elle quitte ce niveau après une publication sous 40\u202f%, et prend fin sous 20\u202f%.",
        "Données jusqu’au 2021-12-31.",
    ]
    same = ("reason", "incident_id", "probability", "level_to", "link")
    assert [alert[key] for key in same] == [found["en"]["alerts"][0][key] for key in same]


def test_a_message_without_a_score_claims_none(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    world.publish(build.month(1), {"ML01": ("baseline_only", 0.9)})
    (alert,) = data_of(world.messages()[-1])["alerts"]
    assert (alert["probability"], alert["change"], alert["drivers"]) == (None, None, [])
    assert alert["text"] == "Kayes (MLI): high, no current score, so the alert stands."
    assert alert["sentences"][0] == "There is no score for escalation in 2022-02 … 2022-04."


def test_simulated_is_the_first_word(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH}, is_simulated=True)
    data = data_of(world.messages()[0])
    assert data["title"].startswith("SIMULATED: ")
    assert data["is_simulated"] is True


def test_a_correction_is_told(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH, "ML05": HIGH, "NE06": HIGH})
    before = len(world.messages())
    world.publish(build.month(0), {"ML01": TOP, "ML05": LOW, "NE06": HIGH})
    (row,) = world.messages()[before:]
    told = {
        item["region_id"]: (item["reason"], item["level_from"]["name"], item["level_to"]["name"])
        for item in data_of(row)["alerts"]
    }
    assert told == {
        "ML01": ("corrected", "high", "very_high"),
        "ML05": ("cancelled", "high", "none"),
    }
    assert data_of(row)["publication"]["revision"] == 2
    world.publish(build.month(1), {"ML01": TOP, "ML05": LOW, "NE06": HIGH})
    assert world.messages()[-1] == row


def test_what_was_cancelled_may_be_corrected_back(world: Any, build: Any) -> None:
    world.apply(build.rule())
    for value in (HIGH, LOW, TOP):
        world.publish(build.month(0), {"ML01": value})
    assert sorted(reasons(world)) == [["cancelled"], ["corrected"], ["new"]]


def test_after_a_backfill_the_next_publication_tells_what_changed(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": LOW, "ML05": HIGH})
    world.publish(build.month(2), {"ML01": HIGH, "ML05": HIGH})
    world.publish(build.month(1), {"ML01": HIGH, "ML05": TOP})
    assert reasons(world) == [["new"], ["new"]]
    _, report = world.publish(build.month(3), {"ML01": HIGH, "ML05": 0.45})
    assert reasons(world)[2:] == [["escalated"]]
    assert report.decisions == {"unchanged": 1, "escalated": 1}


def test_a_dead_letter_told_nothing(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    with world.database.write() as connection:
        connection.execute(update(outbox).values(status="dead"))
    world.publish(build.month(1), {"ML01": HIGH})
    world.publish(build.month(2), {"ML01": HIGH})
    assert reasons(world) == [["new"], ["new"]]


def test_a_second_incident_is_new_even_if_the_end_of_the_first_was_lost(
    world: Any, build: Any
) -> None:
    world.apply(build.rule(clear_n=1))
    world.publish(build.month(0), {"ML01": TOP})
    _, report = world.publish(build.month(1), {"ML01": LOW})
    with world.database.write() as connection:
        (lost,) = report.message_ids
        connection.execute(update(outbox).where(outbox.c.message_id == lost).values(status="dead"))
    world.publish(build.month(2), {"ML01": HIGH})
    (alert,) = data_of(world.messages()[-1])["alerts"]
    assert (alert["reason"], alert["level_from"]["name"]) == ("new", "none")
    assert alert["opened"] == "2022-03-15"


def test_a_region_without_a_row_keeps_its_name_and_group(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"NE06": HIGH})
    world.publish(build.month(1), {"ML01": LOW})
    row = world.messages()[-1]
    (alert,) = data_of(row)["alerts"]
    assert (alert["reason"], alert["region_name"]) == ("stale", "Tillabéri")
    assert row["group_key"] == "risk/NER"


def test_a_new_contact_point_learns_what_is_open(new_world: Callable[..., Any], build: Any) -> None:
    world = new_world()
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH, "NE06": LOW})
    world.settings = Settings(webhook_url="https://hooks.example.org/x")
    world.publish(build.month(1), {"ML01": HIGH, "NE06": LOW})
    assert [row["contact_point"] for row in world.messages()] == ["log", "webhook"]
    assert reasons(world) == [["new"], ["new"]]


def test_an_open_alert_is_repeated_by_the_clock(world: Any, build: Any) -> None:
    world.apply(build.rule(repeat_after_days=30))
    told = []
    for number in range(4):
        before = len(world.messages())
        world.publish(build.month(number), {"ML01": HIGH})
        told.append(len(world.messages()) - before)
        world.clock.move(days=20)
    assert told == [1, 0, 1, 0]
    assert reasons(world)[1] == ["repeat"]


def test_noise_inside_the_band_says_nothing(world: Any, build: Any) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {"ML01": HIGH})
    for number in range(1, 40):
        world.publish(build.month(number), {"ML01": 0.2 + 0.29 * (number * 7 % 40) / 40})
    assert len(world.messages()) == 1


def test_many_regions_make_one_small_message(world: Any, build: Any) -> None:
    world.apply(build.rule())
    scores = {f"R{number:04d}": 0.3 + number / 1e4 for number in range(2_000)}
    world.publish(build.month(0), scores)
    (row,) = world.messages()
    assert len(row["body"].encode()) <= MAX_BYTES
    data = data_of(row)
    assert data["n_alerts"] == 2_000
    assert data["n_omitted"] == 2_000 - len(data["alerts"])
    assert len(data["alerts"]) > 10
    probabilities = [alert["probability"] for alert in data["alerts"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert data["alerts"][0]["level_to"]["name"] == "high"
    with world.database.read() as connection:
        assert len(connection.execute(select(notifications)).all()) == 2_000
    _, report = world.publish(build.month(1), scores)
    assert report.decisions == {"unchanged": 2_000}


@pytest.mark.parametrize("region_id", ["a/b", "x y", "é", "../up"])
def test_ids_are_quoted_in_links(world: Any, build: Any, region_id: str) -> None:
    world.apply(build.rule())
    world.publish(build.month(0), {region_id: HIGH})
    link = data_of(world.messages()[0])["alerts"][0]["link"]
    assert link.startswith("https://tocsin.example/sets/sahel/regions/")
    assert "/" not in link.removeprefix("https://tocsin.example/sets/sahel/regions/")
    assert link.isascii()


def test_the_same_history_makes_the_same_messages(
    new_world: Callable[..., Any], build: Any
) -> None:
    bodies = []
    for _ in range(2):
        world = new_world()
        world.apply(build.rule())
        for number, value in enumerate([HIGH, TOP, LOW, LOW]):
            world.publish(build.month(number), {"ML01": value, "NE06": value})
        bodies.append([(row["message_id"], row["body"]) for row in world.messages()])
    assert bodies[0] == bodies[1]
    assert all("." not in message_id for message_id, _ in bodies[0])
