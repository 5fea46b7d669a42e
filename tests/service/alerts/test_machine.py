"""The machine of one series, against tables, against a slow oracle, and as properties."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import StateError
from service.alerts.machine import (
    AT_REST,
    Observation,
    SeriesState,
    Transition,
    phase,
    restart_counts,
    step,
    withdraw,
)
from service.alerts.rules import Rule, parse_rule

FIRST = date(2022, 1, 15)


def as_of(number: int) -> date:
    return FIRST + timedelta(days=30 * number)


def make_rule(bounds: Sequence[tuple[float, float]], **counts: int) -> Rule:
    levels = [
        {"name": f"l{number}", "enter": enter, "exit": leave}
        for number, (enter, leave) in enumerate(bounds, start=1)
    ]
    return parse_rule(
        {
            "id": "r",
            "name": "r",
            "why": "w",
            "measure": "risk_score",
            "selector": {"outcome": "escalation"},
            "levels": levels,
            **counts,
        }
    )


COME = "come"
"""Stands among values for: no score, as what is forecast has come."""


def observe(number: int, value: float | str | None) -> Observation:
    has_occurred = value == COME
    return Observation(as_of(number), None if has_occurred else value, has_occurred)


def run(
    rule: Rule, values: Sequence[float | str | None]
) -> tuple[list[SeriesState], list[list[Transition]]]:
    state, states, happened = AT_REST, [], []
    for number, value in enumerate(values):
        state, events = step(rule, state, observe(number, value))
        states.append(state)
        happened.append(list(events))
    return states, happened


def brief(happened: Iterable[Sequence[Transition]]) -> list[str]:
    return [" ".join(f"{item.type}:{item.level}" for item in items) for items in happened]


TWO = [(0.25, 0.2), (0.5, 0.4)]


@pytest.mark.parametrize(
    ("counts", "values", "expected"),
    [
        pytest.param({}, [0.249, 0.25], ["", "fired:1"], id="fires at enter, not below"),
        pytest.param({}, [0.5], ["fired:2"], id="fires at the highest level"),
        pytest.param({}, [0.3, 0.5], ["fired:1", "escalated:2"], id="escalates"),
        pytest.param({}, [0.3, 0.1, 0.1], ["fired:1", "", "resolved:0"], id="resolves after two"),
        pytest.param({}, [0.3, 0.1, 0.2, 0.1], ["fired:1", "", "", ""], id="exit itself holds"),
        pytest.param(
            {}, [0.6, 0.3, 0.39], ["fired:2", "", "deescalated:1"], id="to the level that holds"
        ),
        pytest.param(
            {}, [0.6, 0.1, 0.3], ["fired:2", "", "deescalated:1"], id="to the highest of the two"
        ),
        pytest.param({}, [0.6, 0.1, 0.1], ["fired:2", "", "resolved:0"], id="down at once"),
        pytest.param(
            {"for_n": 3}, [0.3, 0.6, 0.6], ["", "", "fired:1"], id="lowest level all reached"
        ),
        pytest.param(
            {"for_n": 2}, [0.3, 0.24, 0.3, 0.3], ["", "", "", "fired:1"], id="in a row"
        ),
        pytest.param(
            {"for_n": 2}, [0.3, 0.3, 0.6, 0.6], ["", "fired:1", "", "escalated:2"], id="all up"
        ),
        pytest.param(
            {"for_n": 2}, [0.3, None, 0.3], ["", "", "fired:1"], id="no data keeps the state"
        ),
        pytest.param(
            {"clear_n": 1}, [0.3, None, None, 0.1],
            ["fired:1", "stale:1", "", "restored:1 resolved:0"],
            id="stale once, restored once",
        ),
        pytest.param(
            {"stale_n": 2}, [0.3, None, 0.3, None, None], ["fired:1", "", "", "", "stale:1"],
            id="stale after a run",
        ),
        pytest.param(
            {}, [0.3, 0.1, None, 0.1], ["fired:1", "", "stale:1", "restored:1 resolved:0"],
            id="a gap does not count as below, nor as above",
        ),
        pytest.param(
            {}, [0.3, None, 0.7], ["fired:1", "stale:1", "restored:1 escalated:2"], id="back higher"
        ),
        pytest.param({}, [None, None], ["", ""], id="nothing to be stale"),
        pytest.param(
            {"clear_n": 3}, [0.6, COME, COME], ["fired:2", "occurred:2", ""], id="over at once"
        ),
        pytest.param(
            {}, [0.3, None, COME], ["fired:1", "stale:1", "occurred:1"], id="over while stale"
        ),
        pytest.param({}, [COME], [""], id="nothing that was warned of"),
        pytest.param(
            {"for_n": 2}, [0.3, COME, 0.3, 0.3], ["", "", "", "fired:1"], id="counts end there"
        ),
    ],
)  # fmt: skip
def test_scenarios(counts: dict[str, int], values: list[float | None], expected: list[str]) -> None:
    assert brief(run(make_rule(TWO, **counts), values)[1]) == expected


def test_a_second_incident_opens_anew() -> None:
    _, happened = run(make_rule(TWO, clear_n=1), [0.3, 0.1, 0.3])
    opened = [(item.type, item.opened, item.sequence) for items in happened for item in items]
    assert opened == [
        ("fired", as_of(0), 1),
        ("resolved", as_of(0), 2),
        ("fired", as_of(2), 1),
    ]


def test_phases() -> None:
    rule = make_rule(TWO, for_n=2)
    states, _ = run(rule, [0.1, 0.3, 0.3, 0.1, 0.22, 0.1, 0.1])
    assert [phase(rule, state) for state in states] == [
        "inactive", "pending", "firing", "recovering", "firing", "recovering", "inactive",
    ]  # fmt: skip


def test_withdrawing_ends_an_incident_and_nothing_else() -> None:
    rule = make_rule(TWO)
    (state,), _ = run(rule, [0.6])
    assert withdraw(state) == (Transition("withdrawn", 2, "l2", as_of(0), 2, None),)
    assert withdraw(AT_REST) == ()


def test_an_edit_keeps_the_incident_and_counts_anew() -> None:
    states, _ = run(make_rule(TWO), [0.3, 0.1])
    edited = make_rule([(0.9, 0.8)], clear_n=2)
    state = restart_counts(states[-1])
    state, first = step(edited, state, Observation(as_of(2), 0.3))
    state, second = step(edited, state, Observation(as_of(3), 0.3))
    assert (first, brief([second])) == ((), ["resolved:0"])


def test_a_level_that_an_edit_removed_is_left_like_any_other() -> None:
    (state,), _ = run(make_rule(TWO), [0.6])
    one_level = make_rule([(0.25, 0.2)])
    state = restart_counts(state)
    state, first = step(one_level, state, Observation(as_of(1), 0.9))
    state, second = step(one_level, state, Observation(as_of(2), 0.9))
    assert (first, brief([second])) == ((), ["deescalated:1"])


def test_a_damaged_state_is_not_carried_on() -> None:
    with pytest.raises(StateError, match="no opening"):
        step(make_rule(TWO), SeriesState(level=1), Observation(FIRST, None))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    n_levels = draw(st.integers(1, 4))
    cuts = sorted(draw(st.sets(st.integers(1, 20), min_size=2 * n_levels, max_size=2 * n_levels)))
    cuts_of_level = [(cuts[2 * k + 1] / 20, cuts[2 * k] / 20) for k in range(n_levels)]
    counts = {name: draw(st.integers(1, 4)) for name in ("for_n", "clear_n", "stale_n")}
    return make_rule(cuts_of_level, **counts)


@st.composite
def overlapping_rules(draw: st.DrawFn) -> Rule:
    """Rules whose bands overlap: a level may be left below the enter of the level under it."""
    n_levels = draw(st.integers(2, 3))
    size = {"min_size": n_levels, "max_size": n_levels}
    exits = sorted(draw(st.sets(st.integers(1, 9), **size)))
    enters = sorted(draw(st.sets(st.integers(10, 20), **size)))
    counts = {name: draw(st.integers(1, 4)) for name in ("for_n", "clear_n", "stale_n")}
    return make_rule([(b / 20, a / 20) for a, b in zip(exits, enters, strict=True)], **counts)


@st.composite
def courses(draw: st.DrawFn) -> tuple[Rule, list[float | None]]:
    """A rule and a course of values in runs: at its bounds, just below them, and missing."""
    rule = draw(rules() | overlapping_rules())
    bounds = [bound for level in rule.levels for bound in (level.enter, level.exit)]
    values = [None, COME, 0.0, 1.0, *bounds, *(bound - 0.001 for bound in bounds)]
    runs = draw(st.lists(st.tuples(st.sampled_from(values), st.integers(1, 5)), max_size=12))
    return rule, [value for value, length in runs for _ in range(length)]


def tell_slowly(rule: Rule, values: Sequence[float | None]) -> list[list[tuple[Any, ...]]]:
    """The same semantics from the whole past at each step, level by level, with no memory."""
    level, opened, told, begin = 0, -1, [], 0
    for now, value in enumerate(values):
        gap = next((k for k, v in enumerate(reversed(values[begin:now])) if v is not None), 0)
        happened: list[tuple[str, int, int]] = []
        if value == COME:
            happened += [("occurred", level, opened)] if level else []
            level, begin = 0, now + 1
        elif value is None:
            if level and gap + 1 == rule.stale_n:
                happened.append(("stale", level, opened))
        else:
            if level and gap >= rule.stale_n:
                happened.append(("restored", level, opened))
            past = [v for v in values[begin : now + 1] if v is not None]
            top = 0
            for number, bounds in enumerate(rule.levels, start=1):
                tail = past[-rule.for_n :]
                if len(tail) == rule.for_n and all(v >= bounds.enter for v in tail):
                    top = number
            low = level
            while low and all(v < rule.levels[low - 1].exit for v in past[-rule.clear_n :]):
                low -= 1
            if top > level:
                opened = opened if level else now
                happened.append(("escalated" if level else "fired", top, opened))
                level = top
            elif low < level:
                happened.append(("deescalated" if low else "resolved", low, opened))
                level = low
        told.append(happened)
    flat = [item[2] for items in told for item in items]
    numbers = iter(flat[: place + 1].count(opened) for place, opened in enumerate(flat))
    return [[(*item, next(numbers)) for item in items] for items in told]


@settings(max_examples=300)
@given(courses())
def test_machine_equals_the_oracle(course: tuple[Rule, list[float | None]]) -> None:
    rule, values = course
    _, happened = run(rule, values)
    expected = [
        [(kind, level, as_of(opened), sequence) for kind, level, opened, sequence in items]
        for items in tell_slowly(rule, values)
    ]
    found = [
        [(item.type, item.level, item.opened, item.sequence) for item in items]
        for items in happened
    ]
    assert found == expected


@given(courses())
def test_incidents_never_overlap_and_are_numbered_without_gaps(
    course: tuple[Rule, list[float | None]],
) -> None:
    rule, values = course
    _, happened = run(rule, values)
    open_since, sequence = None, 0
    for number, items in enumerate(happened):
        for item in items:
            if item.type == "fired":
                assert open_since is None
                open_since, sequence = as_of(number), 0
            sequence += 1
            assert (item.opened, item.sequence) == (open_since, sequence)
            if item.type in ("resolved", "occurred"):
                open_since = None


@given(courses())
def test_no_data_only_ever_says_stale(course: tuple[Rule, list[float | None]]) -> None:
    rule, values = course
    states, happened = run(rule, values)
    before = AT_REST
    for value, state, items in zip(values, states, happened, strict=True):
        if value is None:
            assert {item.type for item in items} <= {"stale"}
            assert (state.level, state.recent) == (before.level, before.recent)
        before = state


@given(rules() | overlapping_rules(), st.data())
def test_a_value_inside_the_band_makes_no_event(rule: Rule, data: st.DataObject) -> None:
    """At or above the exit of the level it stands at, and below the enter of the next one."""
    level = data.draw(st.integers(1, len(rule.levels)))
    bounds = rule.levels[level - 1]
    is_top = level == len(rule.levels)
    ceiling = 1.0 if is_top else rule.levels[level].enter
    inside = st.floats(bounds.exit, ceiling, exclude_max=not is_top)
    noise = data.draw(st.lists(inside | st.just(bounds.exit), min_size=10, max_size=20))
    states, happened = run(rule, [*[bounds.enter] * rule.for_n, *noise])
    assert states[-1].level == level
    assert brief(items for items in happened if items) == [f"fired:{level}"]


@given(courses())
def test_states_stay_small(course: tuple[Rule, list[float | None]]) -> None:
    rule, values = course
    states, _ = run(rule, values)
    for state in states:
        assert len(state.recent) <= max(rule.for_n, rule.clear_n)
        assert state.level or state == SeriesState(recent=state.recent)
