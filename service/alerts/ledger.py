"""What is true and what was told, read from the event log and the notification log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sqlalchemy import Connection, RowMapping, func, select

from data.regions import Region
from service.alerts.advance import AlertEvent
from service.alerts.identity import opened_on
from service.alerts.machine import CLOSING
from service.alerts.notify import Reason, Standing, Told
from service.publications.redraws import former_regions
from service.tables import alert_events, notifications, outbox

_EVENT_COLUMNS = [alert_events.c[field.name] for field in fields(AlertEvent)]


@dataclass(frozen=True)
class StandingEntry:
    """What is true of a series, with the event that says so."""

    standing: Standing
    event: AlertEvent


@dataclass(frozen=True)
class ToldEntry:
    """What a contact point was last told of a series, with the event it was about."""

    told: Told
    event: AlertEvent


def read_event(row: RowMapping, former: Mapping[tuple[str, str], Region]) -> AlertEvent:
    """Returns the event of a row of `alert_events`, with the region of now where it goes on.

    Args:
        row: The row.
        former: See `service.publications.redraws.former_regions`.
    """
    values = {field.name: row[field.name] for field in fields(AlertEvent)}
    region = former.get((row["region_set"], row["region_id"]))
    if region is not None:
        values["region_id"] = region.region_id
    return AlertEvent(**values)


def read_standings(connection: Connection, region_set: str) -> dict[str, StandingEntry]:
    """Returns the last event of each series of a set, by dedup key, superseded events aside."""
    place = func.row_number().over(
        partition_by=alert_events.c.dedup_key,
        order_by=(alert_events.c.as_of.desc(), alert_events.c.sequence.desc()),
    )
    ranked = (
        select(*_EVENT_COLUMNS, place.label("place"))
        .where(alert_events.c.region_set == region_set, ~alert_events.c.is_superseded)
        .subquery()
    )
    former = former_regions(connection, region_set)
    entries = {}
    for row in connection.execute(select(ranked).where(ranked.c.place == 1)).mappings():
        event = read_event(row, former)
        standing = Standing(
            incident_id=event.incident_id,
            level=event.level,
            closed_by=Reason(event.type) if event.type in CLOSING else None,
            is_stale=event.type == "stale",
            as_of=event.as_of,
            is_risen=event.type == "escalated",
            opened=opened_on(event.incident_id),
        )
        entries[event.dedup_key] = StandingEntry(standing, event)
    return entries


def read_told(connection: Connection, region_set: str) -> dict[tuple[str, str], ToldEntry]:
    """Returns what each contact point was last told, by contact point and dedup key.

    A message in the outbox counts as told until it is dead: it will arrive.
    """
    place = func.row_number().over(
        partition_by=(notifications.c.contact_point, alert_events.c.dedup_key),
        order_by=outbox.c.publication_id.desc(),
    )
    ranked = (
        select(
            *_EVENT_COLUMNS,
            alert_events.c.is_superseded,
            notifications.c.contact_point,
            notifications.c.incident_id.label("told_incident"),
            notifications.c.reason,
            func.coalesce(notifications.c.accepted_at, notifications.c.created_at).label("at"),
            place.label("place"),
        )
        .join_from(notifications, outbox)
        .join(alert_events, alert_events.c.event_id == notifications.c.event_id)
        .where(alert_events.c.region_set == region_set, outbox.c.status != "dead")
        .subquery()
    )
    living = set(
        connection.scalars(
            select(alert_events.c.incident_id)
            .where(alert_events.c.region_set == region_set, ~alert_events.c.is_superseded)
            .distinct()
        )
    )
    former = former_regions(connection, region_set)
    entries = {}
    for row in connection.execute(select(ranked).where(ranked.c.place == 1)).mappings():
        event = read_event(row, former)
        told = Told(
            incident_id=row["told_incident"],
            level=event.level,
            is_closed=event.type in CLOSING or row["reason"] == Reason.CANCELLED,
            is_stale=event.type == "stale",
            as_of=event.as_of,
            at=row["at"],
            is_superseded=row["is_superseded"],
            is_vanished=row["told_incident"] not in living,
        )
        entries[row["contact_point"], event.dedup_key] = ToldEntry(told, event)
    return entries
