"""The page of an incident: what happened, what people did, and forms for those who may act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from data.errors import UsageError
from data.regions import load_region_set
from service.alerts.care import LONGEST_NOTE, add_note, assign, assignee_of
from service.alerts.hush import LONGEST_SILENCE, acknowledge, acknowledged_incidents, add_silence
from service.alerts.read import Incident, load_incident, series_labels
from service.alerts.story import StoryEntry, StoryKind, tell_story
from service.feeds.addresses import write_message_address
from service.web import words
from service.web.alerts_view import tell_event, view_incidents
from service.web.forms import take_field
from service.web.list_pages import is_simulated
from service.web.page_head import set_title, warn_of_set
from service.web.reading import Reader
from service.web.sessions import Session, require_form
from service.web.templating import render_page

_PUBLIC: frozenset[StoryKind] = frozenset({"event", "cap"})
_DID: dict[StoryKind, str] = {
    "told": "Told",
    "cap": "CAP message",
    "acknowledge": "Acknowledged",
    "assign": "Given to",
    "note": "Note",
}


@dataclass(frozen=True)
class StoryView:
    """One entry of the story: when, what, further words, who, and where it leads."""

    when: str
    what: str
    text: str
    who: str
    address: str


def render_incident(
    reader: Reader,
    connection: Connection,
    incident_id: str,
    me: Session | None,
    now: datetime,
) -> HTMLResponse:
    """Returns the page of an incident; what people wrote only to who is signed in.

    Raises:
        UnknownName: There is no such incident.
    """
    incident = load_incident(connection, incident_id)
    region_set = load_region_set(connection, incident.region_set)
    newest = reader.newest(connection, incident.region_set)
    (view,) = view_incidents(connection, region_set, newest, incident_id=incident_id)
    story = tell_story(connection, incident)
    held = acknowledged_incidents(connection, incident.region_set, now)
    simulated = is_simulated(region_set)
    return render_page(
        "incident.html",
        nav={"set": incident.region_set, "here": "alerts"},
        me=me,
        banners=warn_of_set(newest, is_simulated=simulated),
        is_simulated=simulated,
        title=set_title(incident.region_set),
        incident=incident,
        view=view,
        level=words.spoken(incident.level_name),
        is_acknowledged=incident_id in held,
        assignee=assignee_of(connection, incident_id) if me else None,
        story=[
            _view(entry, incident) for entry in story if me is not None or entry.kind in _PUBLIC
        ],
        longest_note=LONGEST_NOTE,
        longest_silence=LONGEST_SILENCE.days,
    )


def act_on_incident(
    connection: Connection,
    incident_id: str,
    action: str,
    fields: dict[str, str],
    me: Session | None,
    now: datetime,
) -> None:
    """Does what a form of the page asks for.

    Args:
        connection: A write transaction.
        incident_id: The incident.
        action: `acknowledge`, `assign`, `note` or `silence`.
        fields: The form.
        me: Who is signed in.
        now: The present moment.

    Raises:
        KeyMissing: Nobody is signed in.
        Refused: The form is not of this session.
        ScopeMissing: The key may not act.
        UnknownName: There is no such incident or action.
        Conflict: It is over.
        UsageError: The form makes no sense.
    """
    caller = require_form(me, fields, "alerts:act")
    incident = load_incident(connection, incident_id)
    text = take_field(fields, "text", longest=LONGEST_NOTE)
    if action == "acknowledge":
        days = _read_days(fields, may_be_empty=True)
        until = None if days is None else now + timedelta(days=days)
        acknowledge(connection, incident_id, actor=caller.actor, note=text, until=until, now=now)
    elif action == "assign":
        assign(connection, incident_id, actor=caller.actor, assignee=text, now=now)
    elif action == "note":
        add_note(connection, incident_id, actor=caller.actor, text=text, now=now)
    elif action == "silence":
        add_silence(
            connection,
            series_labels(incident),
            starts_at=now,
            ends_at=now + timedelta(days=_read_days(fields) or 0),
            author=caller.actor,
            comment=text,
            now=now,
        )
    else:
        raise UsageError(f"There is no action '{action}'.", "Use a button of the page.")


def _read_days(fields: dict[str, str], *, may_be_empty: bool = False) -> int | None:
    text = take_field(fields, "days", longest=3)
    if not text and may_be_empty:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST_SILENCE.days):
        raise UsageError(
            f"'{text}' is no number of days.", f"Give 1 to {LONGEST_SILENCE.days} days."
        )
    return int(text)


def _view(entry: StoryEntry, incident: Incident) -> StoryView:
    if entry.kind == "event":
        event = next(item for item in incident.events if item.event_id == entry.reference)
        happened = tell_event(event)
        return StoryView(
            words.moment(entry.at),
            f"{happened[:1].upper()}{happened[1:]}",
            f"publication as of {words.day(event.as_of)}"
            + (f", revision {event.revision}" if event.revision > 1 else ""),
            "",
            "",
        )
    address = ""
    if entry.kind == "cap":
        address = write_message_address(incident.region_set, entry.reference)
    if entry.kind == "told":
        return StoryView(words.moment(entry.at), f"Told {entry.who}", entry.text, "", "")
    return StoryView(words.moment(entry.at), _DID[entry.kind], entry.text, entry.who, address)
