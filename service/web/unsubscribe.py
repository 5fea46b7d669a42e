"""The page that ends the e-mails of a contact point, at the press of a button."""

from __future__ import annotations

from datetime import datetime

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from service.alerts.subscriptions import unsubscribe
from service.links.unsubscribe_links import UNSUBSCRIBE_PATH, read_unsubscribe_link
from service.settings import Settings
from service.web.templating import render_page


def render_unsubscribe(settings: Settings, token: str, *, now: datetime) -> HTMLResponse:
    """Returns the page with the button; changes nothing.

    Raises:
        Refused: The link does not hold.
    """
    contact, _ = read_unsubscribe_link(settings, token, now=now)
    return _render(contact, token)


def do_unsubscribe(
    connection: Connection, settings: Settings, token: str, *, now: datetime
) -> HTMLResponse:
    """Ends the e-mails and returns a page that says so; a second time changes nothing.

    Args:
        connection: A write transaction.
        settings: The settings of the process.
        token: That of the link; a mail program sends it without opening the page (RFC 8058).
        now: The present moment.

    Raises:
        Refused: The link does not hold.
    """
    contact, endpoint = read_unsubscribe_link(settings, token, now=now)
    unsubscribe(connection, contact, endpoint, now=now)
    return _render(contact, None)


def _render(contact: str, token: str | None) -> HTMLResponse:
    page = render_page(
        "unsubscribe.html",
        nav={"set": None, "here": None},
        contact=contact,
        path=UNSUBSCRIBE_PATH,
        token=token,
    )
    # The address holds the token: it goes nowhere else and stays nowhere.
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"
    return page
