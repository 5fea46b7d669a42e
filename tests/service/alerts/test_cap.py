"""CAP 1.2: every message follows the standard, and what was issued always adds up to what is true.

The checks are written from the text of the standard: order and number of elements, words that are
allowed, and what a schema cannot say. Where the schema of OASIS lies beside the project it is asked
as well.
"""

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select

from service.alerts.cap import CapFacts, draw_polygons, write_cap, write_sent
from service.alerts.cap_decision import Due, Issued, Said
from service.alerts.evaluate import evaluate_publication
from service.settings import Settings
from service.tables import cap_messages

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = (
    Path(os.environ.get("TOCSIN_TEST_SHARED_DATA", ROOT.parent / "shared" / "data"))
    / "CAP-v1.2.xsd"
)
NS = "{urn:oasis:names:tc:emergency:cap:1.2}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
WORD = re.compile(r"[^\s,<&]+")

# Name, least and greatest number; in the order of the standard.
ALERT = [
    ("identifier", 1, 1), ("sender", 1, 1), ("sent", 1, 1), ("status", 1, 1), ("msgType", 1, 1),
    ("source", 0, 1), ("scope", 1, 1), ("restriction", 0, 1), ("addresses", 0, 1), ("code", 0, 99),
    ("note", 0, 1), ("references", 0, 1), ("incidents", 0, 1), ("info", 0, 99),
]  # fmt: skip
INFO = [
    ("language", 0, 1), ("category", 1, 99), ("event", 1, 1), ("responseType", 0, 99),
    ("urgency", 1, 1), ("severity", 1, 1), ("certainty", 1, 1), ("audience", 0, 1),
    ("eventCode", 0, 99), ("effective", 0, 1), ("onset", 0, 1), ("expires", 0, 1),
    ("senderName", 0, 1), ("headline", 0, 1), ("description", 0, 1), ("instruction", 0, 1),
    ("web", 0, 1), ("contact", 0, 1), ("parameter", 0, 99), ("resource", 0, 99), ("area", 0, 99),
]  # fmt: skip
AREA = [
    ("areaDesc", 1, 1), ("polygon", 0, 9999), ("circle", 0, 99), ("geocode", 0, 99),
    ("altitude", 0, 1), ("ceiling", 0, 1),
]  # fmt: skip
PAIR = [("valueName", 1, 1), ("value", 1, 1)]
WORDS_OF_CATEGORY = {
    *("Geo", "Met", "Safety", "Security", "Rescue", "Fire"),
    *("Health", "Env", "Transport", "Infra", "CBRNE", "Other"),
}
WORDS_OF_RESPONSE = {
    *("Shelter", "Evacuate", "Prepare", "Execute", "Avoid"),
    *("Monitor", "Assess", "AllClear", "None"),
}
ALLOWED = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": WORDS_OF_CATEGORY,
    "responseType": WORDS_OF_RESPONSE,
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}
MOMENTS = {"sent", "effective", "onset", "expires"}


def check_order(element: Any, expected: list[tuple[str, int, int]]) -> None:
    names = [child.tag.removeprefix(NS) for child in element]
    assert all(child.tag.startswith(NS) for child in element)
    order = [name for name, _, _ in expected]
    assert [order.index(name) for name in names] == sorted(order.index(name) for name in names)
    counts = Counter(names)
    for name, least, most in expected:
        assert least <= counts[name] <= most, name


