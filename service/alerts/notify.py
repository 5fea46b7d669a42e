"""Who is told, and why: a pure decision for each contact point and series.

It compares what the contact point was last told with what is true now. Nothing else is looked at,
so a message that was lost for good, a restart, or a contact point that is new needs no special
case. Does not carry rows or texts: see `service.alerts.announce` and `service.alerts.message`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Why a contact point is told of a series, or is not."""

    NEW = "new"
    ESCALATED = "escalated"
    DEESCALATED = "deescalated"
    RESOLVED = "resolved"
    OCCURRED = "occurred"
    """It is over because what was warned of has come."""
    WITHDRAWN = "withdrawn"
    STALE = "stale"
    RESTORED = "restored"
    REPEAT = "repeat"
    SILENCE_ENDED = "silence_ended"
    """A silence has ended and the incident goes on."""
    CORRECTED = "corrected"
    """The incident goes on, but what was told of it is no longer what was published."""
    CANCELLED = "cancelled"
    """What was told of never happened: a correction took it away."""
    UNCHANGED = "unchanged"
    """Not sent: the contact point knows it."""
    UNHEARD = "unheard"
    """Not sent: it ended before the contact point heard of it."""
    ACKNOWLEDGED = "acknowledged"
    """Not sent: a repeat of what somebody has taken up."""
    SILENCED = "silenced"
    """Not sent: a silence holds it."""

    @property
    def is_sent(self) -> bool:
        """True if the contact point is to be told."""
        return self not in _HELD


_HELD = {Reason.UNCHANGED, Reason.UNHEARD, Reason.ACKNOWLEDGED, Reason.SILENCED}


@dataclass(frozen=True)
class Quiet:
    """What people asked for about a series.

    Attributes:
        is_acknowledged: Somebody has taken up the incident at its level.
        is_silenced: A silence holds it now.
        silence_ended: When the last silence that covered it ended; None if none did.
    """

    is_acknowledged: bool = False
    is_silenced: bool = False
    silence_ended: datetime | None = None


NOT_QUIET = Quiet()


@dataclass(frozen=True)
class Told:
    """What a contact point was last told of a series; a message that is dead told nothing.

    Attributes:
        incident_id: The incident.
        level: The level that the message gave.
        is_closed: True if it said that the incident is over.
        is_stale: True if it said that there is no score.
        as_of: As-of of the event that it was about.
        at: When it was accepted, or queued if it is not yet.
        is_superseded: True if that event is no longer part of the history.
        is_vanished: True if the whole incident is no longer part of it.
    """

    incident_id: str
    level: int
    is_closed: bool
    is_stale: bool
    as_of: date
    at: datetime
    is_superseded: bool = False
    is_vanished: bool = False


@dataclass(frozen=True)
class Standing:
    """What is true of a series now: the last event of its last incident.

    Attributes:
        incident_id: The incident.
        level: The level after that event.
        closed_by: `resolved`, `occurred` or `withdrawn`; None while it is open.
        is_stale: True if there is no score.
        as_of: As-of of that event.
        is_risen: True if that event is a rise to a higher level.
        opened: As-of that opened the incident; None where nobody asks.
    """

    incident_id: str
    level: int
    closed_by: Reason | None
    is_stale: bool
    as_of: date
    is_risen: bool = False
    opened: date | None = None


def decide(
    told: Told | None,
    standing: Standing | None,
    *,
    now: datetime,
    repeat_after: timedelta | None,
    quiet: Quiet = NOT_QUIET,
) -> Reason:
    """Returns why a contact point is told of a series at this publication, or why it is not.

    Args:
        told: What it was last told, or None.
        standing: What is true now; None if no incident of the series is left in the history.
        now: The present moment.
        repeat_after: Say again that an incident goes on after so long; None: never.
        quiet: What people asked for.
    """
    reason = _compare(told, standing, now, repeat_after)
    if quiet.is_silenced:
        return _while_silenced(reason, told, standing)
    if _is_silence_over(reason, told, standing, quiet):
        return Reason.SILENCE_ENDED
    if reason is Reason.REPEAT and quiet.is_acknowledged:
        return Reason.ACKNOWLEDGED
    return reason


def _while_silenced(reason: Reason, told: Told | None, standing: Standing | None) -> Reason:
    # Nothing holds a rise back, even where the contact point never heard of the incident, or where
    # a correction made it.
    if standing is not None and standing.is_risen and reason is Reason.NEW:
        return Reason.ESCALATED
    if not reason.is_sent or _is_rise(reason, told, standing):
        return reason
    return Reason.SILENCED


def _is_rise(reason: Reason, told: Told | None, standing: Standing | None) -> bool:
    if reason is not Reason.CORRECTED or told is None or standing is None:
        return reason is Reason.ESCALATED
    return standing.is_risen if told.is_closed else standing.level > told.level


def _is_silence_over(
    reason: Reason, told: Told | None, standing: Standing | None, quiet: Quiet
) -> bool:
    ended = quiet.silence_ended
    if ended is None or standing is None or standing.closed_by:
        return False
    if reason is Reason.NEW:
        return standing.opened is not None and standing.opened < ended.date()
    is_held = reason in (Reason.UNCHANGED, Reason.REPEAT)
    return is_held and told is not None and told.at < ended


def _compare(
    told: Told | None, standing: Standing | None, now: datetime, repeat_after: timedelta | None
) -> Reason:
    if standing is None:
        return Reason.UNCHANGED if told is None or told.is_closed else Reason.CANCELLED
    if told is None:
        return Reason.UNHEARD if standing.closed_by else Reason.NEW
    if told.is_closed:
        return _after_an_end(told, standing)
    if standing.closed_by:
        # The last incident ended before the one that was told of began: that one never was.
        is_older = told.is_vanished and standing.as_of < told.as_of
        return Reason.CANCELLED if is_older else standing.closed_by
    if standing.incident_id != told.incident_id and not told.is_vanished:
        return Reason.NEW
    return _while_open(told, standing, now, repeat_after)


def _after_an_end(told: Told, standing: Standing) -> Reason:
    is_same = standing.incident_id == told.incident_id
    if standing.closed_by:
        return Reason.UNCHANGED if is_same else Reason.UNHEARD
    return Reason.CORRECTED if is_same else Reason.NEW


def _while_open(
    told: Told, standing: Standing, now: datetime, repeat_after: timedelta | None
) -> Reason:
    if standing.level != told.level:
        if told.is_superseded and standing.as_of <= told.as_of:
            return Reason.CORRECTED
        return Reason.ESCALATED if standing.level > told.level else Reason.DEESCALATED
    if standing.is_stale != told.is_stale:
        return Reason.STALE if standing.is_stale else Reason.RESTORED
    if repeat_after is not None and now - told.at >= repeat_after:
        return Reason.REPEAT
    return Reason.UNCHANGED
