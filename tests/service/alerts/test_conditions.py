"""Conditions of rules: their bounds, what is not known, and what they make of a measure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import BadInput
from service.alerts.assess import NOTHING, Assessment, assess
from service.alerts.conditions import (
    INDICATOR_GONE,
    INDICATOR_LEFT,
    INDICATOR_UNKNOWN,
    NEIGHBOURS_CALM,
    NEIGHBOURS_UNKNOWN,
    Finding,
    Near,
    Surroundings,
    Where,
)
from service.alerts.measures import Measuring
from service.alerts.rules import Rule, parse_rule
from service.publications.publication import Publication, PublishedScore

NEAR = {"outcome": "severe", "at_least": 0.3, "until_below": 0.2}
WHERE = {"indicator": "front_distance_3m", "at_most": 150, "until_above": 250}
STATUSES = ["ok", "stale", "baseline_only", "not_asked", "too_early"]


def make_rule(**changes: Any) -> Rule:
    levels = [
        {"name": "watch", "enter": 0.1, "exit": 0.07},
        {"name": "high", "enter": 0.25, "exit": 0.2},
    ]
    body = {
        "id": "r",
        "name": "r",
        "why": "w",
        "measure": "risk_score",
        "selector": {"outcome": "onset"},
        "levels": levels,
    }
    return parse_rule({**body, **changes})


def make_score(
    region: str, value: float | None, outcome: str = "severe", horizon: int = 3, status: Any = "ok"
) -> PublishedScore:
    return PublishedScore(
        region_id=region,
        region_name=region,
        country="MLI",
        outcome=outcome,
        horizon=horizon,
        status=status,
        risk_score=value,
        level=None,
        change=None,
        model_probability=value,
        climatology=None,
        threshold=None,
        base_log_odds=0.0,
        contributions=(),
        reason="",
    )


def around(
    *scores: PublishedScore,
    neighbours: Mapping[str, tuple[str, ...]] | None = None,
    indicators: Mapping[str, Mapping[str, float | None]] | None = None,
) -> Surroundings:
    publication = Publication(
        region_set="s",
        as_of=date(2022, 1, 15),
        revision=1,
        step="month",
        origin=623,
        data_cutoff=date(2021, 12, 31),
        published_at=datetime(2022, 1, 15, tzinfo=UTC),
        model_version="m",
        outcome_version="o",
        is_simulated=False,
        is_schematic=False,
        attributions=(),
        previous_as_of=None,
        manifest={},
        scores=scores,
        indicators=indicators or {},
    )
    return Surroundings(publication, {"A": ("B", "C")} if neighbours is None else neighbours)


OWN = make_score("A", 0.3, "onset")


@pytest.mark.parametrize(
    ("value", "is_open", "is_met"),
    [
        (0.3, False, True),
        (0.299, False, False),
        (0.299, True, True),
        (0.2, True, True),
        (0.199, True, False),
    ],
)
def test_a_neighbour_counts_from_the_bound_on(value: float, is_open: bool, is_met: bool) -> None:
    condition = make_rule(near=NEAR).conditions[0]
    seen = around(make_score("B", value), make_score("C", 0.0))
    assert seen.judge(condition, OWN, is_open=is_open).is_met is is_met


def test_without_a_wider_bound_the_bound_is_one() -> None:
    (near,) = make_rule(near={"outcome": "severe", "at_least": 0.3}).conditions
    seen = around(make_score("B", 0.25), make_score("C", 0.0))
    assert seen.judge(near, OWN, is_open=True).is_met is False
    (where,) = make_rule(where={"indicator": "front_advance_3m", "at_least": 50}).conditions
    seen = around(indicators={"front_advance_3m": {"A": 49.0}})
    assert seen.judge(where, OWN, is_open=True).is_met is False


def test_the_horizon_is_that_of_the_score_unless_said() -> None:
    scores = [make_score("B", 0.9, horizon=6), make_score("B", 0.1), make_score("C", 0.1)]
    scores += [make_score("C", 0.1, horizon=6), make_score("B", 0.9, "escalation")]
    (same,) = make_rule(near=NEAR).conditions
    (other,) = make_rule(near={**NEAR, "horizon": 6}).conditions
    assert around(*scores).judge(same, OWN, is_open=False).is_met is False
    assert around(*scores).judge(other, OWN, is_open=False).is_met is True


def test_neighbours_are_named_the_most_active_first() -> None:
    (near,) = make_rule(near=NEAR).conditions
    seen = around(
        *(
            make_score(name, value)
            for name, value in zip("BCDE", [0.3, 0.9, 0.3, 0.1], strict=True)
        ),
        make_score("X", 0.99),
        neighbours={"A": ("E", "D", "C", "B"), "X": ()},
    )
    found = seen.judge(near, OWN, is_open=False)
    assert [one.region_id for one in found.neighbours] == ["C", "B", "D"]


def judge_slowly(near: Near, seen: Surroundings, is_open: bool) -> bool | None:
    """True if any neighbour is active; else None if one is unknown; else False."""
    if OWN.region_id not in seen.neighbours:
        return None
    verdicts = []
    for name in seen.neighbours[OWN.region_id]:
        rows = [
            row
            for row in seen.publication.scores
            if (row.region_id, row.outcome, row.horizon) == (name, near.outcome, OWN.horizon)
        ]
        if not rows or rows[0].status in ("stale", "baseline_only", "too_early"):
            verdicts.append(None)
        elif rows[0].status == "not_asked":
            verdicts.append(False)
        else:
            least = (near.until_below or near.at_least) if is_open else near.at_least
            verdicts.append(bool((rows[0].risk_score or 0) >= least))
    if True in verdicts:
        return True
    return None if None in verdicts else False


@given(
    st.dictionaries(
        st.sampled_from("BCD"),
        st.tuples(st.sampled_from(STATUSES), st.sampled_from([0.1, 0.2, 0.25, 0.3, 0.6])),
    ),
    st.sampled_from([{}, {"A": ()}, {"A": ("B",)}, {"A": ("B", "C", "D")}]),
    st.booleans(),
)
def test_what_is_not_known_is_neither_calm_nor_active(
    scores: dict[str, tuple[str, float]], neighbours: dict[str, tuple[str, ...]], is_open: bool
) -> None:
    near = make_rule(near=NEAR).near
    assert near is not None
    rows = [
        make_score(name, value if status in ("ok", "baseline_only") else None, status=status)
        for name, (status, value) in scores.items()
    ]
    seen = around(*rows, neighbours=neighbours)
    found = seen.judge(near, OWN, is_open=is_open)
    assert found.is_met is judge_slowly(near, seen, is_open)
    assert bool(found.neighbours) == (found.is_met is True)


@pytest.mark.parametrize(
    ("where", "value", "is_open", "is_met"),
    [
        (WHERE, 150.0, False, True),
        (WHERE, 150.1, False, False),
        (WHERE, 250.0, True, True),
        (WHERE, 250.1, True, False),
        (WHERE, None, True, False),
        ({"indicator": "front_distance_3m", "at_least": 0, "until_below": -5}, 0.0, False, True),
        ({"indicator": "front_distance_3m", "at_least": 0, "until_below": -5}, -0.1, False, False),
        ({"indicator": "front_distance_3m", "at_least": 0, "until_below": -5}, -5.0, True, True),
        ({"indicator": "front_distance_3m", "at_least": 0, "until_below": -5}, -5.1, True, False),
        ({"indicator": "front_distance_3m", "at_most": -5, "until_above": 0}, 0.0, True, True),
        ({"indicator": "front_distance_3m", "at_most": -5, "until_above": 0}, 0.0, False, False),
    ],
)
def test_an_indicator_lies_within_its_bounds(
    where: dict[str, Any], value: float | None, is_open: bool, is_met: bool
) -> None:
    (condition,) = make_rule(where=where).conditions
    seen = around(indicators={"front_distance_3m": {"A": value, "B": 0.0}})
    found = seen.judge(condition, OWN, is_open=is_open)
    assert (found.is_met, found.value) == (is_met, value)


def test_an_indicator_that_was_not_kept_is_not_known() -> None:
    (condition,) = make_rule(where=WHERE).conditions
    for kept in ({}, {"front_advance_3m": {"A": 1.0}}, {"front_distance_3m": {"B": 1.0}}):
        found = around(indicators=kept).judge(condition, OWN, is_open=True)
        assert (found.is_met, found.note) == (None, INDICATOR_UNKNOWN)


def findings(near: bool | None, where: bool | None) -> Surroundings:
    """Surroundings in which the two conditions are found so."""
    rows = {True: [0.9, 0.0], False: [0.0, 0.0], None: [0.0]}[near]
    kept = {True: {"A": 10.0}, False: {"A": 900.0}, None: {}}[where]
    scores = [make_score(name, value) for name, value in zip("BC", rows, strict=False)]
    return around(*scores, indicators={"front_distance_3m": kept})


@pytest.mark.parametrize("value", [None, 0.05, 0.07, 0.3])
@pytest.mark.parametrize("near", [True, False, None])
@pytest.mark.parametrize("where", [True, False, None])
def test_all_conditions_must_hold(
    value: float | None, near: bool | None, where: bool | None
) -> None:
    rule = make_rule(near=NEAR, where=WHERE)
    seen = findings(near, where)
    own = make_score("A", value, "onset", status="ok" if value is not None else "stale")
    found = assess(rule, own, Measuring(seen.publication, {}), seen, is_open=False)
    assert found.value == value
    if value is None:
        assert found == NOTHING
    elif near is False or where is False:
        assert found.counted == 0.0
    elif None in (near, where) and value >= 0.07:
        # A level might hold or not: nothing can be told.
        assert found.counted is None
    else:
        assert found.counted == value


def test_a_condition_that_fails_counts_as_below_every_level_of_any_measure() -> None:
    levels = [{"name": "rise", "enter": -0.5, "exit": -0.9}]
    rule = make_rule(near=NEAR, measure="change", levels=levels)
    own = make_score("A", 0.3, "onset")
    own = type(own)(**{**vars(own), "change": -0.6})
    seen = findings(near=False, where=True)
    found = assess(rule, own, Measuring(seen.publication, {}), seen, is_open=False)
    assert (found.value, rule.held(found.counted or 0.0)) == (-0.6, 0)


def test_without_conditions_the_measure_counts() -> None:
    seen = around(neighbours={})
    found = assess(make_rule(), OWN, Measuring(seen.publication, {}), seen, is_open=True)
    assert found == Assessment(0.3, 0.3)
    assert found.note(make_rule(), 0) == ""


def test_the_wider_bound_is_for_open_alerts() -> None:
    rule = make_rule(near=NEAR)
    seen = around(make_score("B", 0.25), make_score("C", 0.0))
    counted = [
        assess(rule, OWN, Measuring(seen.publication, {}), seen, is_open=is_open).counted
        for is_open in (False, True)
    ]
    assert counted == [0.0, 0.3]


NEAR_FOUND, WHERE_FOUND = Near(**NEAR), Where(**{**WHERE, "at_most": 150.0, "until_above": 250.0})


@pytest.mark.parametrize(
    ("value", "counted", "found", "level", "note"),
    [
        (0.3, 0.0, [Finding(NEAR_FOUND, False)], 0, NEIGHBOURS_CALM),
        (0.3, 0.0, [Finding(NEAR_FOUND, False)], 1, NEIGHBOURS_CALM),
        (0.3, 0.0, [Finding(NEAR_FOUND, False)], 2, ""),
        (0.06, 0.0, [Finding(NEAR_FOUND, False)], 0, ""),
        (0.08, 0.0, [Finding(NEAR_FOUND, False)], 0, NEIGHBOURS_CALM),
        (0.3, 0.0, [Finding(NEAR_FOUND, None), Finding(WHERE_FOUND, False, value=300.0)], 0,
         INDICATOR_LEFT),
        (0.3, 0.0, [Finding(NEAR_FOUND, True), Finding(WHERE_FOUND, False)], 0, INDICATOR_GONE),
        (0.3, None, [Finding(NEAR_FOUND, None)], 1, NEIGHBOURS_UNKNOWN),
        (0.3, None, [Finding(NEAR_FOUND, True), Finding(WHERE_FOUND, None)], 1, INDICATOR_UNKNOWN),
        (0.3, 0.3, [Finding(NEAR_FOUND, True)], 0, ""),
        (None, None, [], 1, ""),
    ],
)  # fmt: skip
def test_an_end_says_what_brought_it_about(
    value: float | None, counted: float | None, found: list[Finding], level: int, note: str
) -> None:
    """A risk that did fall is not called a calm neighbour, nor the reverse."""
    assert Assessment(value, counted, tuple(found)).note(make_rule(near=NEAR), level) == note


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"near": {"outcome": "severe"}}, "near.at_least: Field required"),
        ({"near": {**NEAR, "at_least": 0}}, "near.at_least: "),
        ({"near": {**NEAR, "at_least": 1.1}}, "near.at_least: "),
        ({"near": {**NEAR, "until_below": 0}}, "near.until_below: "),
        ({"near": {**NEAR, "until_below": 0.31}}, "until_below 0.31 lies above at_least 0.3"),
        ({"near": {**NEAR, "horizon": 0}}, "near.horizon: "),
        ({"near": {**NEAR, "at_most": 1}}, "near.at_most: Extra inputs"),
        ({"where": {**WHERE, "indicator": "front"}}, "choose from .*front_distance_3m"),
        ({"where": {**WHERE, "indicator": "deaths_3m"}}, "no rule can ask .* 'deaths_3m'"),
        ({"where": {"indicator": "front_distance_3m"}}, "one of at_least and at_most"),
        ({"where": {**WHERE, "at_least": 1}}, "one of at_least and at_most"),
        ({"where": {**WHERE, "until_below": 1}}, "until_below belongs to at_least"),
        ({"where": {**WHERE, "until_above": 149}}, "until_above 149 lies below at_most 150"),
        (
            {"where": {"indicator": "front_distance_3m", "at_least": 1, "until_above": 2}},
            "until_above belongs to at_most",
        ),
        (
            {"where": {"indicator": "front_distance_3m", "at_least": -5, "until_below": -4}},
            "until_below -4 lies above at_least -5",
        ),
        (
            {"where": {"indicator": "front_distance_3m", "at_most": 5, "until_above": -4}},
            "until_above -4 lies below at_most 5",
        ),
    ],
)
def test_a_condition_that_contradicts_itself_is_refused(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        make_rule(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"near": {**NEAR, "at_least": 1}},
        {"near": {**NEAR, "until_below": 0.3}},
        {"where": {**WHERE, "until_above": 150}},
        {"where": {"indicator": "front_distance_3m", "at_least": -5, "until_below": -5}},
    ],
)
def test_bounds_may_be_equal(changes: dict[str, Any]) -> None:
    assert make_rule(**changes).body.items() >= {"id": "r"}.items()
