"""Seeded mistakes in the machine, its levels and the decision to tell: the suite kills them all.

Each mutant is one replaced piece of source. The tests of this folder are then run against it, by
their own tables and bodies; the properties are fed from a fixed seed, so that a verdict repeats.
"""

import importlib.util
import itertools
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
SOURCES = HERE.parents[2] / "service" / "alerts"

RULES = [
    ("sum(value >= level.enter for", "sum(value > level.enter for"),
    ("sum(value >= level.exit for", "sum(value > level.exit for"),
    ("sum(value >= level.exit for", "sum(value >= level.enter for"),
]

MACHINE = [
    ("state = replace(state, recent=(*state.recent, value), missing=0)",
     "state = replace(state, recent=(*state.recent, value))"),
    ("    if state.is_stale:\n", "    if False:\n"),
    ("_move(replace(state, is_stale=False), \"restored\"", "_move(state, \"restored\""),
    ("if entered > state.level:", "if entered >= state.level and entered:"),
    ("if entered > state.level:", "if entered > state.level == 0:"),
    ('"escalated" if state.level else "fired"', '"fired"'),
    ("opened = state.opened or observation.as_of", "opened = observation.as_of"),
    ("elif (standing := _standing(rule, state)) < state.level:",
     "elif (standing := _standing(rule, state)) == 0 < state.level:"),
    ('kind = "deescalated" if standing else "resolved"', 'kind = "resolved"'),
    ("state, event = _move(state, kind, standing, value, rule)",
     "state, event = _move(state, kind, 0, value, rule)"),
    ("return _forget(rule, state), tuple(happened)", "return state, tuple(happened)"),
    ("    if state.level == 0:\n        return ()\n", ""),
    ('"withdrawn", state.level, None', '"withdrawn", 0, None'),
    ("return replace(state, recent=())", "return state"),
    ('return "pending" if state.recent else "inactive"', 'return "inactive"'),
    ("rule.held(state.recent[-1]) < state.level", "rule.reached(state.recent[-1]) < state.level"),
    ("    if state.level == 0:\n        return state, ()\n", ""),
    ("missing=state.missing + 1)", "missing=state.missing + 1, recent=())"),
    ("missing=state.missing + 1)", "missing=state.missing)"),
    ("if state.is_stale or state.missing < rule.stale_n:", "if state.missing < rule.stale_n:"),
    ("if state.is_stale or state.missing < rule.stale_n:",
     "if state.is_stale or state.missing <= rule.stale_n:"),
    ("state, event = _move(replace(state, is_stale=True), \"stale\", state.level, None)\n"
     "    return state, (event,)",
     "state, event = _move(replace(state, is_stale=True), \"resolved\", 0, None)\n"
     "    return state, (event,)"),
    ("return min(rule.reached(value)", "return max(rule.reached(value)"),
    ("if len(last) == rule.for_n else 0", "if last else 0"),
    ("last = state.recent[-rule.clear_n :]", "last = state.recent[-rule.for_n :]"),
    ("    if len(last) < rule.clear_n:\n        return state.level\n", ""),
    ("return max(rule.held(value)", "return min(rule.held(value)"),
    ("sequence = state.sequence + 1", "sequence = state.sequence"),
    ("state.recent[-max(rule.for_n, rule.clear_n) :]",
     "state.recent[-min(rule.for_n, rule.clear_n) :]"),
    ("        if rule.reached(value) == 0:\n            break\n", ""),
]  # fmt: skip

