"""Signing in with a key and acting on pages: nobody else can, and all is written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update

from service.alerts.audit import list_actions
from service.alerts.evaluate import evaluate_publication
from service.alerts.hush import acknowledged_incidents, list_silences
from service.alerts.read import list_incidents
from service.alerts.rule_store import apply_default_rules
from service.app import make_app
from service.keys import TRIES_A_MINUTE, make_key, revoke_key
from service.tables import outbox
from service.web.sessions import SESSION_HOLDS, choose_next

FORM = "application/x-www-form-urlencoded"


class Person:
    """A browser with cookies, at an application with one open incident."""

    def __init__(self, database, settings, browse):
        self.database, self.settings = database, settings
        self.now = datetime(2022, 1, 16, 6, 0, tzinfo=UTC)
        self.client = browse(make_app(database, settings, lambda: self.now))
        self.cookies = {}
        with database.read() as connection:
            self.incident = list_incidents(connection, is_open=True)[0]
        self.page = f"/alerts/{self.incident.incident_id}"

    def make_key(self, *scopes, name="awa"):
        with self.database.write() as connection:
            return make_key(connection, name, scopes, actor="test", expires_at=None, now=self.now)

    def get(self, path):
        return self._ask("GET", path)

    def post(self, path, **fields):
        return self._ask("POST", path, content=urlencode(fields), headers={"content-type": FORM})

    def _ask(self, method, path, headers=None, **options):
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.client.request(
            method, path, headers={**(headers or {}), "cookie": cookies}, **options
        )
        self.cookies |= dict(answer.cookies)
        return answer

    def sign_in(self, *scopes):
        return self.post("/sign-in", key=self.make_key(*(scopes or ("alerts:act",))))

    def token(self):
        text = self.get("/desk").text
        return text.split('name="form_token" value="')[1].split('"')[0]

    def trail(self):
        with self.database.read() as connection:
            return [
                item
                for item in list_actions(connection)
                if item.action != "create_key" and item.actor != "tocsin"
            ]


@pytest.fixture
def person(squares, publish, make_publication, settings, browse, now):
    stored = publish(make_publication(risk={("AA01", 3): 0.6}))
    with squares.write() as connection:
        apply_default_rules(connection, now)
        evaluate_publication(connection, stored, settings=settings, now=now)
    return Person(squares, settings, browse)


def test_a_stranger_reads_but_does_not_act(person, read):
    page = read(person.get(person.page).text)
    assert person.incident.region_name in page.text
    assert "Raised at" in page.text
    assert "Sign in to act" in page.text
    assert "Told log" not in page.text
    answer = person.post(f"{person.page}/note", text="hello", form_token="")
    assert answer.status_code == 401
    assert person.get("/desk").status_code == 401
    assert "/sign-in?next=%2Fdesk" in person.get("/desk").text
    assert person.trail() == []


def test_signing_in_sets_a_cookie_that_no_script_and_no_other_site_can_use(person):
    answer = person.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert person.get("/desk").headers["cache-control"] == "private, no-store"
    safe = person.settings.model_copy(update={"public_url": "https://tocsin.example"})
    other = Person(person.database, safe, type(person.client))
    answer = other.post("/sign-in", key=other.make_key("alerts:act", name="bob"))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-tocsin=")
    assert "secure" in cookie.lower()


def test_a_wrong_key_does_not_sign_in_and_too_many_are_stopped(person):
    for _ in range(TRIES_A_MINUTE):
        answer = person.post("/sign-in", key="tocsin_00000000_wrong")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    assert person.post("/sign-in", key="tocsin_00000000_wrong").status_code == 429
    person.now += timedelta(minutes=1)
    assert person.sign_in().status_code == 303


def test_an_incident_is_acted_upon(person, read):
    person.sign_in()
    token = person.token()
    for action, fields in (
        ("acknowledge", {"text": "On it", "days": "3"}),
        ("assign", {"text": "Bob"}),
        ("note", {"text": "Called <b>Ségou</b>"}),
        ("silence", {"text": "Known", "days": "7"}),
    ):
        answer = person.post(f"{person.page}/{action}", form_token=token, **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, person.page), action
    page = read(person.get(person.page).text)
    assert "Looked after by Bob" in page.text
    assert "Called <b>Ségou</b> key:awa" in page.text
    assert "Told log" in page.text
    with person.database.read() as connection:
        held = acknowledged_incidents(connection, "squares", person.now)
        (silence,) = list_silences(connection)
    assert held == {person.incident.incident_id}
    assert silence.ends_at == person.now + timedelta(days=7)
    assert [(item.actor, item.action) for item in person.trail()] == [
        ("key:awa", "silence"),
        ("key:awa", "note"),
        ("key:awa", "assign"),
        ("key:awa", "acknowledge"),
    ]


def test_a_form_of_another_page_is_refused(person):
    person.sign_in()
    token = person.token()
    for wrong in ("", "x", token[:-1] + ("0" if token[-1] != "0" else "1")):
        answer = person.post(f"{person.page}/note", text="hello", form_token=wrong)
        assert answer.status_code == 403
    assert person.post("/sign-out", form_token="x").status_code == 403
    other = Person(person.database, person.settings, type(person.client))
    other.post("/sign-in", key=other.make_key("alerts:act", name="bob"))
    assert other.post(f"{person.page}/note", text="a", form_token=token).status_code == 403
    assert person.trail() == []


def test_a_key_without_the_scope_reads_only(person):
    person.sign_in("operations:read")
    assert "may read, not act" in person.get(person.page).text
    answer = person.post(f"{person.page}/note", text="hello", form_token=person.token())
    assert answer.status_code == 403
    assert person.trail() == []


def test_a_session_ends_with_its_time_its_key_or_a_click(person):
    person.sign_in()
    token = person.token()
    person.now += SESSION_HOLDS - timedelta(seconds=1)
    assert person.get("/desk").status_code == 200
    person.now += timedelta(seconds=1)
    assert person.get("/desk").status_code == 401
    person.now -= SESSION_HOLDS
    answer = person.post("/sign-out", form_token=token)
    assert 'tocsin=""' in answer.headers["set-cookie"]
    with person.database.write() as connection:
        revoke_key(connection, "awa", actor="test", now=person.now)
    assert person.get("/desk").status_code == 401
    person.cookies = {"tocsin": "nonsense"}
    assert person.get("/desk").status_code == 401


def test_the_desk_ends_silences_and_replays_dead_letters(person, read):
    person.sign_in()
    token = person.token()
    person.post(f"{person.page}/silence", text="Known", days="7", form_token=token)
    with person.database.write() as connection:
        connection.execute(update(outbox).values(status="dead"))
        message_id = connection.execute(select(outbox.c.message_id)).scalars().first()
    desk = read(person.get("/desk").text)
    assert "End it now" in desk.text
    assert "Send again" in desk.text
    assert person.post("/desk/silences/1/end", form_token=token).status_code == 303
    assert person.post("/desk/silences/1/end", form_token=token).status_code == 409
    path = f"/desk/messages/{message_id}/replay"
    assert person.post(path, form_token="").status_code == 403
    assert person.post(path, form_token=token).status_code == 303
    assert [item.action for item in person.trail()][:2] == ["replay", "end_silence"]


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "note", "text": ""},
        {"action": "note", "text": "one\0two"},
        {"action": "assign", "text": "x" * 65},
        {"action": "silence", "text": "a", "days": "91"},
        {"action": "silence", "text": "a", "days": ""},
        {"action": "silence", "text": "", "days": "3"},
        {"action": "acknowledge", "text": "a", "days": "-1"},
        {"action": "acknowledge", "text": "a", "days": "²"},
        {"action": "explode", "text": "a"},
    ],
)
def test_a_form_that_makes_no_sense_is_refused(person, fields):
    person.sign_in()
    action = fields.pop("action")
    answer = person.post(f"{person.page}/{action}", form_token=person.token(), **fields)
    assert answer.status_code == 422
    assert person.trail() == []


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        (None, "/alerts"),
        ("/alerts/ab:2022-01-15", "/alerts/ab:2022-01-15"),
        ("https://evil.example/", "/alerts"),
        ("//evil.example/", "/alerts"),
        ("/\\evil.example/", "/alerts"),
        ("/a\nset-cookie: x", "/alerts"),
        ("alerts", "/alerts"),
    ],
)
def test_signing_in_leads_to_this_service_only(asked, goes_to):
    assert choose_next(asked) == goes_to


def test_all_alerts_stand_on_one_page(person, read):
    answer = person.get("/alerts")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sets/squares/alerts")
    page = read(person.get("/sets/squares/alerts").text)
    assert person.page in [given.get("href") for _, given in page.links]
    assert person.get("/alerts/none").status_code == 404
