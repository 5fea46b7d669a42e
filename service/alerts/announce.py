"""Queues the messages of a publication: compares what was told with what is true, decides, writes.

Runs in the transaction of the publication, so that all of it is there or nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy import Connection, select

from data.errors import StateError
from data.tables import regions
from service.alerts.advance import AlertEvent
from service.alerts.assess import examine
from service.alerts.conditions import Surroundings
from service.alerts.contact_store import load_book
from service.alerts.hush import Silence, acknowledged_incidents, list_silences
from service.alerts.identity import message_id, opened_on
from service.alerts.labels import label_event
from service.alerts.ledger import StandingEntry, ToldEntry, read_standings, read_told
from service.alerts.machine import CLOSING
from service.alerts.message import Links, Notice, write_message
from service.alerts.neighbourhoods import Neighbourhoods
from service.alerts.notify import NOT_QUIET, Quiet, Reason, decide
from service.alerts.outbox import Envelope, enqueue
from service.alerts.routes import Labels, Route, group_key
from service.alerts.rule_store import list_rules
from service.alerts.rules import BELOW_ALL_LEVELS, Rule
from service.alerts.subscriptions import is_unsubscribed
from service.alerts.track_record import PastAlert, TrackRecord, record_of
from service.channels.contacts import ContactPoint
from service.links.action_links import LinkedAction, action_link
from service.publications.publication import Publication, PublishedScore
from service.publications.redraws import former_regions
from service.settings import Settings


@dataclass(frozen=True)
class Announcement:
    """What was queued.

    Attributes:
        message_ids: Messages that were not queued before.
        decisions: How often each reason decided, over contact points and series.
    """

    message_ids: tuple[str, ...]
    decisions: Mapping[str, int]


@dataclass(frozen=True)
class _Place:
    name: str
    country: str


def announce(
    connection: Connection,
    publication: Publication,
    *,
    settings: Settings,
    now: datetime,
    past_alerts: Sequence[PastAlert] | None = None,
    around: Neighbourhoods | None = None,
) -> Announcement:
    """Queues what each contact point has to be told after a publication.

    Makes at most one message for each contact point and group.

    Args:
        connection: The write transaction of the publication, its events written.
        publication: The newest of its set, as stored.
        settings: For contact points and links.
        now: The present moment.
        past_alerts: Alerts whose window is over, the newest first; None says nothing of them.
        around: Which regions touch, if that is at hand.

    Raises:
        StateError: The publication is not stored.
    """
    rules = {rule.id: rule for rule in list_rules(connection)}
    standings = read_standings(connection, publication.region_set)
    told = read_told(connection, publication.region_set)
    places = _read_places(connection, publication)
    scores = {(row.region_id, row.outcome, row.horizon): row for row in publication.scores}
    around = around or Neighbourhoods(connection, publication.region_set)
    surroundings = Surroundings(publication, around.of(publication, rules.values()))
    silences = list_silences(connection)
    acknowledged = acknowledged_incidents(connection, publication.region_set, now)
    book = load_book(connection, settings).book
    decisions: Counter[str] = Counter()
    queued: list[str] = []
    for contact in book.contacts:
        if not contact.is_told_of_alerts or is_unsubscribed(connection, contact, settings):
            continue
        known = {key: entry for (name, key), entry in told.items() if name == contact.name}
        groups: dict[str, list[Notice]] = defaultdict(list)
        for key in _open_questions(standings, known):
            standing, last = standings.get(key), known.get(key)
            labels = _label(standing or last, rules, places)
            route = book.route_to(contact, labels)
            if route is None and (last is None or last.told.is_closed):
                continue
            quiet = _find_quiet(standing or last, labels, silences, acknowledged, now)
            repeat_after = _repeat_after(route, rules.get(labels["rule"]))
            reason = _decide(standing, last, now, repeat_after, quiet)
            decisions[reason] += 1
            if not reason.is_sent:
                continue
            event = _event_of(reason, standing, last)
            place = places.get(event.region_id, _Place(event.region_id, ""))
            score = scores.get((event.region_id, event.outcome, event.horizon))
            notice = _notice(reason, event, last, place, score, rules.get(event.rule_id))
            if notice.rule is not None and notice.level_to[0]:
                found = examine(notice.rule, score, surroundings)
                notice = replace(notice, findings=found)
            if past_alerts is not None:
                notice = replace(notice, record=_record(past_alerts, notice, places))
            groups[group_key(route or book.default, labels)].append(notice)
        for group, notices in sorted(groups.items()):
            body = write_message(
                publication,
                notices,
                public_url=settings.public_url,
                now=now,
                language=contact.language,
                links=_links(contact, settings, now),
            )
            envelope = _address(contact, group, publication, body, notices)
            if enqueue(connection, envelope, now):
                queued.append(envelope.message_id)
    return Announcement(tuple(queued), dict(decisions))


def _links(contact: ContactPoint, settings: Settings, now: datetime) -> Links | None:
    """Returns what makes links by which a person can act; a program has the API."""
    if contact.channel != "email":
        return None

    def make(incident_id: str) -> Mapping[str, str]:
        return {
            action: action_link(settings, incident_id, action, contact.name, now=now)
            for action in get_args(LinkedAction)
        }

    return make


def _record(past: Sequence[PastAlert], notice: Notice, places: Mapping[str, _Place]) -> TrackRecord:
    same_country = frozenset(
        region_id for region_id, place in places.items() if place.country == notice.country
    )
    return record_of(past, notice.rule_id, notice.level_to[0], notice.region_id, same_country)


def _repeat_after(route: Route | None, rule: Rule | None) -> timedelta | None:
    """Returns after how long it is said again that an alert goes on; None: never.

    Whoever the routes do not lead to any more is told of the end, and of nothing twice.
    """
    if route is None or rule is None:
        return None
    days = route.repeat_after_days or rule.repeat_after_days
    return None if days is None else timedelta(days=days)


def _open_questions(
    standings: Mapping[str, StandingEntry], known: Mapping[str, ToldEntry]
) -> list[str]:
    """Returns the series that are open, or that the contact point believes to be."""
    is_open = {key for key, entry in standings.items() if not entry.standing.closed_by}
    is_believed_open = {key for key, entry in known.items() if not entry.told.is_closed}
    return sorted(is_open | is_believed_open)


def _decide(
    standing: StandingEntry | None,
    last: ToldEntry | None,
    now: datetime,
    repeat_after: timedelta | None,
    quiet: Quiet,
) -> Reason:
    return decide(
        last.told if last else None,
        standing.standing if standing else None,
        now=now,
        repeat_after=repeat_after,
        quiet=quiet,
    )


def _label(
    entry: StandingEntry | ToldEntry | None, rules: Mapping[str, Rule], places: Mapping[str, _Place]
) -> Labels:
    if entry is None:
        raise StateError("A series that is neither open nor told of was asked about.")
    place = places.get(entry.event.region_id)
    rule = rules.get(entry.event.rule_id)
    return label_event(entry.event, rule, place.country if place else "")


def _find_quiet(
    entry: StandingEntry | ToldEntry | None,
    labels: Labels,
    silences: Sequence[Silence],
    acknowledged: Collection[str],
    now: datetime,
) -> Quiet:
    """Returns what people asked for about a series."""
    if entry is None:
        return NOT_QUIET
    covering = [silence for silence in silences if silence.covers(labels)]
    ended = [
        silence.ends_at
        for silence in covering
        if silence.ends_at <= now and silence.starts_at < silence.ends_at
    ]
    return Quiet(
        is_acknowledged=entry.event.incident_id in acknowledged,
        is_silenced=any(silence.starts_at <= now < silence.ends_at for silence in covering),
        silence_ended=max(ended, default=None),
    )


def _event_of(reason: Reason, standing: StandingEntry | None, last: ToldEntry | None) -> AlertEvent:
    """Returns the event that a notice is about: what was told if it never was, else the last."""
    entry = last if reason is Reason.CANCELLED else standing
    if entry is None:
        raise StateError(f"There is no event to tell as '{reason}'.")
    return entry.event


def _notice(
    reason: Reason,
    event: AlertEvent,
    last: ToldEntry | None,
    place: _Place,
    score: PublishedScore | None,
    rule: Rule | None,
) -> Notice:
    below = (0, BELOW_ALL_LEVELS)
    is_over = reason is Reason.CANCELLED or event.type in CLOSING
    is_first = last is None or last.told.is_closed or reason is Reason.NEW
    return Notice(
        reason=reason,
        incident_id=event.incident_id,
        event_id=event.event_id,
        sequence=event.sequence,
        opened=opened_on(event.incident_id),
        region_id=event.region_id,
        region_name=place.name,
        country=place.country,
        outcome=event.outcome,
        horizon=event.horizon,
        level_from=below if is_first or last is None else (last.event.level, last.event.level_name),
        level_to=below if is_over else (event.level, event.level_name),
        score=score,
        rule_id=event.rule_id,
        rule=rule,
        note=event.note,
    )


def _address(
    contact: ContactPoint,
    group: str,
    publication: Publication,
    body: str,
    notices: list[Notice],
) -> Envelope:
    if publication.publication_id is None:
        raise StateError("Only a stored publication can be announced.")
    return Envelope(
        message_id=message_id(
            contact.name,
            group,
            publication.region_set,
            publication.as_of,
            publication.revision,
        ),
        publication_id=publication.publication_id,
        contact_point=contact,
        group_key=group,
        body=body,
        notices=tuple(notices),
    )


def _read_places(connection: Connection, publication: Publication) -> dict[str, _Place]:
    """Returns name and country of each region, as published; as stored for those without a row."""
    query = select(regions.c.region_id, regions.c.name, regions.c.country).where(
        regions.c.region_set == publication.region_set
    )
    places = {row.region_id: _Place(row.name, row.country) for row in connection.execute(query)}
    for former in former_regions(connection, publication.region_set).values():
        places.setdefault(former.region_id, _Place(former.name, former.country))
    for score in publication.scores:
        places[score.region_id] = _Place(score.region_name, score.country)
    return places