def check_cap(body: bytes) -> Any:
    """Fails unless the message follows the standard; returns its root."""
    assert body.startswith(b"<?xml")
    alert = etree.fromstring(body)
    assert alert.tag == f"{NS}alert"
    if SCHEMA.exists():
        etree.XMLSchema(etree.parse(SCHEMA)).assertValid(alert)
    check_order(alert, ALERT)
    for element in alert.iter():
        name = element.tag.removeprefix(NS)
        text = element.text or ""
        if name in ALLOWED:
            assert text in ALLOWED[name], (name, text)
        if name in MOMENTS:
            assert MOMENT.fullmatch(text), (name, text)
            assert datetime.fromisoformat(text).microsecond == 0
        if len(element) == 0:
            assert text.strip(), name
    for name in ("identifier", "sender"):
        assert WORD.fullmatch(alert.findtext(f"{NS}{name}"))
    sent = datetime.fromisoformat(alert.findtext(f"{NS}sent"))
    references = (alert.findtext(f"{NS}references") or "").split()
    assert bool(references) == (alert.findtext(f"{NS}msgType") != "Alert")
    for reference in references:
        sender, identifier, moment = reference.split(",")
        assert WORD.fullmatch(sender)
        assert identifier != alert.findtext(f"{NS}identifier")
        assert datetime.fromisoformat(moment) <= sent
    infos = alert.findall(f"{NS}info")
    assert [info.findtext(f"{NS}language") for info in infos] == ["en", "fr"]
    # What is not language must be the same in every block.
    for name in ("category", "responseType", "urgency", "severity", "certainty", "expires"):
        assert len({info.findtext(f"{NS}{name}") for info in infos}) == 1
    for info in infos:
        check_order(info, INFO)
        assert datetime.fromisoformat(info.findtext(f"{NS}expires")) > sent
        assert len(info.findtext(f"{NS}headline")) <= 160
        for pair in (*info.iter(f"{NS}parameter"), *info.iter(f"{NS}geocode")):
            check_order(pair, PAIR)
        for area in info.iter(f"{NS}area"):
            check_order(area, AREA)
            for polygon in area.iter(f"{NS}polygon"):
                check_polygon(polygon.text)
    return alert


def check_polygon(text: str) -> None:
    points = [tuple(map(float, pair.split(","))) for pair in text.split(" ")]
    assert len(points) >= 4
    assert points[0] == points[-1]
    assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in points)


def value(alert: Any, name: str) -> str | None:
    found = alert.find(f".//{NS}{name}")
    return None if found is None else found.text


@pytest.fixture
def facts() -> CapFacts:
    return CapFacts(
        identifier="tocsin-1",
        sender="tocsin@example.org",
        sent_at=datetime(2022, 1, 16, 6, 0, tzinfo=UTC),
        expires_at=datetime(2022, 5, 1, tzinfo=UTC),
        is_live=True,
        is_simulated=False,
        incident_id="ab:2022-01-15",
        rule_name="Risk of escalation",
        outcome="escalation",
        horizon=3,
        window=(date(2022, 1, 1), date(2022, 3, 31)),
        level_name="very_high",
        levels_above=0,
        probability=0.62,
        threshold=33.2,
        as_of=date(2022, 1, 15),
        data_cutoff=date(2021, 12, 31),
        model_version="m-1",
        outcome_version="escalation-1",
        region_id="ML05",
        region_name="Mopti",
        country="MLI",
        geometry=shapely.box(-4, 14, -3, 15),
        web="https://tocsin.example/sets/sahel/regions/ML05",
    )


FIRED = Due("Alert", "fired", ())


def test_a_message_says_what_it_must(facts: CapFacts) -> None:
    alert = check_cap(write_cap(facts, FIRED))
    assert alert.findtext(f"{NS}sent") == "2022-01-16T06:00:00-00:00"
    assert (value(alert, "status"), value(alert, "note")) == ("Actual", None)
    assert value(alert, "urgency") == "Expected"
    assert value(alert, "severity") == "Severe"
    assert value(alert, "certainty") == "Likely"
    english, french = alert.findall(f"{NS}info")
    assert english.findtext(f"{NS}headline") == (
        "Mopti (MLI): Risk of escalating violence, new alert, very high"
    )
    assert french.findtext(f"{NS}headline") == (
        "Mopti (MLI) : Risque d’escalade de la violence, nouvelle alerte, très élevé"
    )
    assert "62% from 1 January 2022 to 31 March 2022" in english.findtext(f"{NS}description")
    assert "at least 34 deaths" in english.findtext(f"{NS}description")
    assert "62\u202f% du 1er janvier 2022 au 31 mars 2022" in french.findtext(f"{NS}description")
    geocode = english.find(f"{NS}area/{NS}geocode")
    assert [child.text for child in geocode] == ["PCODE", "ML05"]
    polygon = english.findtext(f"{NS}area/{NS}polygon")
    assert set(polygon.split(" ")) == {"14.0,-4.0", "14.0,-3.0", "15.0,-3.0", "15.0,-4.0"}


