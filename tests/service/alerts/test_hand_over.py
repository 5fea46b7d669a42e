"""A redraw: series and incidents go on with their regions; nothing fires or ends by it alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from shapely.geometry import box

from data.regions import Region, RegionSet, digest_shapes, save_region_set
from service.alerts.read import list_incidents
from service.alerts.wording import note_words
from service.publications.history import score_history
from service.publications.redraws import (
    OUTSIDE_NOW,
    SHAPES,
    carry_publication,
    find_redraw,
    former_regions,
)

pytestmark = pytest.mark.both_databases

NOW = datetime(2022, 1, 1, tzinfo=UTC)
HIGH, LOW = 0.3, 0.1


def draw(**spans: tuple[float, float]) -> RegionSet:
    regions = tuple(
        Region(key, f"Region {key}", "MLI", box(west, 0, east, 1))
        for key, (west, east) in spans.items()
    )
    return RegionSet("anew", "admin1", "month", "ged", False, "", regions, ((),) * len(regions))


OLD = draw(KEPT=(0, 1), NAMED=(1, 2), SPLIT=(2, 3), THIRDS=(3, 6), ONE=(6, 7), TWO=(7, 9))
NEW = draw(
    KEPT=(0, 1),
    RENAMED=(1, 2),
    SPLIT=(2, 2.7),
    CUT=(2.7, 3),
    A=(3, 4),
    B=(4, 5),
    C=(5, 6),
    BOTH=(6, 9),
)


@pytest.fixture
def redrawn(world: Any, build: Any) -> Any:
    """Publishes with the borders of before or of now, under a rule that fires at once."""
    world.apply(build.rule(clear_n=1))
    with world.database.write() as connection:
        save_region_set(connection, OLD, NOW)

    def publish(number: int, borders: RegionSet, **values: float) -> list[tuple[str, str]]:
        with world.database.write() as connection:
            save_region_set(connection, borders, NOW, replace=True)
        default = dict.fromkeys(borders.region_ids, LOW)
        _, report = world.publish(
            build.month(number),
            default | values,
            region_set="anew",
            manifest={SHAPES: digest_shapes(borders)},
        )
        return [(event.type, event.region_id) for event in report.events]

    return publish


def test_nothing_fires_and_nothing_resolves_by_a_redraw_alone(redrawn: Any) -> None:
    assert redrawn(0, OLD, **dict.fromkeys(OLD.region_ids, HIGH)) == [
        ("fired", region_id) for region_id in OLD.region_ids
    ]
    # The risk is everywhere as it was; what goes on nowhere is withdrawn.
    events = redrawn(1, NEW, **dict.fromkeys(NEW.region_ids, HIGH))
    assert sorted(events) == [("withdrawn", "ONE"), ("withdrawn", "THIRDS")]


def test_an_incident_goes_on_with_its_region_under_its_id(redrawn: Any, world: Any) -> None:
    redrawn(0, OLD, NAMED=HIGH, SPLIT=HIGH, TWO=HIGH, KEPT=HIGH)
    with world.database.read() as connection:
        before = {item.region_id: item for item in list_incidents(connection, "anew")}
    redrawn(1, NEW, RENAMED=HIGH, SPLIT=HIGH, BOTH=HIGH, KEPT=HIGH)
    with world.database.read() as connection:
        after = {item.region_id: item for item in list_incidents(connection, "anew")}
        (named,) = list_incidents(connection, "anew", "RENAMED")
    assert {item.status for item in after.values()} == {"open"}
    pairs = {"RENAMED": "NAMED", "SPLIT": "SPLIT", "BOTH": "TWO", "KEPT": "KEPT"}
    for new, old in pairs.items():
        assert after[new].incident_id == before[old].incident_id
        assert after[new].events == before[old].events
    assert (named.region_name, named.country) == ("Region RENAMED", "MLI")
    # It is resolved where it lives now, as the next event of the same incident.
    assert ("resolved", "RENAMED") in redrawn(2, NEW, SPLIT=HIGH)
    with world.database.read() as connection:
        (named,) = list_incidents(connection, "anew", "RENAMED")
    assert (named.incident_id, named.status) == (before["NAMED"].incident_id, "resolved")
    assert [event.sequence for event in named.events] == [1, 2]


def test_what_goes_on_nowhere_is_withdrawn_and_names_its_successors(
    redrawn: Any, world: Any
) -> None:
    redrawn(0, OLD, THIRDS=HIGH)
    assert redrawn(1, NEW, A=HIGH, B=HIGH) == [("withdrawn", "THIRDS")]
    with world.database.read() as connection:
        (incident,) = list_incidents(connection, "anew", "THIRDS")
    assert incident.status == "withdrawn"
    assert (incident.region_name, incident.country) == ("Region THIRDS", "MLI")
    note = incident.events[-1].note
    assert note.startswith("Its region was redrawn.")
    for name in ("Region A (A)", "Region B (B)", "Region C (C)"):
        assert name in note
    assert any(note in message["body"] for message in world.messages())
    assert note_words(note, "en") == note
    french = note_words(note, "fr")
    assert french.startswith("Sa région a été redessinée. Elle fait maintenant partie de : Region ")
    assert french.endswith(note[note.index("Region A (A)") :])
    assert note_words(OUTSIDE_NOW, "fr").startswith("Sa région a été redessinée et ")
    # Their own scores count from the next publication on.
    assert redrawn(2, NEW, A=HIGH) == [("fired", "A")]


def test_a_part_that_was_cut_off_a_calm_region_may_fire_at_once(redrawn: Any) -> None:
    redrawn(0, OLD)
    assert redrawn(1, NEW, CUT=HIGH) == [("fired", "CUT")]


def test_running_again_and_a_backfill_give_the_same_history(
    redrawn: Any, world: Any, build: Any
) -> None:
    redrawn(0, OLD, NAMED=HIGH, THIRDS=HIGH)
    redrawn(2, NEW, RENAMED=HIGH, A=HIGH)
    redrawn(3, NEW, A=HIGH)
    whole = world.events()
    # A month in between that was left out, with the borders of before, as high as its neighbours.
    redrawn(1, OLD, NAMED=HIGH, THIRDS=HIGH)
    again = [{**row} for row in world.events()]
    assert again == whole


def test_scores_of_before_are_carried_to_the_regions_that_continue_them(
    redrawn: Any, world: Any, build: Any
) -> None:
    redrawn(0, OLD, NAMED=0.11, SPLIT=0.12, ONE=0.13, TWO=0.14)
    with world.database.write() as connection:
        save_region_set(connection, NEW, NOW, replace=True)
        redraw = find_redraw(connection, "anew", digest_shapes(OLD), digest_shapes(NEW))
        assert find_redraw(connection, "anew", digest_shapes(OLD), digest_shapes(OLD)) is None
        assert find_redraw(connection, "anew", "0" * 16, digest_shapes(NEW)) is None
        assert find_redraw(connection, "anew", None, digest_shapes(NEW)) is None
        histories = {
            region_id: [
                past.score.risk_score for past in score_history(connection, "anew", region_id)
            ]
            for region_id in NEW.region_ids
        }
        former = former_regions(connection, "anew")
    before = replace(build.publication(build.month(0), {"NAMED": 0.11, "ONE": 0.13, "TWO": 0.14}))
    carried = {
        score.region_id: score.risk_score for score in carry_publication(before, redraw).scores
    }
    assert carried == {"RENAMED": 0.11, "BOTH": 0.14}
    assert carry_publication(before, None) is before
    assert histories == {
        "KEPT": [LOW], "RENAMED": [0.11], "SPLIT": [0.12], "CUT": [],
        "A": [], "B": [], "C": [], "BOTH": [0.14],
    }  # fmt: skip
    assert {old: region.region_id for (_, old), region in former.items()} == {
        "NAMED": "RENAMED", "THIRDS": "THIRDS", "ONE": "ONE", "TWO": "BOTH",
    }  # fmt: skip


def test_a_record_remembers_the_region_under_its_former_name(
    redrawn: Any, world: Any, build: Any
) -> None:
    record = {
        "id": "record",
        "measure": "record",
        "years": 1,
        "floor": 0.05,
        "levels": [{"name": "record", "enter": 0.01, "exit": -0.05}],
    }
    world.apply(build.rule(**record))
    for number in range(14):
        redrawn(number, OLD, NAMED=0.2 if number == 7 else LOW)
    assert redrawn(14, NEW, RENAMED=0.15) == []
    assert redrawn(15, NEW, RENAMED=0.22) == [("fired", "RENAMED")]
