"""Alerts as they are shown: what is open, what has ended, what raises one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from data.calendar import Step
from data.regions import RegionSet
from service.alerts.condition_words import note_words, rule_words
from service.alerts.measures import Measure, measure_score
from service.alerts.read import Incident, IncidentEvent, list_incidents
from service.alerts.rule_store import active_rules, list_rules
from service.alerts.rules import BELOW_ALL_LEVELS, Rule
from service.publications.publication import PublishedScore
from service.web import links, words
from service.web.page_head import Frame

_ENDED = {
    "resolved": "resolved",
    "occurred": "has come",
    "withdrawn": "withdrawn",
}
_HAPPENED = {
    "fired": "raised at {to}",
    "escalated": "rose from {before} to {to}",
    "deescalated": "fell from {before} to {to}",
    "resolved": "resolved",
    "occurred": "over, as what it warned of has come",
    "stale": "no score, so that {to} stands",
    "restored": "scores are back, {to}",
    "withdrawn": "withdrawn, as its rule no longer applies or its region was redrawn",
}
_MEASURES: dict[Measure, str] = {
    "risk_score": "a risk score",
    "change": "a change of the risk score",
    "record": "the distance of the risk score to its highest of the years before",
    "rank": "the share of the other regions with a lower risk score",
}


@dataclass(frozen=True)
class IncidentView:
    """One incident.

    Attributes:
        name: Name of the region.
        country: Name of its country; empty if the region is gone.
        address: Page of the region.
        page: Page of the incident.
        is_open: True while it lasts.
        state: `open`, `open, no score`, or how it ended, in words.
        levels: The last change of level in words, `high → very high`.
        since: As-of that opened it and, once over, the one that closed it.
        value: The measure now or, once over, at the last event that had one, in words.
        rule: The rule and the horizon that it watches.
        story: Everything that happened, in one sentence.
        when: Since when, and the rule, for the region's page.
    """

    name: str
    country: str
    address: str
    page: str
    is_open: bool
    state: str
    levels: str
    since: str
    value: str
    rule: str
    story: str
    when: str


@dataclass(frozen=True)
class RuleView:
    """A rule in force: its name, why it is there, and its levels in words."""

    name: str
    why: str
    levels: str


def view_incidents(
    connection: Connection,
    region_set: RegionSet,
    newest: Frame | None,
    region_id: str | None = None,
    incident_id: str | None = None,
) -> tuple[IncidentView, ...]:
    """Returns a set's incidents, those of one region, or one: open first, the gravest first.

    Args:
        connection: An open transaction.
        region_set: The set.
        newest: Its newest publication, for what is open now.
        region_id: Only this region; None: all.
        incident_id: Only this incident; None: all.
    """
    measures = {rule.id: rule.measure for rule in list_rules(connection)}
    now = {
        (score.region_id, score.outcome, score.horizon): score
        for score in (newest.whole.scores if newest else ())
    }
    asked = newest.outcomes[1:] if newest else ()
    return tuple(
        _view(incident, region_set.step, measures.get(incident.rule_id, "risk_score"), now, asked)
        for incident in list_incidents(
            connection, region_set.name, region_id, incident_id=incident_id
        )
    )


def view_rules(connection: Connection, region_set: RegionSet) -> tuple[RuleView, ...]:
    """Returns the rules in force that may raise an alert in a set."""
    return tuple(
        RuleView(rule.name, rule.why, _describe_rule(rule, region_set.step))
        for rule in active_rules(connection)
        if rule.selector.region_set in (None, region_set.name)
    )


def summarise_incidents(incidents: Sequence[IncidentView]) -> str:
    """Returns how many are open and over, in one sentence."""
    n_open = sum(item.is_open for item in incidents)
    n_past = len(incidents) - n_open
    if not incidents:
        return "No alert has been raised yet."
    told = f"{words.counted(n_open, 'alert')} {'is' if n_open == 1 else 'are'} open"
    return f"{told}, {n_past} {'has' if n_past == 1 else 'have'} ended."


def _view(
    incident: Incident,
    step: Step,
    measure: Measure,
    now: Mapping[tuple[str, str, int], PublishedScore],
    asked: Sequence[str],
) -> IncidentView:
    is_open = incident.status == "open"
    rule = f"{incident.rule_name}, {words.steps(incident.horizon, step)} ahead"
    since = f"as of {words.day(incident.since)}"
    if not is_open:
        since = f"{since}, ended {words.day(incident.changed)}"
    return IncidentView(
        name=incident.region_name,
        country=words.country_name(incident.country) if incident.country else "",
        address=links.to_region(
            incident.region_set,
            incident.region_id,
            incident.horizon,
            outcome=incident.outcome if incident.outcome in asked else None,
        ),
        page=links.to_incident(incident.incident_id),
        is_open=is_open,
        state="open, no score" if incident.is_stale else _ENDED.get(incident.status, "open"),
        levels=_last_move(incident),
        since=since,
        value=_value_words(_value(incident, measure, now), measure),
        rule=rule,
        story=_story(incident),
        when=f"Since the publication {since}. Rule: {rule}.",
    )


def _value(
    incident: Incident, measure: Measure, now: Mapping[tuple[str, str, int], PublishedScore]
) -> float | None:
    # A record or a rank takes more than the score of now: its value at the last event is shown.
    if incident.status == "open" and measure in ("risk_score", "change"):
        score = now.get((incident.region_id, incident.outcome, incident.horizon))
        return None if score is None else measure_score(measure, score)
    told = [event.value for event in incident.events if event.value is not None]
    return told[-1] if told else None


def _last_move(incident: Incident) -> str:
    moves = [event for event in incident.events if event.level_from != event.level_to]
    if not moves:
        return words.spoken(incident.level_name)
    last = moves[-1]
    if last.level_from == BELOW_ALL_LEVELS:
        return words.spoken(last.level_to)
    after = "ended" if last.level_to == BELOW_ALL_LEVELS else words.spoken(last.level_to)
    return f"{words.spoken(last.level_from)} → {after}"


def _story(incident: Incident) -> str:
    parts = [f"{tell_event(event)} ({words.day(event.as_of)})" for event in incident.events]
    told = "; ".join(parts)
    return f"{told[:1].upper()}{told[1:]}."


def tell_event(event: IncidentEvent) -> str:
    """Returns what happened, `rose from high to very high`, and why if not by the score."""
    told = _HAPPENED[event.type].format(
        before=words.spoken(event.level_from), to=words.spoken(event.level_to)
    )
    why = note_words(event.note, "en")
    return told if why is None else f"{told}: {why[:1].lower()}{why[1:].removesuffix('.')}"


def _value_words(value: float | None, measure: Measure) -> str:
    if value is None:
        return "not known"
    if measure in ("risk_score", "rank"):
        return words.percent(value)
    return f"{words.points(value)} points"


def _describe_rule(rule: Rule, step: Step) -> str:
    bounds = [
        f"{words.spoken(level.name)} from {_value_words(level.enter, rule.measure)} "
        f"(until below {_value_words(level.exit, rule.measure)})"
        for level in rule.levels
    ]
    horizons = [words.steps(horizon, step) for horizon in rule.selector.horizons]
    where = f" {words.listed(horizons)} ahead" if horizons else ""
    watched = _MEASURES.get(rule.measure, words.spoken(rule.measure))
    asked = "".join(f" Only with {rule_words(condition)}." for condition in rule.conditions)
    return f"Watches {watched}{where}: {'; '.join(bounds)}.{asked}"
