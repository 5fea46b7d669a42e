"""What people asked to be quiet about: acknowledgements of incidents, silences by label.

An acknowledgement stops repeats of one incident until it rises. A silence holds all but a rise of
whatever its labels match, for at most 90 days. Both are rows, so both survive a restart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from data.errors import Conflict, UnknownName, UsageError
from service.alerts.audit import record_action
from service.alerts.machine import CLOSING
from service.tables import acknowledgements, alert_events, silences

LONGEST_SILENCE = timedelta(days=90)


@dataclass(frozen=True)
class Silence:
    """A time in which some alerts are held.

    Attributes:
        silence_id: Its number.
        matchers: Label to value; an alert that has all of them is held.
        starts_at: From then on.
        ends_at: Until then.
        author: Who made it.
        comment: Why.
    """

    silence_id: int
    matchers: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Returns True if an alert of these labels is held."""
        return all(labels.get(name) == value for name, value in self.matchers.items())


def acknowledge(
    connection: Connection,
    incident_id: str,
    *,
    actor: str,
    note: str,
    until: datetime | None,
    now: datetime,
) -> str:
    """Stops the repeats of an incident and returns its whole id.

    Args:
        connection: A write transaction.
        incident_id: The incident, open, or the beginning of its id.
        actor: Who has taken it up.
        note: What they say about it.
        until: When repeats come again; None: not at this level.
        now: The present moment.

    Raises:
        UnknownName: No incident has an id that begins so.
        Conflict: It is over, or several open ones begin so.
        UsageError: Nobody is named, or `until` is past.
    """
    if until is not None and until <= now:
        raise UsageError("An acknowledgement cannot end in the past.", "Choose a later end.")
    whole = find_open(connection, incident_id)
    connection.execute(
        insert(acknowledgements).values(
            incident_id=whole,
            actor=actor,
            note=note,
            until=until,
            created_at=now,
            rises=_rises(connection, alert_events.c.incident_id == whole)[whole],
        )
    )
    record_action(
        connection,
        actor=actor,
        action="acknowledge",
        subject=whole,
        detail={"note": note, "until": until and until.isoformat()},
        now=now,
    )
    return whole


def acknowledged_incidents(
    connection: Connection, region_set: str, now: datetime
) -> frozenset[str]:
    """Returns the incidents of a set that are acknowledged now and did not rise since."""
    rises = _rises(connection, alert_events.c.region_set == region_set)
    query = select(acknowledgements.c.incident_id, acknowledgements.c.rises).where(
        acknowledgements.c.until.is_(None) | (acknowledgements.c.until > now)
    )
    return frozenset(
        row.incident_id
        for row in connection.execute(query)
        if all(rise in row.rises for rise in rises[row.incident_id])
    )


def _rises(connection: Connection, where: ColumnElement[bool]) -> dict[str, list[list[str | int]]]:
    """Returns as-of and level of each rise of an incident that stands.

    A correction numbers the events of an incident anew, so only what they say tells which rise
    somebody has seen.
    """
    query = select(alert_events.c.incident_id, alert_events.c.as_of, alert_events.c.level).where(
        where, alert_events.c.type == "escalated", ~alert_events.c.is_superseded
    )
    found: dict[str, list[list[str | int]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.incident_id].append([row.as_of.isoformat(), row.level])
    return found


def add_silence(
    connection: Connection,
    matchers: Mapping[str, str],
    *,
    starts_at: datetime,
    ends_at: datetime,
    author: str,
    comment: str,
    now: datetime,
) -> int:
    """Holds the alerts that have all the labels, and returns the number of the silence.

    Args:
        connection: A write transaction.
        matchers: Label to value.
        starts_at: From then on.
        ends_at: Until then, at most 90 days later.
        author: Who asks for it.
        comment: Why.
        now: The present moment.

    Raises:
        UsageError: There are no labels or no comment, or the time is none or too long.
    """
    if not matchers:
        raise UsageError("A silence of everything is refused.", "Name at least one label.")
    if not comment.strip():
        raise UsageError("A silence needs a comment.", "Say why the alerts need not be told.")
    if ends_at <= max(starts_at, now) or ends_at - starts_at > LONGEST_SILENCE:
        raise UsageError(
            "A silence must end after it begins, in the future, and after at most 90 days.",
            "Choose another end.",
        )
    number = connection.execute(
        insert(silences)
        .values(
            matchers=dict(matchers),
            starts_at=starts_at,
            ends_at=ends_at,
            author=author,
            comment=comment,
            created_at=now,
        )
        .returning(silences.c.silence_id)
    ).scalar_one()
    record_action(
        connection,
        actor=author,
        action="silence",
        subject=str(number),
        detail={
            "matchers": dict(matchers),
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "comment": comment,
        },
        now=now,
    )
    return int(number)


def end_silence(connection: Connection, silence_id: int, *, actor: str, now: datetime) -> None:
    """Ends a silence now.

    Raises:
        UnknownName: There is no such silence.
        Conflict: It has ended already.
        UsageError: Nobody is named.
    """
    this = silences.c.silence_id == silence_id
    ends_at = connection.execute(select(silences.c.ends_at).where(this)).scalar_one_or_none()
    if ends_at is None:
        raise UnknownName(f"There is no silence {silence_id}.", "See `tocsin alerts silences`.")
    if ends_at <= now:
        raise Conflict(f"Silence {silence_id} ended at {ends_at.isoformat()}.")
    connection.execute(update(silences).where(this).values(ends_at=now))
    record_action(
        connection,
        actor=actor,
        action="end_silence",
        subject=str(silence_id),
        detail={},
        now=now,
    )


def list_silences(connection: Connection) -> tuple[Silence, ...]:
    """Returns all silences, past ones too, by number."""
    query = select(silences).order_by(silences.c.silence_id)
    return tuple(
        Silence(**{name: row[name] for name in Silence.__dataclass_fields__})
        for row in connection.execute(query).mappings()
    )


def find_open(connection: Connection, beginning: str) -> str:
    """Returns the id of the one open incident whose id begins so.

    Raises:
        UnknownName: No incident has an id that begins so.
        Conflict: It is over, or several open ones begin so.
    """
    query = (
        select(alert_events.c.incident_id, alert_events.c.type, alert_events.c.sequence)
        .where(
            alert_events.c.incident_id.startswith(beginning, autoescape=True),
            ~alert_events.c.is_superseded,
        )
        .order_by(alert_events.c.sequence)
    )
    last = {row.incident_id: row for row in connection.execute(query)}
    if not beginning or not last:
        raise UnknownName(f"There is no incident '{beginning}'.", "See `tocsin alerts list`.")
    still = [row for row in last.values() if row.type not in CLOSING]
    if len(still) != 1:
        problem = "several are open" if still else "it is over"
        raise Conflict(f"Incident '{beginning}': {problem}.")
    return str(still[0].incident_id)


def find_incident(connection: Connection, beginning: str) -> str:
    """Returns the id of the one incident, open or past, whose id begins so.

    Raises:
        UnknownName: No incident has an id that begins so.
        Conflict: Several begin so.
    """
    query = (
        select(alert_events.c.incident_id)
        .where(
            alert_events.c.incident_id.startswith(beginning, autoescape=True),
            ~alert_events.c.is_superseded,
        )
        .distinct()
        .limit(2)
    )
    found = connection.scalars(query).all()
    if not beginning or not found:
        raise UnknownName(f"There is no incident '{beginning}'.", "See `tocsin alerts list`.")
    if len(found) > 1:
        raise Conflict(f"Several incidents begin with '{beginning}'.", "Give more of the id.")
    return str(found[0])
