"""The page behind a link in a message: says what it does, and does it at the press of a button."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from service.alerts.hush import acknowledge, add_silence
from service.alerts.read import Incident, load_incident, series_labels
from service.links.action_links import (
    ACTION_PATH,
    SILENCE_HOLDS,
    ActionLink,
    LinkedAction,
    read_action_link,
)
from service.settings import Settings
from service.web import words
from service.web.forms import take_field
from service.web.templating import render_page

LONGEST_NOTE = 500
_WORDS: dict[LinkedAction, tuple[str, str, str]] = {
    "acknowledge": (
        "Acknowledge",
        "You say that you have taken it up. Repeats stop until the alert rises or ends.",
        "It is acknowledged.",
    ),
    "silence": (
        f"Silence for {SILENCE_HOLDS.days} days",
        "Messages about this region by this rule are held. A rise to a higher level is told all "
        "the same.",
        f"It is silent for {SILENCE_HOLDS.days} days.",
    ),
}


def render_linked_action(
    connection: Connection, settings: Settings, token: str, *, now: datetime
) -> HTMLResponse:
    """Returns the page with the button; changes nothing.

    Raises:
        Refused: The link does not hold.
        UnknownName: The incident is no more: a correction took it away.
    """
    link = read_action_link(settings, token, now=now)
    return _render(load_incident(connection, link.incident_id), link, token)


def do_linked_action(
    connection: Connection, settings: Settings, fields: dict[str, str], *, now: datetime
) -> HTMLResponse:
    """Does what the link allows and returns a page that says so.

    Args:
        connection: A write transaction.
        settings: The settings of the process.
        fields: `token` of the link and, if the reader wrote one, `note`.
        now: The present moment.

    Raises:
        Refused: The link does not hold.
        UnknownName: The incident is no more.
        Conflict: It is over.
        UsageError: The note is too long.
    """
    link = read_action_link(settings, fields.get("token", ""), now=now)
    note = take_field(fields, "note", longest=LONGEST_NOTE)
    incident = load_incident(connection, link.incident_id)
    if link.action == "acknowledge":
        acknowledge(connection, link.incident_id, actor=link.actor, note=note, until=None, now=now)
    else:
        add_silence(
            connection,
            series_labels(incident),
            starts_at=now,
            ends_at=now + SILENCE_HOLDS,
            author=link.actor,
            comment=note or "by a link in a message",
            now=now,
        )
    return _render(incident, link, token=None)


def _render(incident: Incident, link: ActionLink, token: str | None) -> HTMLResponse:
    button, meaning, done = _WORDS[link.action]
    page = render_page(
        "linked_action.html",
        nav={"set": incident.region_set, "here": "alerts"},
        incident=incident,
        level=words.spoken(incident.level_name),
        since=words.day(incident.since),
        contact=link.contact,
        path=ACTION_PATH,
        token=token,
        button=button,
        meaning=meaning,
        done=done,
        longest=LONGEST_NOTE,
    )
    # The address holds the token: it goes nowhere else and stays nowhere.
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"
    return page