NOTIFY = [
    ("    if quiet.is_silenced:\n", "    if False:\n"),
    ("Reason.REPEAT and quiet.is_acknowledged:", "Reason.REPEAT:"),
    ("if reason is Reason.REPEAT and quiet.is_acknowledged:", "if quiet.is_acknowledged:"),
    ("if standing is not None and standing.is_risen and reason is Reason.NEW:", "if False:"),
    ("if not reason.is_sent or _is_rise(reason, told, standing):", "if not reason.is_sent:"),
    ("if not reason.is_sent or _is_rise(", "if _is_rise("),
    ("        return reason is Reason.ESCALATED\n", "        return False\n"),
    ("return standing.is_risen if told.is_closed else standing.level > told.level",
     "return standing.is_risen"),
    ("return standing.is_risen if told.is_closed else standing.level > told.level",
     "return standing.level > told.level"),
    ("return standing.is_risen if told.is_closed else standing.level > told.level",
     "return True"),
    ("if ended is None or standing is None or standing.closed_by:",
     "if ended is None or standing is None:"),
    ("standing.opened < ended.date()", "standing.opened <= ended.date()"),
    ("is_held = reason in (Reason.UNCHANGED, Reason.REPEAT)", "is_held = True"),
    ("is_held = reason in (Reason.UNCHANGED, Reason.REPEAT)",
     "is_held = reason is Reason.UNCHANGED"),
    ("told is not None and told.at < ended", "told is not None and told.at <= ended"),
    ("    if _is_silence_over(reason, told, standing, quiet):\n", "    if False:\n"),
    ("_HELD = {Reason.UNCHANGED, Reason.UNHEARD, ", "_HELD = {Reason.UNCHANGED, "),
    ("return Reason.UNCHANGED if told is None or told.is_closed else Reason.CANCELLED",
     "return Reason.UNCHANGED"),
    ("return Reason.UNCHANGED if told is None or told.is_closed else Reason.CANCELLED",
     "return Reason.UNCHANGED if told is None else Reason.CANCELLED"),
    ("return Reason.UNHEARD if standing.closed_by else Reason.NEW", "return Reason.NEW"),
    ("    if told.is_closed:\n        return _after_an_end(told, standing)\n", ""),
    ("is_older = told.is_vanished and standing.as_of < told.as_of",
     "is_older = told.is_vanished and standing.as_of <= told.as_of"),
    ("is_older = told.is_vanished and standing.as_of < told.as_of", "is_older = told.is_vanished"),
    ("is_older = told.is_vanished and standing.as_of < told.as_of", "is_older = False"),
    ("Reason.CANCELLED if is_older else standing.closed_by",
     "Reason.CANCELLED if is_older else Reason.RESOLVED"),
    ("if standing.incident_id != told.incident_id and not told.is_vanished:",
     "if standing.incident_id != told.incident_id:"),
    ("if standing.incident_id != told.incident_id and not told.is_vanished:", "if False:"),
    ("return Reason.UNCHANGED if is_same else Reason.UNHEARD", "return Reason.RESOLVED"),
    ("return Reason.CORRECTED if is_same else Reason.NEW", "return Reason.NEW"),
    ("return Reason.CORRECTED if is_same else Reason.NEW", "return Reason.CORRECTED"),
    ("if standing.level != told.level:", "if standing.level > told.level:"),
    ("if told.is_superseded and standing.as_of <= told.as_of:", "if told.is_superseded:"),
    ("if told.is_superseded and standing.as_of <= told.as_of:",
     "if told.is_superseded and standing.as_of < told.as_of:"),
    ("return Reason.ESCALATED if standing.level > told.level else Reason.DEESCALATED",
     "return Reason.ESCALATED if standing.level < told.level else Reason.DEESCALATED"),
    ("if standing.is_stale != told.is_stale:", "if standing.is_stale:"),
    ("return Reason.STALE if standing.is_stale else Reason.RESTORED", "return Reason.STALE"),
    ("now - told.at >= repeat_after", "now - told.at > repeat_after"),
    ("now - told.at >= repeat_after", "now - told.at <= repeat_after"),
    ("        return Reason.REPEAT\n", "        return Reason.UNCHANGED\n"),
]  # fmt: skip

MUTANTS = [
    pytest.param(name, old, new, id=f"{name}-{number}")
    for name, mistakes in (("rules", RULES), ("machine", MACHINE), ("notify", NOTIFY))
    for number, (old, new) in enumerate(mistakes, start=1)
]


@contextmanager
def mutated(name: str, old: str, new: str) -> Iterator[ModuleType]:
    """The tests of the changed module, loaded against the change; the machine takes its rules."""
    with pytest.MonkeyPatch.context() as patch:
        for module_name in ("rules", "machine", "notify"):
            source = (SOURCES / f"{module_name}.py").read_text()
            if module_name == name:
                assert source.count(old) == 1, f"The mutant no longer fits: {old!r}"
                source = source.replace(old, new)
            module = ModuleType(f"service.alerts.{module_name}")
            patch.setitem(sys.modules, module.__name__, module)
            exec(compile(source, f"{module_name} (mutant)", "exec"), module.__dict__)
        file = "test_notify" if name == "notify" else "test_machine"
        spec = importlib.util.spec_from_file_location(f"{file}_of_a_mutant", HERE / f"{file}.py")
        assert spec is not None
        assert spec.loader is not None
        tests = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, spec.name, tests)
        spec.loader.exec_module(tests)
        yield tests


