"""Alerts about the service itself: opened once, resolved once, told like any other alert.

Whoever finds out that something is wrong, or right again, says so with `report_condition`, as often
as it likes. What is told follows from comparing the alerts with the messages that there are, so a
contact point that is new, a silence that has ended or a message that was lost need no special case.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import Connection, func, insert, select, update

from data.database import take_turn
from data.errors import UsageError
from service.alerts.contact_store import load_book
from service.alerts.hush import list_silences
from service.alerts.identity import system_message_id
from service.alerts.labels import label_system_alert
from service.alerts.outbox import Envelope, enqueue, send_again
from service.alerts.routes import group_key
from service.alerts.subscriptions import is_unsubscribed
from service.alerts.system_message import write_system_message
from service.settings import Settings
from service.tables import outbox, system_alerts

SystemAlertKind = Literal[
    "feed_late",
    "source_stale",
    "fetch_failing",
    "coverage_low",
    "cycle_failed",
    "drift",
    "delivery_failing",
    "model_refused",
]
"""What can be wrong with the service.

- `feed_late`: a publication is due and not there.
- `source_stale`: a source has delivered nothing new for long.
- `fetch_failing`: a source that is fetched on schedule cannot be had, or its delivery is held.
- `coverage_low`: many regions of a publication have no score for want of data.
- `cycle_failed`: a scheduled cycle failed.
- `drift`: data or forecasts are no longer like those that the model was trained on.
- `delivery_failing`: a contact point cannot be reached.
- `model_refused`: a model was refused, because it was altered or does not fit.
"""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:tocsin:system-alerts")
_TOLD_FOR = timedelta(days=30)
"""So long after its end, a contact point that was told of an alert is told that it is over."""


@dataclass(frozen=True)
class SystemAlert:
    """Something that is or was wrong with the service.

    Attributes:
        alert_id: Its id.
        kind: What is wrong.
        subject: With what, e.g. a region set, a source, a contact point.
        region_set: The region set that it touches, if it is one.
        outcome: The outcome whose model it is about; empty if it is about no single one.
        detail: One sentence of facts, in English, as of its opening.
        opened_at: When it began.
        resolved_at: When it was right again; None while it is not.
    """

    alert_id: str
    kind: SystemAlertKind
    subject: str
    region_set: str | None
    outcome: str
    detail: str
    opened_at: datetime
    resolved_at: datetime | None


def report_condition(
    connection: Connection,
    kind: SystemAlertKind,
    subject: str,
    *,
    is_bad: bool,
    detail: str,
    settings: Settings,
    now: datetime,
    region_set: str | None = None,
    outcome: str = "",
) -> bool:
    """Opens or resolves an alert about the service, tells it, and returns True if it did either.

    Saying again what is known changes nothing.

    Args:
        connection: A write transaction.
        kind: What is looked at.
        subject: With what, e.g. the region set; at most 64 characters.
        is_bad: True if something is wrong with it now.
        detail: One sentence of facts, for the message that opens the alert.
        settings: For contact points and links.
        now: The present moment.
        region_set: The region set that it touches, for routes.
        outcome: The outcome that it is about; each has its own alert.

    Raises:
        UsageError: There is no such kind, or the subject is too long.
    """
    if kind not in get_args(SystemAlertKind) or not 0 < len(subject) <= 64:
        raise UsageError(f"'{kind}' of '{subject}' is no alert of the service.")
    now = now.replace(microsecond=0)
    # Most looks find nothing new, and need not wait for each other.
    if is_bad is (_find_open(connection, kind, subject, outcome) is not None):
        return False
    take_turn(connection, "report conditions")
    standing = _find_open(connection, kind, subject, outcome)
    if is_bad is (standing is not None):
        return False
    if is_bad:
        earlier = select(func.count()).where(
            system_alerts.c.kind == kind,
            system_alerts.c.subject == subject,
            system_alerts.c.outcome == outcome,
        )
        number = connection.execute(earlier).scalar_one() + 1
        name = "|".join([kind, subject, *([outcome] if outcome else []), str(number)])
        connection.execute(
            insert(system_alerts).values(
                alert_id=uuid.uuid5(_NAMESPACE, name).hex,
                kind=kind,
                subject=subject,
                region_set=region_set,
                outcome=outcome,
                detail=detail,
                opened_at=now,
            )
        )
    else:
        connection.execute(
            update(system_alerts)
            .where(system_alerts.c.alert_id == standing)
            .values(resolved_at=now)
        )
    tell_system_alerts(connection, settings=settings, now=now)
    return True


def _find_open(
    connection: Connection, kind: SystemAlertKind, subject: str, outcome: str
) -> str | None:
    query = select(system_alerts.c.alert_id).where(
        system_alerts.c.kind == kind,
        system_alerts.c.subject == subject,
        system_alerts.c.outcome == outcome,
        system_alerts.c.resolved_at.is_(None),
    )
    return connection.execute(query).scalar()


def tell_system_alerts(
    connection: Connection, *, settings: Settings, now: datetime
) -> tuple[str, ...]:
    """Queues what contact points do not know yet of alerts about the service.

    A message that was given up told nothing: it is sent again once its contact point is reached. A
    contact point that cannot be reached is not told of that by itself.

    Args:
        connection: A write transaction.
        settings: For contact points and links.
        now: The present moment.

    Returns:
        The ids of the messages that were queued.
    """
    alerts = list_system_alerts(connection, since=now - _TOLD_FOR)
    if not alerts:
        return ()
    take_turn(connection, "report conditions")
    book = load_book(connection, settings).book
    contacts = [
        contact
        for contact in book.contacts
        if contact.is_told_of_alerts and not is_unsubscribed(connection, contact, settings)
    ]
    silences = [item for item in list_silences(connection) if item.starts_at <= now < item.ends_at]
    queued = []
    for alert in alerts:
        labels = label_system_alert(alert.kind, alert.subject, alert.region_set, alert.outcome)
        if any(silence.covers(labels) for silence in silences):
            continue
        for contact in contacts:
            route = book.route_to(contact, labels)
            is_itself = alert.kind == "delivery_failing" and alert.subject == contact.name
            if route is None or is_itself:
                continue
            opening = system_message_id(contact.name, alert.alert_id, "opened")
            is_told = _is_told(connection, opening)
            if alert.resolved_at is None:
                state: Literal["opened", "resolved"] = "opened"
            elif is_told:
                state = "resolved"
            else:
                continue
            envelope = Envelope(
                message_id=system_message_id(contact.name, alert.alert_id, state),
                publication_id=None,
                contact_point=contact,
                group_key=group_key(route, {**labels, "rule": alert.kind}),
                body=write_system_message(
                    alert.kind,
                    alert.subject,
                    state,
                    alert_id=alert.alert_id,
                    region_set=alert.region_set,
                    outcome=alert.outcome,
                    detail=alert.detail,
                    opened_at=alert.opened_at,
                    resolved_at=alert.resolved_at,
                    language=contact.language,
                    public_url=settings.public_url,
                    now=now,
                ),
                notices=(),
            )
            identifier = envelope.message_id
            if enqueue(connection, envelope, now) or send_again(connection, identifier, now):
                queued.append(identifier)
    return tuple(queued)


def list_system_alerts(
    connection: Connection, *, since: datetime | None = None
) -> tuple[SystemAlert, ...]:
    """Returns the alerts about the service: open ones first, then the newest.

    Args:
        connection: An open transaction.
        since: Leave out what was over before; None: leave out what is over at all.
    """
    query = select(system_alerts).order_by(
        system_alerts.c.resolved_at.is_not(None),
        system_alerts.c.opened_at.desc(),
        system_alerts.c.alert_id,
    )
    is_open = system_alerts.c.resolved_at.is_(None)
    query = query.where(
        is_open if since is None else is_open | (system_alerts.c.resolved_at >= since)
    )
    return tuple(
        SystemAlert(**{name: row[name] for name in SystemAlert.__dataclass_fields__})
        for row in connection.execute(query).mappings()
    )


def _is_told(connection: Connection, message_id: str) -> bool:
    """Returns True if a message is queued or delivered: a dead letter told nothing."""
    query = select(outbox.c.status).where(outbox.c.message_id == message_id)
    return connection.execute(query).scalar() in ("pending", "delivered")
