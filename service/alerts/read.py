"""Read models of alerts for pages and the API: incidents with their events, and messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, func, select

from data.errors import UnknownName
from data.regions import Region
from data.tables import regions
from service.alerts.identity import opened_on
from service.alerts.machine import CLOSING, TransitionType
from service.alerts.rule_store import list_rules
from service.alerts.rules import BELOW_ALL_LEVELS
from service.publications.redraws import former_regions
from service.tables import alert_events, delivery_attempts, outbox

IncidentStatus = Literal["open", "resolved", "occurred", "withdrawn"]
MessageStatus = Literal["pending", "delivered", "dead"]


@dataclass(frozen=True)
class IncidentEvent:
    """One event of an incident.

    Attributes:
        event_id: Its id.
        sequence: Number in the incident, from 1.
        type: What happened.
        level_from: Name of the level before it; `none` before the first.
        level_to: Name of the level after it.
        as_of: As-of of the publication.
        revision: Revision of the publication.
        value: The measure; None without a score.
        note: What else than the score brought it about: a redraw of the region, or a condition of
            the rule; else empty.
    """

    event_id: str
    sequence: int
    type: TransitionType
    level_from: str
    level_to: str
    as_of: date
    revision: int
    value: float | None
    note: str = ""


@dataclass(frozen=True)
class Incident:
    """A series from the moment it fired until it was over.

    Attributes:
        incident_id: Its id.
        rule_id: The rule.
        rule_name: The rule's name for people.
        region_set: Name of the region set.
        region_id: The region.
        region_name: Its name for people.
        country: ISO alpha-3 code; empty if the region is no longer in the set.
        outcome: Name of the outcome.
        horizon: Steps ahead.
        status: `open`, or what ended it: `resolved`, `occurred` or `withdrawn`.
        is_stale: True if it is open and there is no score.
        level: Level now, 1 to 4; the last one that stood if the incident is over.
        level_name: Its name.
        since: As-of that opened it.
        changed: As-of of the last event.
        events: Its events, in order.
    """

    incident_id: str
    rule_id: str
    rule_name: str
    region_set: str
    region_id: str
    region_name: str
    country: str
    outcome: str
    horizon: int
    status: IncidentStatus
    is_stale: bool
    level: int
    level_name: str
    since: date
    changed: date
    events: tuple[IncidentEvent, ...]


@dataclass(frozen=True)
class QueuedMessage:
    """A message of the outbox.

    Attributes:
        message_id: Its id, the same over all tries.
        contact_point: Who gets it.
        title: Its title.
        status: `pending`, `delivered` or `dead`.
        attempts: Tries so far.
        created_at: When it was queued.
        due_at: When it is tried next; meaningful while it is pending.
        last_result: Result of the last try; None before the first.
        last_detail: What the receiver or the network said.
    """

    message_id: str
    contact_point: str
    title: str
    status: MessageStatus
    attempts: int
    created_at: datetime
    due_at: datetime
    last_result: str | None
    last_detail: str


def list_incidents(
    connection: Connection,
    region_set: str | None = None,
    region_id: str | None = None,
    *,
    is_open: bool | None = None,
    incident_id: str | None = None,
) -> tuple[Incident, ...]:
    """Returns incidents: open ones first, then the highest level, then the newest change.

    What a correction took away is not an incident.

    Args:
        connection: An open transaction.
        region_set: Only of this set; None: of all.
        region_id: Only of this region; None: of all.
        is_open: Only open ones, or only past ones; None: both.
        incident_id: Only this one; None: all.
    """
    names = {rule.id: rule.name for rule in list_rules(connection)}
    former = former_regions(connection, region_set)
    query = (
        select(alert_events, regions.c.name, regions.c.country)
        .outerjoin(
            regions,
            (regions.c.region_set == alert_events.c.region_set)
            & (regions.c.region_id == alert_events.c.region_id),
        )
        .where(~alert_events.c.is_superseded)
        .order_by(alert_events.c.incident_id, alert_events.c.sequence)
    )
    if region_set is not None:
        query = query.where(alert_events.c.region_set == region_set)
    if region_id is not None:
        before = [old for (_, old), now in former.items() if now.region_id == region_id]
        query = query.where(alert_events.c.region_id.in_([region_id, *before]))
    if incident_id is not None:
        query = query.where(alert_events.c.incident_id == incident_id)
    grouped: dict[str, list[RowMapping]] = {}
    for row in connection.execute(query).mappings():
        grouped.setdefault(row["incident_id"], []).append(row)
    incidents = [_read_incident(rows, names, former) for rows in grouped.values()]
    if is_open is not None:
        incidents = [item for item in incidents if (item.status == "open") is is_open]
    # Stable sorts, from the least important key to the most important one.
    incidents.sort(key=lambda item: (item.region_name, item.incident_id))
    incidents.sort(key=lambda item: item.changed, reverse=True)
    incidents.sort(key=lambda item: (item.status != "open", -item.level * (item.status == "open")))
    return tuple(incidents)


def load_incident(connection: Connection, incident_id: str) -> Incident:
    """Returns an incident by its whole id.

    Raises:
        UnknownName: There is none, or a correction took it away.
    """
    found = list_incidents(connection, incident_id=incident_id)
    if not found:
        raise UnknownName(
            "There is no such incident; a correction may have taken it away.",
            "The list of alerts holds those that stand.",
        )
    return found[0]


def series_labels(incident: Incident) -> dict[str, str]:
    """Returns the labels that only the series of an incident has, for a silence."""
    return {
        "rule": incident.rule_id,
        "region_set": incident.region_set,
        "region": incident.region_id,
        "outcome": incident.outcome,
        "horizon": str(incident.horizon),
    }


def list_messages(
    connection: Connection, status: MessageStatus | None = None, limit: int = 200
) -> tuple[QueuedMessage, ...]:
    """Returns messages of the outbox, the newest first.

    Args:
        connection: An open transaction.
        status: Only those; `dead` lists the dead letters.
        limit: At most so many.
    """
    query = (
        select(outbox, delivery_attempts.c.result, delivery_attempts.c.detail)
        .outerjoin(
            delivery_attempts,
            (delivery_attempts.c.message_id == outbox.c.message_id)
            & (delivery_attempts.c.attempt == outbox.c.attempts),
        )
        .order_by(outbox.c.publication_id.desc(), outbox.c.message_id)
        .limit(limit)
    )
    if status is not None:
        query = query.where(outbox.c.status == status)
    return tuple(
        QueuedMessage(
            message_id=row["message_id"],
            contact_point=row["contact_point"],
            title=json.loads(row["body"])["data"]["title"],
            status=row["status"],
            attempts=row["attempts"],
            created_at=row["created_at"],
            due_at=row["due_at"],
            last_result=row["result"],
            last_detail=row["detail"] or "",
        )
        for row in connection.execute(query).mappings()
    )


def count_messages(connection: Connection) -> dict[str, int]:
    """Returns the number of messages of each status that there is."""
    query = select(outbox.c.status, func.count().label("n")).group_by(outbox.c.status)
    return {row.status: row.n for row in connection.execute(query)}


def _read_incident(
    rows: list[RowMapping],
    names: Mapping[str, str],
    former: Mapping[tuple[str, str], Region],
) -> Incident:
    last = rows[-1]
    region = former.get((last["region_set"], last["region_id"]))
    status: IncidentStatus = last["type"] if last["type"] in CLOSING else "open"
    # A resolved incident ends at level 0: what people look for is the level it had before.
    standing = rows[-2] if status == "resolved" else last
    return Incident(
        incident_id=last["incident_id"],
        rule_id=last["rule_id"],
        rule_name=names.get(last["rule_id"], last["rule_id"]),
        region_set=last["region_set"],
        region_id=region.region_id if region else last["region_id"],
        region_name=region.name if region else last["name"] or last["region_id"],
        country=region.country if region else last["country"] or "",
        outcome=last["outcome"],
        horizon=last["horizon"],
        status=status,
        is_stale=last["type"] == "stale",
        level=standing["level"],
        level_name=standing["level_name"],
        since=opened_on(last["incident_id"]),
        changed=last["as_of"],
        events=tuple(_read_events(rows)),
    )


def _read_events(rows: list[RowMapping]) -> Iterable[IncidentEvent]:
    before = BELOW_ALL_LEVELS
    for row in rows:
        yield IncidentEvent(
            event_id=row["event_id"],
            sequence=row["sequence"],
            type=row["type"],
            level_from=before,
            level_to=row["level_name"],
            as_of=row["as_of"],
            revision=row["revision"],
            value=row["value"],
            note=row["note"],
        )
        before = row["level_name"]
