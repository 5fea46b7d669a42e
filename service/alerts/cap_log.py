"""The log of CAP messages: what was issued, and what is due after a publication.

Runs in the transaction of the publication. A message is one incident at one publication; it is
written once and never changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, RowMapping, func, insert, select

from data.calendar import Step, period_end
from data.errors import StateError
from data.tables import regions
from service.alerts.advance import AlertEvent
from service.alerts.assess import examine
from service.alerts.cap import CapFacts, write_cap, write_description, write_headline
from service.alerts.cap_decision import (
    CapReason,
    CapType,
    Due,
    Issued,
    Said,
    decide_message,
    what_it_says,
)
from service.alerts.conditions import Surroundings
from service.alerts.identity import Series, cap_identifier
from service.alerts.ledger import read_event
from service.alerts.machine import CLOSING
from service.alerts.neighbourhoods import Neighbourhoods
from service.alerts.rule_store import list_rules
from service.alerts.rules import Rule
from service.alerts.wording import region_address
from service.publications.publication import Publication, PublishedScore
from service.publications.redraws import former_regions
from service.settings import Settings
from service.tables import alert_events, cap_messages

_RENEW_AHEAD: dict[Step, timedelta] = {"month": timedelta(days=45), "week": timedelta(days=11)}
"""Half a step longer than until the next publication."""

_CHUNK = 500


@dataclass(frozen=True)
class CapMessage:
    """A CAP message as it is listed.

    Attributes:
        identifier: Its identifier.
        type: Its type.
        reason: Why it was sent.
        sent_at: When, UTC.
        expires_at: From when it says nothing.
        headline: Its headline in English.
    """

    identifier: str
    type: CapType
    reason: CapReason
    sent_at: datetime
    expires_at: datetime
    headline: str


@dataclass(frozen=True)
class _Incident:
    """What is known of an incident: its series, its messages, its last event that stands."""

    incident_id: str
    series: Series
    issued: tuple[Issued, ...]
    last: AlertEvent | None


@dataclass(frozen=True)
class _Place:
    name: str
    country: str
    geometry: BaseGeometry | None = field(repr=False)


def issue_messages(
    connection: Connection,
    publication: Publication,
    *,
    settings: Settings,
    now: datetime,
    around: Neighbourhoods | None = None,
) -> tuple[str, ...]:
    """Writes the CAP messages that are due after a publication and returns their identifiers.

    Running it again writes nothing.

    Args:
        connection: The write transaction of the publication, its events written.
        publication: The newest of its set, as stored.
        settings: For the sender, the links, and whether the deployment is live.
        now: The present moment.
        around: Which regions touch, if that is at hand.

    Raises:
        StateError: The publication is not stored.
    """
    if publication.publication_id is None:
        raise StateError("Only a stored publication can be told in CAP.")
    renew_before = now + _RENEW_AHEAD[publication.step]
    due = [
        (incident, found)
        for incident in _read_incidents(connection, publication.region_set)
        if (
            found := decide_message(
                incident.issued,
                incident.last,
                now=now,
                expires_at=_expires_at(publication, incident.series.horizon),
                renew_before=renew_before,
            )
        )
    ]
    rules = {rule.id: rule for rule in list_rules(connection)} if due else {}
    around = around or Neighbourhoods(connection, publication.region_set)
    surroundings = Surroundings(publication, around.of(publication, rules.values()))
    scores = {(row.region_id, row.outcome, row.horizon): row for row in publication.scores}
    places = _read_places(
        connection, publication.region_set, {incident.series.region_id for incident, _ in due}
    )
    rows = []
    for incident, found in due:
        score = scores.get(
            (incident.series.region_id, incident.series.outcome, incident.series.horizon)
        )
        rule = rules.get(incident.series.rule_id)
        place = places.get(incident.series.region_id, _Place(incident.series.region_id, "", None))
        facts = _collect(publication, incident, found, score, rule, place, settings, now)
        if rule is not None and incident.last is not None and incident.last.type not in CLOSING:
            facts = replace(facts, findings=examine(rule, score, surroundings))
        rows.append(_row(publication, incident, found, facts))
    if rows:
        connection.execute(insert(cap_messages), rows)
    return tuple(row["identifier"] for row in rows)


def list_cap_messages(connection: Connection, incident_id: str) -> tuple[CapMessage, ...]:
    """Returns the CAP messages about an incident, the oldest first."""
    query = (
        select(*(cap_messages.c[item.name] for item in fields(CapMessage)))
        .where(cap_messages.c.incident_id == incident_id)
        .order_by(cap_messages.c.number, cap_messages.c.publication_id)
    )
    return tuple(CapMessage(**row) for row in connection.execute(query).mappings())


def cap_sender(settings: Settings) -> str:
    """Returns who sends CAP messages: as set, else `tocsin@` and the host of the public address."""
    return settings.cap_sender or f"tocsin@{urlsplit(settings.public_url).hostname or 'localhost'}"


def _read_incidents(connection: Connection, region_set: str) -> Iterator[_Incident]:
    """Yields the incidents that are open or of which something was issued, by id."""
    issued: dict[str, list[RowMapping]] = defaultdict(list)
    query = (
        select(*(column for column in cap_messages.c if column.name != "body"))
        .where(cap_messages.c.region_set == region_set)
        .order_by(cap_messages.c.number, cap_messages.c.publication_id)
    )
    for row in connection.execute(query).mappings():
        issued[row["incident_id"]].append(row)
    standing = _read_last_events(connection, region_set)
    is_open = {key for key, event in standing.items() if event.type not in CLOSING}
    for incident_id in sorted(is_open | set(issued)):
        rows, last = issued[incident_id], standing.get(incident_id)
        known = rows[-1] if last is None else asdict(last)
        series = Series(**{item.name: known[item.name] for item in fields(Series)})
        yield _Incident(incident_id, series, tuple(map(_read_issued, rows)), last)


def _read_last_events(connection: Connection, region_set: str) -> dict[str, AlertEvent]:
    """Returns the last event of each incident of a set that a correction left standing."""
    place = func.row_number().over(
        partition_by=alert_events.c.incident_id,
        order_by=(alert_events.c.as_of.desc(), alert_events.c.sequence.desc()),
    )
    ranked = (
        select(alert_events, place.label("place"))
        .where(alert_events.c.region_set == region_set, ~alert_events.c.is_superseded)
        .subquery()
    )
    query = select(ranked).where(ranked.c.place == 1)
    former = former_regions(connection, region_set)
    return {
        row["incident_id"]: read_event(row, former) for row in connection.execute(query).mappings()
    }


def _read_issued(row: RowMapping) -> Issued:
    said = row["said"]
    return Issued(
        identifier=row["identifier"],
        sender=row["sender"],
        sent_at=row["sent_at"],
        expires_at=row["expires_at"],
        type=row["type"],
        reason=row["reason"],
        said=Said(**{**said, "as_of": date.fromisoformat(said["as_of"])}),
    )


def _expires_at(publication: Publication, horizon: int) -> datetime:
    """Returns the end of the step after the window: the next publication comes before it."""
    last = period_end(publication.origin + horizon + 1, publication.step)
    return datetime.combine(last + timedelta(days=1), time(), UTC)


def _collect(
    publication: Publication,
    incident: _Incident,
    due: Due,
    score: PublishedScore | None,
    rule: Rule | None,
    place: _Place,
    settings: Settings,
    now: datetime,
) -> CapFacts:
    is_scored = score is not None and score.status == "ok"
    # What is over had a level before: that of the last message.
    stands = incident.last is not None and incident.last.level > 0
    said = _said(incident) if stands else incident.issued[-1].said
    return CapFacts(
        identifier=cap_identifier(
            incident.incident_id,
            publication.as_of,
            publication.revision,
            len(incident.issued) + 1,
        ),
        sender=cap_sender(settings),
        sent_at=now,
        # A message about the end stays as long as those that it ends.
        expires_at=max(
            [_expires_at(publication, incident.series.horizon)]
            + [item.expires_at for item in due.references]
        ),
        is_live=settings.live,
        is_simulated=publication.is_simulated,
        incident_id=incident.incident_id,
        rule_name=rule.name if rule else incident.series.rule_id,
        outcome=incident.series.outcome,
        horizon=incident.series.horizon,
        window=publication.window(incident.series.horizon),
        level_name=said.level_name,
        levels_above=max(0, len(rule.levels) - said.level) if rule else None,
        probability=score.risk_score if score and is_scored else None,
        threshold=score.threshold if score and is_scored else None,
        as_of=publication.as_of,
        data_cutoff=publication.data_cutoff,
        model_version=(score and score.model_version) or publication.model_version,
        outcome_version=(score and score.outcome_version) or publication.outcome_version,
        region_id=incident.series.region_id,
        region_name=place.name,
        country=place.country,
        geometry=place.geometry,
        is_told=not publication.is_counted,
        note=incident.last.note if incident.last and due.reason != "renewed" else "",
        web=region_address(settings.public_url, publication.region_set, incident.series.region_id),
    )


def _row(
    publication: Publication, incident: _Incident, due: Due, facts: CapFacts
) -> dict[str, Any]:
    said = _said(incident)
    return {
        "identifier": facts.identifier,
        "publication_id": publication.publication_id,
        "region_set": publication.region_set,
        "incident_id": incident.incident_id,
        "number": len(incident.issued) + 1,
        "rule_id": incident.series.rule_id,
        "region_id": incident.series.region_id,
        "outcome": incident.series.outcome,
        "horizon": incident.series.horizon,
        "type": due.type,
        "reason": due.reason,
        "sender": facts.sender,
        "sent_at": facts.sent_at,
        "expires_at": facts.expires_at,
        "said": asdict(said) | {"as_of": said.as_of.isoformat()},
        "headline": write_headline(facts, due.reason, "en"),
        "description": write_description(facts, due.reason, "en"),
        "body": write_cap(facts, due),
    }


def _said(incident: _Incident) -> Said:
    return incident.issued[-1].said if incident.last is None else what_it_says(incident.last)


def _read_places(
    connection: Connection, region_set: str, region_ids: Collection[str]
) -> dict[str, _Place]:
    places = {}
    for wanted in _chunks(sorted(region_ids)):
        query = select(
            regions.c.region_id, regions.c.name, regions.c.country, regions.c.geometry
        ).where(regions.c.region_set == region_set, regions.c.region_id.in_(wanted))
        for row in connection.execute(query):
            shape = shapely.from_wkb(row.geometry) if row.geometry else None
            places[row.region_id] = _Place(row.name, row.country, shape)
    for former in former_regions(connection, region_set).values():
        if former.region_id in region_ids:
            place = _Place(former.name, former.country, former.geometry)
            places.setdefault(former.region_id, place)
    return places


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _CHUNK):
        yield names[start : start + _CHUNK]
