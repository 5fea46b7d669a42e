"""CAP 1.2: every message follows the standard, whatever it speaks of."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.alerts.cap import CapFacts, draw_polygons, write_cap, write_sent
from service.alerts.cap_decision import Due, Issued, Said
from tests.service.alerts.cap_standard import NS, check_cap, check_polygon, value


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


def test_a_moment_has_no_z_and_no_fraction() -> None:
    assert write_sent(datetime(2022, 1, 2, 3, 4, 5, 678, UTC)) == "2022-01-02T03:04:05-00:00"


def test_references_are_all_that_is_needed_to_follow(facts: CapFacts) -> None:
    said = Said(date(2022, 1, 15), "fired", 1, "high", 0.3)
    first = Issued("a", "s@x", facts.sent_at, facts.expires_at, "Alert", "fired", said)
    body = write_cap(facts, Due("Update", "escalated", (first, replace(first, identifier="b"))))
    alert = check_cap(body)
    moment = "2022-01-16T06:00:00-00:00"
    assert alert.findtext(f"{NS}references") == f"s@x,a,{moment} s@x,b,{moment}"