@pytest.mark.parametrize(
    ("changes", "name", "expected"),
    [
        ({"probability": 0.5}, "certainty", "Possible"),
        ({"probability": 0.500001}, "certainty", "Likely"),
        ({"probability": None}, "certainty", "Unknown"),
        ({"levels_above": 1}, "severity", "Moderate"),
        ({"levels_above": 3}, "severity", "Minor"),
        ({"levels_above": None}, "severity", "Unknown"),
        ({"window": (date(2022, 1, 17), date(2022, 3, 31))}, "urgency", "Future"),
        ({"window": (date(2022, 1, 17), date(2022, 3, 31))}, "onset", "2022-01-17T00:00:00-00:00"),
        ({}, "onset", None),
        ({"is_live": False}, "status", "Exercise"),
        ({"is_simulated": True}, "status", "Exercise"),
        ({"region_id": "175433"}, "valueName", "reason"),
    ],
)
def test_our_words_become_those_of_the_standard(
    facts: CapFacts, changes: dict[str, Any], name: str, expected: str | None
) -> None:
    assert value(check_cap(write_cap(replace(facts, **changes), FIRED)), name) == expected


def test_a_simulated_alert_says_so_everywhere(facts: CapFacts) -> None:
    alert = check_cap(write_cap(replace(facts, is_simulated=True), FIRED))
    assert "Simulated" in alert.findtext(f"{NS}note")
    headlines = [info.findtext(f"{NS}headline") for info in alert.iter(f"{NS}info")]
    assert headlines[0].startswith("SIMULATED: ")
    assert headlines[1].startswith("SIMULÉ : ")


def test_a_region_without_a_p_code_has_a_code_of_ours(facts: CapFacts) -> None:
    alert = check_cap(write_cap(replace(facts, region_id="175433"), FIRED))
    assert [item.text for item in alert.find(f".//{NS}geocode")] == ["TOCSIN_REGION", "175433"]


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200).filter(str.strip)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=TEXTS, probability=st.none() | st.floats(0, 1), threshold=st.none() | st.floats(0, 1e6))
def test_any_name_and_number_makes_a_good_message(
    facts: CapFacts, name: str, probability: float | None, threshold: float | None
) -> None:
    odd = replace(facts, region_name=name, probability=probability, threshold=threshold)
    check_cap(write_cap(odd, FIRED))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-170, 170), st.floats(-80, 80), st.floats(1e-6, 5)),
        min_size=1,
        max_size=4,
    )
)
def test_polygons_are_closed_rings_of_latitude_and_longitude(
    places: list[tuple[float, float, float]],
) -> None:
    shape = shapely.union_all([shapely.Point(x, y).buffer(size, 3) for x, y, size in places])
    for polygon in draw_polygons(shape):
        check_polygon(polygon)
    if max(size for _, _, size in places) > 0.001:
        assert draw_polygons(shape)


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


def test_a_moment_has_no_z_and_no_fraction() -> None:
    assert write_sent(datetime(2022, 1, 2, 3, 4, 5, 678, UTC)) == "2022-01-02T03:04:05-00:00"


def test_references_are_all_that_is_needed_to_follow(facts: CapFacts) -> None:
    said = Said(date(2022, 1, 15), "fired", 1, "high", 0.3)
    first = Issued("a", "s@x", facts.sent_at, facts.expires_at, "Alert", "fired", said)
    body = write_cap(facts, Due("Update", "escalated", (first, replace(first, identifier="b"))))
    alert = check_cap(body)
    moment = "2022-01-16T06:00:00-00:00"
    assert alert.findtext(f"{NS}references") == f"s@x,a,{moment} s@x,b,{moment}"
