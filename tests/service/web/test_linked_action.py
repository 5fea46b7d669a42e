"""A link in a message: a page with a button; a GET changes nothing; nobody else's link works."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi import FastAPI

from service.alerts.audit import list_actions
from service.alerts.evaluate import evaluate_publication
from service.alerts.hush import acknowledged_incidents, list_silences
from service.alerts.read import list_incidents
from service.alerts.rule_store import apply_default_rules
from service.links.action_links import LINK_HOLDS, SILENCE_HOLDS, action_link
from service.web.pages import make_pages

FORM = {"content-type": "application/x-www-form-urlencoded"}
AWAY = {"sec-fetch-site": "cross-site", "origin": "https://mail.example"}


class Fields(HTMLParser):
    """Collects the hidden fields and the addresses of the forms of a page."""

    def __init__(self, text):
        super().__init__()
        self.hidden, self.actions = {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "form":
            self.actions.append((values["method"], values["action"]))
        if tag == "input" and values.get("type") == "hidden":
            self.hidden[values["name"]] = values["value"]


class World:
    """An application with one open incident, and a clock that can be moved."""

    def __init__(self, database, settings, browse):
        self.database, self.settings = database, settings
        self.now = datetime(2022, 1, 16, 6, 0, tzinfo=UTC)
        app = FastAPI()
        app.include_router(make_pages(database, settings, lambda: self.now))
        self.client = browse(app)
        with database.read() as connection:
            self.incident = list_incidents(connection, is_open=True)[0]

    def link(self, action="acknowledge"):
        url = action_link(
            self.settings, self.incident.incident_id, action, "desk-mali", now=self.now
        )
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"

    def press(self, page, **fields):
        form = Fields(page.text)
        (method, address) = form.actions[0]
        assert method == "post"
        return self.client.request(
            "POST", address, content=urlencode(form.hidden | fields), headers=FORM | AWAY
        )

    def trail(self):
        with self.database.read() as connection:
            return tuple(item for item in list_actions(connection) if item.actor != "tocsin")


@pytest.fixture
def world(squares, publish, make_publication, settings, browse, now):
    stored = publish(make_publication(risk={("AA01", 3): 0.6}))
    with squares.write() as connection:
        apply_default_rules(connection, now)
        evaluate_publication(connection, stored, settings=settings, now=now)
    return World(squares, settings, browse)


def test_the_page_says_what_it_does_and_does_nothing(world):
    page = world.client.get(world.link(), headers=AWAY)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert world.incident.region_name in page.text
    assert world.client.head(world.link()).status_code == 200
    assert world.trail() == ()


def test_the_button_acknowledges(world):
    done = world.press(world.client.get(world.link()), note="Called <Gao>")
    assert done.status_code == 200
    assert "It is acknowledged." in done.text
    with world.database.read() as connection:
        held = acknowledged_incidents(connection, "squares", world.now)
    assert held == {world.incident.incident_id}
    (entry,) = world.trail()
    assert (entry.actor, entry.action) == ("link:desk-mali", "acknowledge")
    assert entry.detail["note"] == "Called <Gao>"


def test_the_button_silences_this_series_for_a_week(world):
    world.press(world.client.get(world.link("silence")))
    with world.database.read() as connection:
        (silence,) = list_silences(connection)
    assert silence.ends_at - silence.starts_at == SILENCE_HOLDS
    assert silence.matchers["region"] == world.incident.region_id
    assert set(silence.matchers) == {"rule", "region_set", "region", "outcome", "horizon"}


def test_a_link_ends_and_cannot_be_altered(world):
    address = world.link()
    token = parse_qs(urlsplit(address).query)["token"][0]
    for wrong in ("", "x", token[:-2], f"A{token}", f"{token}.{token}"):
        answer = world.client.get(f"/alerts/act?{urlencode({'token': wrong})}")
        assert answer.status_code == 403
    assert world.client.get("/alerts/act").status_code == 422
    page = world.client.get(address)
    world.now += LINK_HOLDS - timedelta(seconds=1)
    assert world.client.get(address).status_code == 200
    world.now += timedelta(seconds=1)
    assert world.client.get(address).status_code == 403
    assert world.press(page).status_code == 403
    assert world.trail() == ()


def test_a_link_to_what_is_no_more_says_so(world):
    url = action_link(world.settings, "00:2022-01-15", "silence", "desk", now=world.now)
    assert world.client.get(url.removeprefix(world.settings.public_url)).status_code == 404


@pytest.mark.parametrize(
    ("content", "headers", "says"),
    [
        (b"{}", {"content-type": "application/json"}, "takes a form"),
        (b"token=a&token=b", FORM, "twice"),
        (b"token=%ff", FORM, "cannot be read"),
        (b"token", FORM, "cannot be read"),
        (b"token=" + b"a" * 20_000, FORM, "longer than"),
    ],
)
def test_a_form_is_read_strictly(world, content, headers, says):
    answer = world.client.request("POST", "/alerts/act", content=content, headers=headers)
    assert answer.status_code == 422
    assert says in answer.text


def test_a_note_has_an_end(world):
    assert world.press(world.client.get(world.link()), note="x" * 501).status_code == 422
    assert world.trail() == ()


def test_what_is_over_has_no_button(world, publish, make_publication):
    for month in (2, 3, 4):
        later = publish(
            make_publication(
                as_of=date(2022, month, 15),
                risk={(region, 3): 0.01 for region in ("AA01", "AA02", "BB01", "BB02")},
            )
        )
        with world.database.write() as connection:
            evaluate_publication(connection, later, settings=world.settings, now=world.now)
    page = world.client.get(world.link())
    assert "It is over" in page.text
    assert Fields(page.text).actions == []
