"""Which CAP message is due for an incident: what was issued against what is true.

A pure decision. Whoever reads CAP knows only what was issued and has not expired; so an incident
gets a message when what is true now differs from what the last one said, and once more when the
last one is about to expire while the alert goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from service.alerts.advance import AlertEvent
from service.alerts.machine import TransitionType

CapType = Literal["Alert", "Update", "Cancel"]
"""Types of message that this service sends; `Ack` and `Error` are for receivers."""

CapReason = TransitionType | Literal["renewed", "corrected"]
"""Why a message is sent: what happened, or that it goes on, or that a correction took it away."""


@dataclass(frozen=True)
class Said:
    """What a message said of an incident: the same said again is no news.

    Attributes:
        as_of: As-of of the event.
        type: What happened.
        level: Level after it.
        level_name: Its name.
        value: The measure; None without a score.
    """

    as_of: date
    type: TransitionType
    level: int
    level_name: str
    value: float | None


@dataclass(frozen=True)
class Issued:
    """A CAP message that was issued.

    Attributes:
        identifier: Its identifier, unique for the sender.
        sender: Who sent it.
        sent_at: When.
        expires_at: From when it says nothing.
        type: Its type.
        reason: Why it was sent.
        said: What it said.
    """

    identifier: str
    sender: str
    sent_at: datetime
    expires_at: datetime
    type: CapType
    reason: CapReason
    said: Said


@dataclass(frozen=True)
class Due:
    """A CAP message that is to be issued.

    Attributes:
        type: Its type.
        reason: Why.
        references: The messages that it updates or cancels: all of the incident that have not
            expired, oldest first; empty for an alert.
    """

    type: CapType
    reason: CapReason
    references: tuple[Issued, ...]


def what_it_says(event: AlertEvent) -> Said:
    """Returns what a message about an event says."""
    return Said(event.as_of, event.type, event.level, event.level_name, event.value)


def decide_message(
    issued: Sequence[Issued],
    last: AlertEvent | None,
    *,
    now: datetime,
    expires_at: datetime,
    renew_before: datetime,
) -> Due | None:
    """Returns the message that is due for an incident; None if none is.

    Args:
        issued: Its messages so far, oldest first.
        last: Its last event that stands; None if a correction took all of them away.
        now: The present moment.
        expires_at: From when a message about it would say nothing.
        renew_before: A message that expires before then is renewed if the alert goes on.
    """
    thread = _since_cancelled(issued)
    living = tuple(item for item in thread if item.expires_at > now)
    if last is None or last.type == "withdrawn":
        if not living or thread[-1].reason == "resolved":
            return None
        return Due("Cancel", "corrected" if last is None else "withdrawn", living)
    is_told = bool(thread) and thread[-1].said == what_it_says(last)
    if last.type in ("resolved", "occurred"):
        return Due("Update", last.type, living) if living and not is_told else None
    if expires_at <= now:
        return None  # A replay of what is past warns of nothing.
    if not living:
        return Due("Alert", "renewed" if is_told else last.type, ())
    if not is_told:
        return Due("Update", last.type, living)
    return Due("Update", "renewed", living) if thread[-1].expires_at < renew_before else None


def _since_cancelled(issued: Sequence[Issued]) -> tuple[Issued, ...]:
    cancelled = [place for place, item in enumerate(issued) if item.type == "Cancel"]
    return tuple(issued[cancelled[-1] + 1 :]) if cancelled else tuple(issued)