def body(test: Any) -> Any:
    """The body of a property, to be called with what it would draw."""
    return test.hypothesis.inner_test


def run_table(test: Any) -> None:
    """Runs a test over its own parameters."""
    names, cases = test.pytestmark[0].args
    assert names
    for case in cases:
        test(*getattr(case, "values", case))


def check_machine(tests: ModuleType) -> None:
    run_table(tests.test_scenarios)
    tests.test_a_second_incident_opens_anew()
    tests.test_phases()
    tests.test_withdrawing_ends_an_incident_and_nothing_else()
    tests.test_an_edit_keeps_the_incident_and_counts_anew()
    tests.test_a_level_that_an_edit_removed_is_left_like_any_other()
    tests.test_a_damaged_state_is_not_carried_on()
    chance = random.Random(7)
    for _ in range(400):
        course = draw_course(tests, chance)
        body(tests.test_machine_equals_the_oracle)(course)
        body(tests.test_incidents_never_overlap_and_are_numbered_without_gaps)(course)
        body(tests.test_no_data_only_ever_says_stale)(course)
        body(tests.test_states_stay_small)(course)


def draw_course(tests: ModuleType, chance: random.Random) -> Any:
    n_levels = chance.randint(1, 3)
    cuts = sorted(chance.sample(range(1, 20), 2 * n_levels))
    bounds = [(cuts[2 * k + 1] / 20, cuts[2 * k] / 20) for k in range(n_levels)]
    counts = {name: chance.randint(1, 4) for name in ("for_n", "clear_n", "stale_n")}
    values = [
        None,
        0.0,
        1.0,
        *(edge - less for pair in bounds for edge in pair for less in (0, 1e-3)),
    ]
    runs = [(chance.choice(values), chance.randint(1, 5)) for _ in range(chance.randint(1, 10))]
    return tests.make_rule(bounds, **counts), [value for value, n in runs for _ in range(n)]


def check_notify(tests: ModuleType) -> None:
    run_table(tests.test_reasons)
    run_table(tests.test_repeat)
    run_table(tests.test_what_people_asked_for)
    tests.test_an_end_is_not_repeated()
    tests.test_what_is_not_sent()
    tolds, standings = all_tolds(tests), all_standings(tests)
    for told, standing in itertools.product([None, *tolds], [None, *standings]):
        body(tests.test_a_contact_point_that_believes_otherwise_is_told)(told, standing)
    for standing in standings:
        body(tests.test_whoever_was_just_told_is_not_told_again)(standing)


def all_tolds(tests: ModuleType) -> list[Any]:
    flags = itertools.product([False, True], repeat=4)
    return [
        replace(
            tests.TOLD, level=level, at=tests.NOW - timedelta(days=1), is_closed=closed,
            is_stale=stale, is_superseded=superseded, is_vanished=vanished,
        )
        for (closed, stale, superseded, vanished), level in itertools.product(flags, (1, 2))
    ]  # fmt: skip


def all_standings(tests: ModuleType) -> list[Any]:
    ends = [None, tests.Reason.RESOLVED, tests.Reason.WITHDRAWN]
    return [
        replace(tests.OPEN, incident_id=name, level=level, closed_by=end, is_stale=stale, as_of=day)
        for name, level, end, stale, day in itertools.product(
            ("i1", "i2"), (1, 2), ends, (False, True), (tests.FEB, tests.MAR)
        )
    ]


def check(name: str, tests: ModuleType) -> None:
    (check_notify if name == "notify" else check_machine)(tests)


@pytest.mark.parametrize("name", ["machine", "notify"])
def test_the_code_as_it_is_passes(name: str) -> None:
    """Else every mutant would be killed by nothing."""
    with mutated(name, "from __future__", "from __future__") as tests:
        check(name, tests)


@pytest.mark.parametrize(("name", "old", "new"), MUTANTS)
def test_a_mutant_dies(name: str, old: str, new: str) -> None:
    with mutated(name, old, new) as tests:
        try:
            check(name, tests)
        except (Exception, pytest.fail.Exception):
            return
    pytest.fail(f"{name}: it survives that\n{old}\nbecomes\n{new}")


@pytest.mark.parametrize("mistakes", [[*RULES, *MACHINE], NOTIFY])
def test_there_are_enough_of_them(mistakes: list[tuple[str, str]]) -> None:
    assert len(set(mistakes)) >= 20
