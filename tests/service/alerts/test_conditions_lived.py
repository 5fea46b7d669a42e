"""Conditions from publication to message: what is stored, what is told, and what a replay finds."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from lxml import etree
from shapely.geometry import box
from sqlalchemy import select, text

from data.regions import Region, RegionSet, digest_shapes, save_region_set
from service.alerts.condition_words import _NOTES_FR, _WORDS, asked_words, finding_words, note_words
from service.alerts.conditions import (
    INDICATOR_GONE,
    INDICATOR_LEFT,
    NEIGHBOURS_CALM,
    NEIGHBOURS_UNKNOWN,
    Finding,
    Near,
    Where,
)
from service.alerts.neighbourhoods import Neighbourhoods
from service.alerts.read import IncidentEvent
from service.alerts.wording import ending_words
from service.publications.redraws import SHAPES
from service.publications.store import content_digest, load_publication
from service.tables import cap_messages
from service.web.alerts_view import tell_event, view_rules

NEAR = {"outcome": "severe", "at_least": 0.3, "until_below": 0.2}
WHERE = {"indicator": "front_distance_3m", "at_most": 150.0, "until_above": 250.0}


def draw(*touching: tuple[int, ...]) -> RegionSet:
    regions = tuple(
        Region(name, f"Region {name}", "MLI", box(place, 0, place + 1, 1))
        for place, name in enumerate("AB")
    )
    return RegionSet("near", "admin1", "month", "ged", False, "", regions, touching)


TOGETHER = draw((1,), (0,))


class Desk:
    """Publishes scores of two regions that touch, and reads what was told."""

    def __init__(self, world: Any, build: Any, **changes: Any) -> None:
        self.world, self.build = world, build
        with world.database.write() as connection:
            save_region_set(connection, TOGETHER, world.clock())
        world.apply(build.rule(**changes))

    def publish(
        self,
        number: int,
        own: float | None,
        severe: Mapping[str, object],
        front: Mapping[str, float | None] | None = None,
    ) -> Any:
        scores = [self.build.score("A", own)]
        scores += [
            replace(self.build.score(name, value), outcome="severe")
            for name, value in severe.items()
        ]
        kept = {} if front is None else {"front_distance_3m": front}
        return self.world.publish(
            self.build.month(number), {}, scores=tuple(scores), region_set="near",
            manifest={SHAPES: digest_shapes(TOGETHER)}, indicators=kept,
        )  # fmt: skip

    def events(self) -> list[tuple[str, float | None, str]]:
        return [(row["type"], row["value"], row["note"]) for row in self.world.events()]

    def sentences(self) -> list[list[str]]:
        bodies = [json.loads(row["body"]) for row in self.world.messages()]
        return [alert["sentences"] for body in bodies for alert in body["data"]["alerts"]]


def test_an_alert_lives_and_ends_with_its_neighbour(world: Any, build: Any) -> None:
    desk = Desk(world, build, near=NEAR)
    for number, active in enumerate([0.25, 0.31, 0.21, 0.1, 0.1]):
        desk.publish(number, 0.6, {"A": 0.9, "B": active})
    assert desk.events() == [("fired", 0.6, ""), ("resolved", 0.6, NEIGHBOURS_CALM)]
    first, last = desk.sentences()
    assert "Active neighbours (probability of severe violence): Region B 31%." in first
    assert (
        "It leaves this level after 2 publications in a row below 40%, and ends below 20% or "
        "without a neighbour whose probability of severe violence is 20% or more." in first
    )
    assert last[0] == NEIGHBOURS_CALM
    assert not any("Active neighbours" in said for said in last)


def test_a_risk_that_fell_is_not_laid_on_the_neighbour(world: Any, build: Any) -> None:
    desk = Desk(world, build, near=NEAR, clear_n=1)
    desk.publish(0, 0.6, {"B": 0.31})
    desk.publish(1, 0.1, {"B": 0.1})
    assert desk.events() == [("fired", 0.6, ""), ("resolved", 0.1, "")]


def test_neighbours_without_scores_make_an_alert_stale(world: Any, build: Any) -> None:
    desk = Desk(world, build, near=NEAR)
    desk.publish(0, 0.6, {"B": 0.31})
    desk.publish(1, 0.6, {"B": None})
    desk.publish(2, 0.6, {})
    desk.publish(3, 0.6, {"B": 0.31})
    assert desk.events() == [
        ("fired", 0.6, ""),
        ("stale", None, NEIGHBOURS_UNKNOWN),
        ("restored", 0.6, ""),
    ]
    stale = desk.sentences()[1]
    assert stale.count(NEIGHBOURS_UNKNOWN) == 1
    assert any("60%" in said for said in stale)


def test_a_front_that_draws_back_ends_an_alert(world: Any, build: Any) -> None:
    desk = Desk(world, build, where=WHERE, clear_n=1)
    for number, km in enumerate([151.0, 116.0, 250.0, 251.0, 100.0, None]):
        desk.publish(number, 0.3, {}, {"A": km})
    desk.publish(6, 0.3, {})
    assert desk.events() == [
        ("fired", 0.3, ""),
        ("resolved", 0.3, INDICATOR_LEFT),
        ("fired", 0.3, ""),
        ("resolved", 0.3, INDICATOR_GONE),
    ]
    label = "Distance from the capital to the country's active front nearest to it (last 3 months)"
    said = desk.sentences()[0]
    assert f"{label}: 116 km." in said
    assert f"It ends after one publication below 20% or without “{label} at most 250 km”." in said


def test_a_replay_reads_what_the_publication_kept(world: Any, build: Any) -> None:
    """A correction of an early publication evaluates the later ones from what they froze."""
    desk = Desk(world, build, where=WHERE, near=NEAR, clear_n=1)
    for number, km in enumerate([116.0, 300.0, 100.0]):
        desk.publish(number, 0.3, {"B": 0.4}, {"A": km, "B": 1.0})
    before = desk.events()
    assert [kind for kind, _, _ in before] == ["fired", "resolved", "fired"]
    # The set is drawn anew: what was published keeps its neighbours.
    apart = replace(draw((), ()), regions=(*TOGETHER.regions[:1], Region(
        "B", "Region B", "MLI", box(5, 0, 6, 1)
    )))  # fmt: skip
    with world.database.write() as connection:
        save_region_set(connection, apart, world.clock(), replace=True)
    desk.publish(0, 0.31, {"B": 0.4}, {"A": 116.0, "B": 1.0})
    assert [(kind, note) for kind, _, note in desk.events()] == [
        (kind, note) for kind, _, note in before
    ]


def test_indicators_are_kept_with_the_publication_and_count_as_content(
    world: Any, build: Any
) -> None:
    desk = Desk(world, build)
    stored, _ = desk.publish(0, 0.1, {}, {"A": 116.25, "B": None})
    with world.database.read() as connection:
        loaded = load_publication(connection, stored.publication_id)
    assert loaded.indicators == {"front_distance_3m": {"A": 116.25, "B": None}}
    assert content_digest(loaded) == content_digest(stored)
    assert content_digest(replace(loaded, indicators={})) != content_digest(stored)
    again, _ = desk.publish(0, 0.1, {}, {"A": 116.25, "B": None})
    assert again.revision == 1
    other, _ = desk.publish(0, 0.1, {}, {"A": 116.5, "B": None})
    assert other.revision == 2


def test_borders_that_are_not_kept_have_unknown_neighbours(world: Any, build: Any) -> None:
    desk = Desk(world, build, near=NEAR)
    stored, _ = desk.publish(0, 0.1, {"B": 0.9})
    rules = [build.rule(near=NEAR)]
    with world.database.read() as connection:
        around = Neighbourhoods(connection, "near")
        assert around.of(stored, rules) == {"A": ("B",), "B": ("A",)}
        assert around.of(stored, [build.rule()]) == {}
        assert around.of(replace(stored, manifest={}), rules) == {"A": ("B",), "B": ("A",)}
        assert around.of(replace(stored, manifest={SHAPES: "gone"}), rules) == {}


def test_cap_names_the_neighbour_and_says_that_it_calmed_down(world: Any, build: Any) -> None:
    desk = Desk(world, build, near=NEAR, clear_n=1)
    for number, active in enumerate([0.31, None, 0.1]):
        desk.publish(number, 0.6, {"B": active})
    with world.database.read() as connection:
        bodies = connection.scalars(
            select(cap_messages.c.body).order_by(cap_messages.c.publication_id)
        ).all()
    fired, stale, over = (
        [info.text for info in etree.fromstring(body).iter("{*}description")] for body in bodies
    )
    assert "Active neighbours (probability of severe violence): Region B 31%." in fired[0]
    assert "Voisins actifs (probabilité, violence grave) : Region B 31\u202f%." in fired[1]
    assert stale[0].count(NEIGHBOURS_UNKNOWN) == 1
    assert NEIGHBOURS_CALM in over[0]
    assert "measure stays below" not in over[0]
    assert _NOTES_FR[NEIGHBOURS_CALM] in over[1]
    assert not any("Active neighbours" in said for said in (*stale, *over))


def test_pages_say_what_a_rule_asks_and_why_it_ended(world: Any, build: Any) -> None:
    Desk(world, build, near=NEAR, where={"indicator": "front_advance_3m", "at_least": 50.0})
    with world.database.read() as connection:
        (rule,) = view_rules(connection, TOGETHER)
    assert (
        "Only with a neighbour whose probability of severe violence is 30% or more; an open alert "
        "stands with a neighbour whose probability of severe violence is 20% or more. Only with "
        "“How much nearer" in rule.levels
    )
    event = IncidentEvent("e", 2, "resolved", "high", "none", date(2022, 1, 15), 1, 0.3)
    assert tell_event(event) == "resolved"
    assert tell_event(replace(event, note=NEIGHBOURS_CALM)).startswith("resolved: its own score")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "condition",
    [
        Near(**NEAR),
        Where(**WHERE),
        Where(indicator="front_advance_3m", at_least=50.0, until_below=0.0),
    ],
)
@pytest.mark.parametrize("is_met", [True, False, None])
def test_every_finding_is_a_sentence(language: Any, condition: Any, is_met: bool | None) -> None:
    for value, is_told in ((12.0, True), (12.0, False), (None, True)):
        found = Finding(condition, is_met, value=value)
        said = finding_words(found, is_told=is_told, language=language)
        assert said.endswith(".")
        if not is_told:
            assert "12" not in said
        if found.note:
            assert note_words(found.note, language)
    assert asked_words(condition, language) != asked_words(condition, language, is_open=True)


def test_both_languages_say_the_same_things() -> None:
    assert set(_WORDS["en"]) == set(_WORDS["fr"])
    assert note_words("Something else.", "fr") is None


def test_ends_in_french(build: Any) -> None:
    said = ending_words(build.rule(near=NEAR), 1, "fr").replace("\u202f", " ")
    assert said == (
        "Elle prend fin après 2 publications de suite sous 20 % ou sans voisin dont la "
        "probabilité (violence grave) atteint 20 %."
    )


def test_the_table_holds_one_row_for_each_indicator(world: Any, build: Any) -> None:
    Desk(world, build).publish(0, 0.1, {}, {"A": 1.0})
    with world.database.read() as connection:
        query = text("SELECT indicator FROM publication_indicators")
        assert connection.scalars(query).all() == ["front_distance_3m"]
