"""Unsubscribing: a page with a button, or one click of a mail program; a GET changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from service.alerts.subscriptions import list_disabled
from service.links.unsubscribe_links import LINK_HOLDS, unsubscribe_link
from service.web.pages import make_pages

SENT = datetime(2022, 1, 16, 6, 0, tzinfo=UTC)


@pytest.fixture
def address(settings):
    parts = urlsplit(unsubscribe_link(settings, "desk", "desk@example.org", sent_at=SENT))
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def client(database, settings, browse):
    app = FastAPI()
    app.include_router(make_pages(database, settings, lambda: SENT + timedelta(days=1)))
    return browse(app)


def disabled(database):
    with database.read() as connection:
        return list_disabled(connection)


def test_the_page_asks_and_the_button_does(client, address, database):
    page = client.get(address)
    assert (page.status_code, "desk will get no more" in page.text) == (200, True)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert disabled(database) == {}
    done = client.request("POST", address)
    assert "gets no more e-mails" in done.text
    assert disabled(database) == {"desk": "unsubscribed"}


def test_one_click_of_a_mail_program(client, address, database):
    """RFC 8058: a form of its own, from another site, without a cookie; twice is once."""
    for _ in range(2):
        answer = client.request(
            "POST",
            address,
            content="List-Unsubscribe=One-Click",
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 200
    assert disabled(database) == {"desk": "unsubscribed"}


def test_no_other_link_works(client, address, database, settings):
    late = unsubscribe_link(settings, "desk", "desk@example.org", sent_at=SENT - LINK_HOLDS)
    for bad in (address[:-4], f"{address}x", late.removeprefix(settings.public_url)):
        assert client.get(bad).status_code == 403
        assert client.request("POST", bad).status_code == 403
    assert disabled(database) == {}
