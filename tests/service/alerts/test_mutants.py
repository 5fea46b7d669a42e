"""Seeded mistakes in the machine, its levels, conditions and the decision to tell: all are killed.

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
    ("    if observation.has_occurred:\n", "    if False:\n"),
    ('return AT_REST, _end(state, "occurred")', 'return state, _end(state, "occurred")'),
    ('return AT_REST, _end(state, "occurred")', 'return AT_REST, _end(state, "resolved")'),
    ("state.level, None)[1],) if state.level else ()", "state.level, None)[1],)"),
    ("(_move(state, kind, state.level, None)", "(_move(state, kind, 0, None)"),
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

CONDITIONS = [
    ("return leave if is_open and leave is not None else enter", "return enter"),
    ("return leave if is_open and leave is not None else enter",
     "return leave if leave is not None else enter"),
    ("one.risk_score >= bound", "one.risk_score > bound"),
    ("if one is None or one.status not in (\"ok\", \"not_asked\"):", "if one is None:"),
    ("if one is None or one.status not in (\"ok\", \"not_asked\"):",
     "if one is None or one.status != \"ok\":"),
    ("                is_known = False\n", "                continue\n"),
    ("return Finding(condition, False if is_known else None)", "return Finding(condition, False)"),
    ("return Finding(condition, False if is_known else None)", "return Finding(condition, None)"),
    ("        if around is None:\n            return Finding(condition, None)\n",
     "        if around is None:\n            around = ()\n"),
    ("horizon = condition.horizon or score.horizon", "horizon = score.horizon"),
    ("(other, condition.outcome, horizon)", "(other, score.outcome, horizon)"),
    ("-(one.risk_score or 0.0), one.region_id", "(one.risk_score or 0.0), one.region_id"),
    ("value >= bound if side", "value > bound if side"),
    ("else value <= bound", "else value < bound"),
    ("is_met = value is not None and condition", "is_met = value is None or condition"),
    ("if by_region is None or score.region_id not in by_region:", "if by_region is None:"),
    ("NEIGHBOURS_UNKNOWN if self.is_met is None else NEIGHBOURS_CALM", "NEIGHBOURS_CALM"),
    ("INDICATOR_GONE if self.value is None else INDICATOR_LEFT", "INDICATOR_LEFT"),
    ("if self.until_below is not None and self.until_below > self.at_least:",
     "if self.until_below is not None and self.until_below >= self.at_least:"),
    ("self.until_above < (self.at_most or 0.0)", "self.until_above < 0.0"),
    ("self.until_below > (self.at_least or 0.0)", "self.until_below > 0.0"),
]  # fmt: skip

ASSESS = [
    ("    if False in met:\n", "    if met == {False}:\n"),
    ("if None in met and rule.held(value):", "if None in met:"),
    ("if None in met and rule.held(value):", "if None in met and rule.reached(value):"),
    ("if None in met and rule.held(value):", "if False:"),
    ("return Assessment(value, BOUNDS[rule.measure][0], findings)",
     "return Assessment(value, 0.0, findings)"),
    ("return Assessment(value, BOUNDS[rule.measure][0], findings)",
     "return Assessment(BOUNDS[rule.measure][0], BOUNDS[rule.measure][0], findings)"),
    ("score, is_open=is_open) for", "score, is_open=False) for"),
    ("rule.held(self.value) <= level", "rule.held(self.value) < level"),
    ("rule.held(self.value) <= level", "rule.reached(self.value) <= level"),
    ("found.is_met is None if counted is None else found.is_met is False", "not found.is_met"),
]  # fmt: skip

SEEDED = {
    "conditions": CONDITIONS,
    "rules": RULES,
    "assess": ASSESS,
    "machine": MACHINE,
    "notify": NOTIFY,
}
"""Mistakes by module, in the order in which the modules need each other."""

TESTS = {
    "conditions": "test_conditions",
    "rules": "test_machine",
    "assess": "test_conditions",
    "machine": "test_machine",
    "notify": "test_notify",
}
"""The tests of each module."""

MUTANTS = [
    pytest.param(name, old, new, id=f"{name}-{number}")
    for name, mistakes in SEEDED.items()
    for number, (old, new) in enumerate(mistakes, start=1)
]


@contextmanager
def mutated(name: str, old: str, new: str) -> Iterator[ModuleType]:
    """The tests of the changed module, loaded against the change; the machine takes its rules."""
    with pytest.MonkeyPatch.context() as patch:
        for module_name in SEEDED:
            source = (SOURCES / f"{module_name}.py").read_text()
            if module_name == name:
                assert source.count(old) == 1, f"The mutant no longer fits: {old!r}"
                source = source.replace(old, new)
            module = ModuleType(f"service.alerts.{module_name}")
            patch.setitem(sys.modules, module.__name__, module)
            exec(compile(source, f"{module_name} (mutant)", "exec"), module.__dict__)
        file = TESTS[name]
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


def check_conditions(tests: ModuleType) -> None:
    run_table(tests.test_a_neighbour_counts_from_the_bound_on)
    tests.test_without_a_wider_bound_the_bound_is_one()
    tests.test_the_horizon_is_that_of_the_score_unless_said()
    tests.test_neighbours_are_named_the_most_active_first()
    chance = random.Random(7)
    for _ in range(300):
        scores = {
            name: (chance.choice(tests.STATUSES), chance.choice([0.1, 0.2, 0.25, 0.3, 0.6]))
            for name in chance.sample("BCD", chance.randint(0, 3))
        }
        neighbours = chance.choice([{}, {"A": ()}, {"A": ("B",)}, {"A": ("B", "C", "D")}])
        body(tests.test_what_is_not_known_is_neither_calm_nor_active)(
            scores, neighbours, chance.random() < 0.5
        )
    run_table(tests.test_an_indicator_lies_within_its_bounds)
    tests.test_an_indicator_that_was_not_kept_is_not_known()
    for value, near, where in itertools.product(
        (None, 0.05, 0.07, 0.3), (True, False, None), (True, False, None)
    ):
        tests.test_all_conditions_must_hold(value, near, where)
    tests.test_a_condition_that_fails_counts_as_below_every_level_of_any_measure()
    tests.test_without_conditions_the_measure_counts()
    tests.test_the_wider_bound_is_for_open_alerts()
    run_table(tests.test_an_end_says_what_brought_it_about)
    run_table(tests.test_a_condition_that_contradicts_itself_is_refused)
    for case in tests.test_bounds_may_be_equal.pytestmark[0].args[1]:
        tests.test_bounds_may_be_equal(case)


CHECKS = {
    "test_conditions": check_conditions,
    "test_machine": check_machine,
    "test_notify": check_notify,
}


def check(name: str, tests: ModuleType) -> None:
    CHECKS[TESTS[name]](tests)


@pytest.mark.parametrize("name", ["conditions", "machine", "notify"])
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


@pytest.mark.parametrize("mistakes", [[*RULES, *MACHINE], NOTIFY, [*CONDITIONS, *ASSESS]])
def test_there_are_enough_of_them(mistakes: list[tuple[str, str]]) -> None:
    assert len(set(mistakes)) >= 20
