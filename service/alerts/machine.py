"""The states of one series: a pure step from one publication to the next.

    inactive -> pending -> firing(level) -> recovering -> inactive

A level is entered when the last `for_n` scores in a row all reach its `enter` (>=, so that a rule
at 0.25 fires at 0.25), and left when the last `clear_n` scores in a row all lie below its `exit`
(<). The series stands at the highest level that was entered and not left. A publication without a
score changes none of that: it counts neither as high nor as low, and after `stale_n` of them an
open incident is called stale, once. No data never fires and never resolves. What a series warns of
may come: then nothing is left to be warned of, and the incident ends as `occurred`, at once.

Does not carry ids, rows or times of day: see `service.alerts.advance`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from data.errors import StateError
from service.alerts.rules import BELOW_ALL_LEVELS, Rule

TransitionType = Literal[
    "fired", "escalated", "deescalated", "resolved", "occurred", "stale", "restored", "withdrawn"
]
CLOSING: frozenset[TransitionType] = frozenset({"resolved", "occurred", "withdrawn"})
"""What ends an incident. Only resolved says that the risk went down: occurred says that what was
warned of has come, and withdrawn says nothing of it."""

Phase = Literal["inactive", "pending", "firing", "recovering"]


@dataclass(frozen=True)
class SeriesState:
    """What a series remembers between publications.

    Attributes:
        level: The level it stands at; 0 without an open incident.
        level_name: Name of that level when it was entered.
        opened: As-of that opened the incident, or None.
        sequence: Number of the incident's last event, counted from 1.
        recent: The last scores that still count, oldest first.
        missing: Publications without a score since the last one; 0 without an open incident.
        is_stale: True if the open incident was called stale and no score came since.
    """

    level: int = 0
    level_name: str = BELOW_ALL_LEVELS
    opened: date | None = None
    sequence: int = 0
    recent: tuple[float, ...] = ()
    missing: int = 0
    is_stale: bool = False


AT_REST = SeriesState()
"""A series of which nothing need be remembered."""


@dataclass(frozen=True)
class Observation:
    """What a publication says of a series.

    Attributes:
        as_of: Knowledge limit of the publication.
        value: The measure; None without a score.
        has_occurred: True if there is no score because what is forecast has come.
    """

    as_of: date
    value: float | None
    has_occurred: bool = False


@dataclass(frozen=True)
class Transition:
    """One thing that happened to an incident.

    Attributes:
        type: What happened.
        level: The level after it; for `stale` and `restored` the level that stands, for `occurred`
            and `withdrawn` the one that stood.
        level_name: Its name; `none` if resolved.
        opened: As-of that opened the incident.
        sequence: Number in the incident, 1, 2, … without gaps.
        value: The measure; None without a score.
    """

    type: TransitionType
    level: int
    level_name: str
    opened: date
    sequence: int
    value: float | None


def step(
    rule: Rule, state: SeriesState, observation: Observation
) -> tuple[SeriesState, tuple[Transition, ...]]:
    """Returns the state after a publication and what happened, in order."""
    value = observation.value
    if observation.has_occurred:
        return AT_REST, _end(state, "occurred")
    if value is None:
        return _miss(rule, state)
    happened = []
    state = replace(state, recent=(*state.recent, value), missing=0)
    if state.is_stale:
        state, event = _move(replace(state, is_stale=False), "restored", state.level, value)
        happened.append(event)
    entered = _entered(rule, state.recent)
    if entered > state.level:
        kind: TransitionType = "escalated" if state.level else "fired"
        opened = state.opened or observation.as_of
        state, event = _move(replace(state, opened=opened), kind, entered, value, rule)
        happened.append(event)
    elif (standing := _standing(rule, state)) < state.level:
        kind = "deescalated" if standing else "resolved"
        state, event = _move(state, kind, standing, value, rule)
        happened.append(event)
    return _forget(rule, state), tuple(happened)


def withdraw(state: SeriesState) -> tuple[Transition, ...]:
    """Returns what happens to a series that no rule follows any more; its next state is rest."""
    return _end(state, "withdrawn")


def restart_counts(state: SeriesState) -> SeriesState:
    """Returns the state under a new version of its rule: the incident goes on, counting is anew.

    Scores seen under other levels, or of another measure, are no reason to fire or to resolve.
    """
    return replace(state, recent=())


def phase(rule: Rule, state: SeriesState) -> Phase:
    """Returns the name of the state, for people."""
    if state.level == 0:
        return "pending" if state.recent else "inactive"
    is_below = bool(state.recent) and rule.held(state.recent[-1]) < state.level
    return "recovering" if is_below else "firing"


def _miss(rule: Rule, state: SeriesState) -> tuple[SeriesState, tuple[Transition, ...]]:
    if state.level == 0:
        return state, ()
    state = replace(state, missing=state.missing + 1)
    if state.is_stale or state.missing < rule.stale_n:
        return state, ()
    state, event = _move(replace(state, is_stale=True), "stale", state.level, None)
    return state, (event,)


def _end(state: SeriesState, kind: TransitionType) -> tuple[Transition, ...]:
    return (_move(state, kind, state.level, None)[1],) if state.level else ()


def _entered(rule: Rule, recent: tuple[float, ...]) -> int:
    last = recent[-rule.for_n :]
    return min(rule.reached(value) for value in last) if len(last) == rule.for_n else 0


def _standing(rule: Rule, state: SeriesState) -> int:
    last = state.recent[-rule.clear_n :]
    if len(last) < rule.clear_n:
        return state.level
    return max(rule.held(value) for value in last)


def _move(
    state: SeriesState,
    kind: TransitionType,
    level: int,
    value: float | None,
    rule: Rule | None = None,
) -> tuple[SeriesState, Transition]:
    if state.opened is None:
        raise StateError(f"A series at level {state.level} has no opening as-of.")
    name = rule.level_name(level) if rule else state.level_name
    sequence = state.sequence + 1
    event = Transition(kind, level, name, state.opened, sequence, value)
    return replace(state, level=level, level_name=name, sequence=sequence), event


def _forget(rule: Rule, state: SeriesState) -> SeriesState:
    """Returns the state with only those scores that can still decide anything."""
    if state.level:
        return replace(state, recent=state.recent[-max(rule.for_n, rule.clear_n) :])
    kept: list[float] = []
    for value in reversed(state.recent[-rule.for_n :]):
        if rule.reached(value) == 0:
            break
        kept.insert(0, value)
    return SeriesState(recent=tuple(kept))
