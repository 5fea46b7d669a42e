"""Measures against slow words: the record of a window, the rank among peers."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import BadInput
from service.alerts.measures import BELOW_FLOOR, Measuring, collect_past
from service.publications.publication import Publication

RECORD = {"measure": "record", "years": 1, "floor": 0.2}
RECORD_LEVELS = [{"name": "record", "enter": 0.01, "exit": -0.1}]


def history(build: Any, values: list[object]) -> list[Publication]:
    return [build.publication(build.month(n), {"ML01": v}) for n, v in enumerate(values)]


def record(build: Any, values: list[object], **changes: Any) -> float | None:
    *past, last = history(build, values)
    choice = {"years": 1, "floor": 0.2, **changes}
    (score,) = last.scores
    return Measuring(last, collect_past(past)).measure("record", score, **choice)


def test_a_record_is_the_distance_to_the_highest_of_the_years(build: Any) -> None:
    values: list[object] = [0.1] * 6 + [0.3] + [0.1] * 5
    assert record(build, [*values, 0.5]) == pytest.approx(0.2)
    assert record(build, [*values, 0.25]) == pytest.approx(-0.05)
    # The value of thirteen publications ago lies outside the year, that of twelve in it.
    assert record(build, [0.9, 0.1, *[0.1] * 11, 0.5]) == pytest.approx(0.4)
    assert record(build, [0.1, 0.9, *[0.1] * 11, 0.5]) == pytest.approx(-0.4)


def test_below_the_floor_nothing_is_a_record(build: Any) -> None:
    values: list[object] = [0.01] * 12
    assert record(build, [*values, 0.19]) == BELOW_FLOOR
    assert record(build, [*values, 0.2]) == pytest.approx(0.19)


def test_a_short_or_thin_history_knows_no_record(build: Any) -> None:
    assert record(build, [*[0.1] * 11, 0.5]) is None
    assert record(build, [*[0.1] * 12, 0.5]) is not None
    assert record(build, [0.1, *[None] * 7, *[0.1] * 4, 0.5]) is None
    assert record(build, [0.1, *[None] * 6, *[0.1] * 5, 0.5]) is not None
    assert record(build, [*[0.1] * 12, 0.5], years=2) is None


def test_what_is_not_ok_is_neither_measured_nor_remembered(build: Any) -> None:
    assert record(build, [*[0.1] * 12, None]) is None
    assert record(build, [*[0.1] * 12, ("baseline_only", 0.5)]) is None
    spoiled: list[object] = [*[0.1] * 6, ("baseline_only", 0.9), *[0.1] * 5]
    assert record(build, [*spoiled, 0.5]) == pytest.approx(0.4)


def test_a_leap_day_looks_back_to_a_day_that_exists(build: Any) -> None:
    past = history(build, [0.1] * 12)
    leap = replace(build.publication(date(2024, 2, 29), {"ML01": 0.5}))
    measuring = Measuring(leap, collect_past(past))
    assert measuring.measure("record", leap.scores[0], years=1, floor=0.2) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([None, 0.1, 0.2, 0.5, 0.9, ("baseline_only", 0.7)]), max_size=8),
    st.data(),
)
def test_rank_is_the_share_of_the_others_below(
    build: Any, values: list[object], data: st.DataObject
) -> None:
    publication = build.publication(
        build.month(0), {f"R{number}": value for number, value in enumerate(values)}
    )
    measuring = Measuring(publication, {})
    good = [score.risk_score for score in publication.scores if score.status == "ok"]
    for score in publication.scores:
        found = measuring.measure("rank", score, years=None, floor=None)
        if score.status != "ok" or len(good) < 2:
            assert found is None
        else:
            assert found == sum(other < score.risk_score for other in good) / (len(good) - 1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"measure": "record", "levels": RECORD_LEVELS}, "needs 'years'"),
        ({**RECORD, "floor": None, "levels": RECORD_LEVELS}, "needs 'years'"),
        ({**RECORD, "floor": 0, "levels": RECORD_LEVELS}, "floor: "),
        ({**RECORD, "years": 0, "levels": RECORD_LEVELS}, "years: "),
        ({"years": 3}, "for records, not for risk_score"),
        ({"floor": 0.2}, "for records, not for risk_score"),
    ],
)
def test_years_and_floor_belong_to_records(build: Any, changes: Any, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        build.rule(**changes)


def test_a_record_fires_from_stored_publications_and_a_correction_equals_a_fresh_run(
    new_world: Any, build: Any
) -> None:
    """The past is read from the newest revisions: as if it had always been the corrected one."""
    rule = build.rule(**RECORD, levels=RECORD_LEVELS)
    calm = [0.1] * 12
    corrected, fresh = new_world(), new_world()
    for world in (corrected, fresh):
        world.apply(rule)
    for number, value in enumerate([*calm, 0.5, 0.55]):
        corrected.publish(build.month(number), {"ML01": value})
    assert [event["type"] for event in corrected.events()] == ["fired"]
    # A peak of a year ago that was not known: 0.5 was no record, nor is 0.55.
    corrected.publish(build.month(5), {"ML01": 0.6})
    for number, value in enumerate([*calm[:5], 0.6, *calm[6:], 0.5, 0.55]):
        fresh.publish(build.month(number), {"ML01": value})
    assert corrected.events() == fresh.events() == []
