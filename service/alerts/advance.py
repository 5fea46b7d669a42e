"""One publication against all rules: every series takes one step.

A pure function of (rules, previous states, scores), so that history, corrections and simulations
all run the same code. Does not carry rows or transactions: see `service.alerts.evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.alerts.assess import NOTHING, assess
from service.alerts.conditions import Neighbours, Surroundings
from service.alerts.hand_over import hand_over
from service.alerts.identity import Series, event_id, incident_id
from service.alerts.machine import (
    AT_REST,
    Observation,
    Transition,
    TransitionType,
    restart_counts,
    step,
    withdraw,
)
from service.alerts.measures import Measuring, Past
from service.alerts.rules import Rule
from service.alerts.tracking import States, TrackedSeries
from service.publications.publication import Publication, PublishedScore
from service.publications.redraws import Redraw

_EXPLAINED = frozenset({"withdrawn", "resolved", "deescalated", "stale"})
"""What may have come about by something else than the measure."""


@dataclass(frozen=True)
class AlertEvent:
    """One thing that happened to an incident, with its ids; see `machine.Transition`.

    `value` is the measure, whether the conditions of the rule hold or not; None where nothing can
    be told. `note` says what else brought it about: a redraw of the region, or a condition of the
    rule that does not hold or cannot be told; else it is empty.
    """

    event_id: str
    dedup_key: str
    incident_id: str
    sequence: int
    type: TransitionType
    level: int
    level_name: str
    as_of: date
    revision: int
    rule_id: str
    rule_version: int
    region_set: str
    region_id: str
    outcome: str
    horizon: int
    value: float | None
    note: str = ""


def advance(
    rules: Sequence[Rule],
    previous: States,
    publication: Publication,
    past: Past | None = None,
    redraw: Redraw | None = None,
    neighbours: Neighbours | None = None,
) -> tuple[dict[str, TrackedSeries], tuple[AlertEvent, ...]]:
    """Returns the states after a publication and what happened, ordered by rule and score row.

    A series whose rule follows it but of which the publication has no row gets no score. A series
    that no rule follows any more is withdrawn.

    Args:
        rules: The rules in force, all enabled.
        previous: The states after the as-of before.
        publication: The scores.
        past: Scores of earlier as-ofs; only rules about records look at them.
        redraw: What became of the regions since the as-of before, if their borders changed.
        neighbours: Which regions touch; only rules that ask for neighbours look at them.
    """
    handed = hand_over(previous, redraw)
    previous = handed.states
    keys = {tracked.series: key for key, tracked in previous.items()}
    measuring = Measuring(publication, past or {})
    surroundings = Surroundings(publication, neighbours or {})
    after: dict[str, TrackedSeries] = {}
    events: list[AlertEvent] = []
    for rule in rules:
        for series, country, score in _follow(rule, previous, publication):
            key = keys.get(series, series.dedup_key)
            before = previous.get(key)
            state = before.state if before else AT_REST
            seen, has_occurred = NOTHING, False
            if score is not None and series not in handed.held:
                # An onset is asked for only after a quiet year: this was none any more.
                has_occurred = score.status == "not_asked"
                seen = assess(rule, score, measuring, surroundings, is_open=state.level > 0)
            if before and before.rule_version != rule.version:
                state = restart_counts(state)
            observed = Observation(publication.as_of, seen.counted, has_occurred)
            state, happened = step(rule, state, observed)
            if state != AT_REST:
                after[key] = TrackedSeries(series, country, rule.version, state)
            told = [
                replace(item, value=None if item.value is None else seen.value) for item in happened
            ]
            note = seen.note(rule, state.level)
            events += _name(told, series, key, rule.version, publication, note)
    followed = {rule.id: rule for rule in rules}
    for key, tracked in previous.items():
        if not _is_followed(followed.get(tracked.series.rule_id), tracked):
            happened = withdraw(tracked.state)
            events += _name(happened, tracked.series, key, tracked.rule_version, publication)
    for key, (tracked, note) in handed.ended.items():
        happened = withdraw(tracked.state)
        events += _name(happened, tracked.series, key, tracked.rule_version, publication, note)
    return after, tuple(events)


def _follow(
    rule: Rule, previous: States, publication: Publication
) -> Iterable[tuple[Series, str, PublishedScore | None]]:
    """Yields the series of a rule with their scores; None for one that has no row any more."""
    seen = set()
    for score in publication.scores:
        if not _covers(rule, publication.region_set, score):
            continue
        series = Series(
            rule.id, publication.region_set, score.region_id, score.outcome, score.horizon
        )
        seen.add(series)
        yield series, score.country, score
    for tracked in previous.values():
        if tracked.series not in seen and _is_followed(rule, tracked):
            yield tracked.series, tracked.country, None


def _covers(rule: Rule, region_set: str, score: PublishedScore) -> bool:
    return rule.covers(region_set, score.region_id, score.country, score.outcome, score.horizon)


def _is_followed(rule: Rule | None, tracked: TrackedSeries) -> bool:
    series = tracked.series
    return (
        rule is not None
        and rule.id == series.rule_id
        and rule.covers(
            series.region_set, series.region_id, tracked.country, series.outcome, series.horizon
        )
    )


def _name(
    happened: Iterable[Transition],
    series: Series,
    key: str,
    rule_version: int,
    publication: Publication,
    note: str = "",
) -> Iterable[AlertEvent]:
    for item in happened:
        yield AlertEvent(
            event_id=event_id(key, publication.as_of, publication.revision, item.type, item.level),
            dedup_key=key,
            incident_id=incident_id(key, item.opened),
            sequence=item.sequence,
            type=item.type,
            level=item.level,
            level_name=item.level_name,
            as_of=publication.as_of,
            revision=publication.revision,
            rule_id=series.rule_id,
            rule_version=rule_version,
            region_set=series.region_set,
            region_id=series.region_id,
            outcome=series.outcome,
            horizon=series.horizon,
            value=item.value,
            note=note if item.type in _EXPLAINED else "",
        )
