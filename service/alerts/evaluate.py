"""The evaluation of a publication, in the transaction that writes it.

The states start from those of the as-of before. A correction (a new revision) therefore replaces
what its predecessor did, and a backfill is followed by a replay of every later as-of, under the
rules that were in force there: the history is always the one that a fresh run would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from data.errors import StateError
from service.alerts.advance import AlertEvent, advance
from service.alerts.announce import announce
from service.alerts.cap_log import issue_messages
from service.alerts.cap_queue import queue_cap
from service.alerts.history import (
    load_past_scores,
    load_snapshot,
    save_events,
    save_snapshot,
    supersede_revisions,
)
from service.alerts.measures import Past
from service.alerts.neighbourhoods import Neighbourhoods
from service.alerts.rule_store import active_rules, load_rules
from service.alerts.rules import Rule
from service.alerts.track_record import PastAlert
from service.alerts.tracking import States
from service.publications.publication import Publication
from service.publications.redraws import SHAPES, find_redraw, lines_into, read_shapes
from service.publications.store import load_publication
from service.settings import Settings
from service.tables import publications


@dataclass(frozen=True)
class AlertReport:
    """What an evaluation did.

    Attributes:
        n_rules: Rules in force.
        events: What happened at this publication.
        n_replayed: Later publications that were evaluated again.
        message_ids: Messages that were queued.
        decisions: How often each reason decided, over contact points and series, whether to send
            or not; empty if a later as-of exists.
        cap_identifiers: CAP messages that were issued.
    """

    n_rules: int
    events: tuple[AlertEvent, ...]
    n_replayed: int
    message_ids: tuple[str, ...]
    decisions: Mapping[str, int]
    cap_identifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """Where a publication stands in the history of its set; publication ids, oldest first."""

    before: int | None
    predecessors: tuple[int, ...]
    later: tuple[int, ...]


def evaluate_publication(
    connection: Connection,
    publication: Publication,
    *,
    settings: Settings,
    now: datetime,
    past_alerts: Sequence[PastAlert] | None = None,
) -> AlertReport:
    """Evaluates all rules on a publication, writes states and events, and queues messages.

    Running it again changes nothing. Only the newest as-of of a set queues messages and
    issues CAP: a backfill tells nobody what was long ago.

    Args:
        connection: The write transaction in which the publication was stored.
        publication: As stored, the newest revision of its as-of.
        settings: For contact points and links.
        now: The present moment.
        past_alerts: Alerts whose window is over, for what messages say of how good they are.

    Raises:
        StateError: The publication is not stored, or a newer revision of its as-of is.
    """
    place = _find_place(connection, publication)
    supersede_revisions(connection, publication.region_set, publication.as_of, publication.revision)
    rules = _choose_rules(connection, publication, place)
    before = load_snapshot(connection, place.before).states
    shapes = read_shapes(connection, place.before)
    around = Neighbourhoods(connection, publication.region_set)
    states, events = _take_step(connection, rules, before, publication, shapes, around)
    shapes = publication.manifest.get(SHAPES)
    for later in place.later:
        rules_there = _rules_in_force(connection, later) or ()
        replayed = load_publication(connection, later)
        states, _ = _take_step(connection, rules_there, states, replayed, shapes, around)
        shapes = replayed.manifest.get(SHAPES)
    if place.later:
        return AlertReport(len(rules), events, len(place.later), (), {})
    announced = announce(
        connection,
        publication,
        settings=settings,
        now=now,
        past_alerts=past_alerts,
        around=around,
    )
    issued = issue_messages(connection, publication, settings=settings, now=now, around=around)
    queued = announced.message_ids + queue_cap(
        connection, publication, issued, settings=settings, now=now
    )
    return AlertReport(len(rules), events, 0, queued, announced.decisions, issued)


def _find_place(connection: Connection, publication: Publication) -> _Place:
    query = (
        select(publications.c.publication_id, publications.c.as_of)
        .where(publications.c.region_set == publication.region_set)
        .order_by(publications.c.as_of, publications.c.revision)
    )
    rows = connection.execute(query).all()
    same = [row.publication_id for row in rows if row.as_of == publication.as_of]
    if publication.publication_id is None or same[-1:] != [publication.publication_id]:
        raise StateError(
            f"Revision {publication.revision} of {publication.region_set} {publication.as_of} "
            "cannot be evaluated: it is not the newest one that is stored."
        )
    newest = {row.as_of: row.publication_id for row in rows}
    earlier = [newest[as_of] for as_of in newest if as_of < publication.as_of]
    later = [newest[as_of] for as_of in newest if as_of > publication.as_of]
    return _Place(earlier[-1] if earlier else None, tuple(same[:-1]), tuple(later))


def _choose_rules(
    connection: Connection, publication: Publication, place: _Place
) -> tuple[Rule, ...]:
    """Returns the rules for a publication: those it had, those of its time, or the present ones."""
    candidates = [publication.publication_id]
    if place.later:
        candidates += [*reversed(place.predecessors), place.before]
    for candidate in candidates:
        if (rules := _rules_in_force(connection, candidate)) is not None:
            return rules
    return active_rules(connection)


def _rules_in_force(connection: Connection, publication_id: int | None) -> tuple[Rule, ...] | None:
    """Returns the rules that a publication was evaluated under, maybe none; None: it never was."""
    versions = load_snapshot(connection, publication_id).rule_versions
    return None if versions is None else load_rules(connection, versions)


def _take_step(
    connection: Connection,
    rules: Sequence[Rule],
    before: States,
    publication: Publication,
    shapes_before: str | None,
    around: Neighbourhoods,
) -> tuple[States, tuple[AlertEvent, ...]]:
    past = _load_past(connection, rules, publication)
    redraw = find_redraw(
        connection, publication.region_set, shapes_before, publication.manifest.get(SHAPES)
    )
    neighbours = around.of(publication, rules)
    states, events = advance(rules, before, publication, past, redraw, neighbours)
    if publication.publication_id is None:
        raise StateError("Only a stored publication can be evaluated.")
    save_snapshot(connection, publication.publication_id, states, rules)
    save_events(connection, publication.publication_id, events)
    return states, events


def _load_past(
    connection: Connection, rules: Sequence[Rule], publication: Publication
) -> Past | None:
    """Returns the scores before a publication if a rule is about records, else None."""
    years = max((rule.years for rule in rules if rule.years is not None), default=None)
    if years is None:
        return None
    lines = lines_into(connection, publication.region_set, publication.manifest.get(SHAPES))
    return load_past_scores(connection, publication.region_set, publication.as_of, years, lines)
