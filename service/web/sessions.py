"""Who is signed in: a key of the API, held by a cookie that no script and no other site can use.

The cookie is a signed text with the name of the key; every request asks whether that key still
holds, so revoking it ends its sessions. A form carries a token made from the cookie: a page of
another site cannot know it, and `SameSite=Strict` keeps the cookie from its requests anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlalchemy import Connection

from data.errors import KeyMissing, Refused, ScopeMissing
from service.keys import Caller, find_holder
from service.links.tokens import read_text, sign_text
from service.settings import Settings

SESSION_HOLDS = timedelta(hours=12)
_PURPOSE = "session"
_LOCAL_PATH = re.compile(r"/(?:[A-Za-z0-9._~:@%=&?,;+-][A-Za-z0-9._~:@%=&?,;+/-]*)?")


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in.

    Attributes:
        caller: The key that was shown.
        form_token: What each form must carry.
    """

    caller: Caller
    form_token: str = field(repr=False)

    @property
    def can_act(self) -> bool:
        """True if alerts may be acted upon."""
        return "alerts:act" in self.caller.scopes


def begin_session(response: Response, settings: Settings, caller: Caller, now: datetime) -> None:
    """Puts the cookie of a new session into an answer."""
    text = sign_text(
        settings.state_dir, _PURPOSE, {"key": caller.name}, expires_at=now + SESSION_HOLDS
    )
    response.set_cookie(
        _cookie_name(settings),
        text,
        max_age=int(SESSION_HOLDS.total_seconds()),
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite="strict",
    )


def end_session(response: Response, settings: Settings) -> None:
    """Takes the cookie away."""
    response.delete_cookie(
        _cookie_name(settings),
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite="strict",
    )


def find_session(
    connection: Connection, settings: Settings, request: Request, now: datetime
) -> Session | None:
    """Returns who is signed in; None if nobody is, or if the key does not hold any more."""
    text = request.cookies.get(_cookie_name(settings))
    if text is None:
        return None
    try:
        content = read_text(settings.state_dir, _PURPOSE, text, now=now)
    except Refused:
        return None
    caller = find_holder(connection, content["key"], now)
    return None if caller is None else Session(caller, _form_token(text))


def require_form(session: Session | None, fields: dict[str, str], scope: str | None) -> Caller:
    """Returns who sent a form of a page of ours; with a scope, one whose key has it.

    Raises:
        KeyMissing: Nobody is signed in.
        Refused: The form does not carry the token of the session.
        ScopeMissing: The key may not do this.
    """
    if session is None:
        raise KeyMissing("Nobody is signed in.", "Sign in with a key.")
    if not hmac.compare_digest(fields.get("form_token", "").encode(), session.form_token.encode()):
        raise Refused("The form is not of this session.", "Open the page again, then send it.")
    if scope is not None and scope not in session.caller.scopes:
        raise ScopeMissing(scope)
    return session.caller


def choose_next(path: str | None) -> str:
    """Returns where to go after signing in: a path of this service, or the alerts."""
    if path is None or not _LOCAL_PATH.fullmatch(path):
        return "/alerts"
    return path


def _form_token(cookie: str) -> str:
    return hashlib.sha256(f"form\0{cookie}".encode()).hexdigest()


def _is_https(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


def _cookie_name(settings: Settings) -> str:
    # The prefix makes browsers refuse the cookie unless it is secure and of this host alone.
    return "__Host-tocsin" if _is_https(settings) else "tocsin"
