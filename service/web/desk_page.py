"""The operators' desk: what is wrong with the service, silences, dead letters, who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from data.errors import KeyMissing
from service.alerts.audit import list_actions
from service.alerts.contact_store import load_book
from service.alerts.hush import end_silence, list_silences
from service.alerts.outbox import replay
from service.alerts.read import count_messages, list_messages
from service.alerts.system import list_system_alerts
from service.settings import Settings
from service.web import words
from service.web.sessions import Session, require_form
from service.web.templating import render_page

_ROWS = 50


def render_desk(
    connection: Connection, settings: Settings, me: Session | None, now: datetime
) -> HTMLResponse:
    """Returns the desk.

    Raises:
        KeyMissing: Nobody is signed in.
    """
    if me is None:
        raise KeyMissing("The desk is for operators.", "Sign in with a key.")
    return render_page(
        "desk.html",
        nav={"set": None, "here": "desk"},
        me=me,
        system_alerts=[
            {"what": item.detail, "since": words.moment(item.opened_at)}
            for item in list_system_alerts(connection)
        ],
        silences=[
            {
                "number": item.silence_id,
                "labels": ", ".join(f"{name}={value}" for name, value in item.matchers.items()),
                "until": words.moment(item.ends_at),
                "author": item.author,
                "comment": item.comment,
            }
            for item in list_silences(connection)
            if item.ends_at > now
        ],
        counts=count_messages(connection),
        dead=list_messages(connection, "dead", _ROWS),
        contacts=load_book(connection, settings).book.contacts,
        actions=[_describe(item) for item in list_actions(connection, _ROWS)],
    )


def end_one_silence(
    connection: Connection,
    silence_id: int,
    fields: dict[str, str],
    me: Session | None,
    now: datetime,
) -> None:
    """Ends a silence, asked for by a form of the desk; raises what `require_form` raises."""
    caller = require_form(me, fields, "alerts:act")
    end_silence(connection, silence_id, actor=caller.actor, now=now)


def replay_one_message(
    connection: Connection,
    message_id: str,
    fields: dict[str, str],
    me: Session | None,
    now: datetime,
) -> None:
    """Replays a dead letter, asked for by a form of the desk; raises what `require_form` does."""
    caller = require_form(me, fields, "alerts:act")
    replay(connection, message_id, actor=caller.actor, now=now)


def _describe(item: Any) -> dict[str, str]:
    return {
        "at": words.moment(item.at),
        "actor": item.actor,
        "action": words.spoken(item.action),
        "subject": item.subject,
    }
