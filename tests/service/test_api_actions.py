"""What people do about alerts through the API: with a key, audited, and only what makes sense."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from service.alerts.audit import list_actions, verify_audit
from service.alerts.evaluate import evaluate_publication
from service.alerts.hush import acknowledged_incidents
from service.alerts.read import list_incidents
from service.alerts.rule_store import apply_default_rules, list_rules
from service.keys import make_key
from service.tables import outbox

RULE = {
    "id": "any-risk",
    "name": "Any risk",
    "why": "So that something is told.",
    "measure": "risk_score",
    "selector": {"outcome": "escalation"},
    "levels": [{"name": "some", "enter": 0.2, "exit": 0.1}],
}


class Desk:
    """Calls the API with keys of several scopes, on a database with one open incident."""

    def __init__(self, api, database, now):
        self.api, self.database, self.now = api, database, now
        with database.write() as connection:
            self.keys = {
                scope: make_key(
                    connection,
                    scope.replace(":", "-"),
                    [scope],
                    actor="test",
                    expires_at=None,
                    now=now,
                )
                for scope in ("alerts:act", "rules:write", "operations:read", "events:write")
            }
        with database.read() as connection:
            self.incident = list_incidents(connection, is_open=True)[0]

    def call(self, method, path, scope="alerts:act", body=None):
        headers = {} if scope is None else {"authorization": f"Bearer {self.keys[scope]}"}
        options = {} if body is None else {"json": body}
        return self.api.request(method, f"/api/v1{path}", headers=headers, **options)

    def post(self, path, body, scope="alerts:act"):
        return self.call("POST", path, scope, body)

    def trail(self):
        with self.database.read() as connection:
            assert verify_audit(connection).is_good
            return [
                item
                for item in list_actions(connection)
                if item.action != "create_key" and item.actor != "tocsin"
            ]


@pytest.fixture
def desk(api, squares, publish, make_publication, settings, now):
    stored = publish(make_publication(risk={("AA01", 3): 0.6}))
    with squares.write() as connection:
        apply_default_rules(connection, now)
        evaluate_publication(connection, stored, settings=settings, now=now)
    return Desk(api, squares, now)


def test_an_incident_is_acknowledged_assigned_and_noted(desk):
    at = f"/alerts/{desk.incident.incident_id}"
    until = (desk.now + timedelta(days=3)).isoformat()
    done = desk.post(f"{at}/acknowledge", {"note": "On it", "until": until})
    assert (done.status_code, done.json()["action"]) == (200, "acknowledge")
    assert done.json()["actor"] == "key:alerts-act"
    assert desk.post(f"{at}/assign", {"assignee": "Awa"}).status_code == 200
    assert desk.post(f"{at}/notes", {"text": "Called Ségou"}).status_code == 200
    with desk.database.read() as connection:
        assert desk.incident.incident_id in acknowledged_incidents(connection, "squares", desk.now)
    assert [(item.actor, item.action) for item in reversed(desk.trail())] == [
        ("key:alerts-act", "acknowledge"),
        ("key:alerts-act", "assign"),
        ("key:alerts-act", "note"),
    ]
    story = desk.call("GET", f"{at}/story", "operations:read").json()["entries"]
    assert [item["kind"] for item in story if item["who"].startswith("key:")] == [
        "acknowledge", "assign", "note"
    ]  # fmt: skip
    assert {"event", "told", "cap"} <= {item["kind"] for item in story}
    shown = desk.call("GET", at, None).json()
    assert shown["incident"]["status"] == "open"
    assert shown["cap_messages"][0]["type"] == "Alert"
    assert "On it" not in str(shown)


def test_a_silence_is_made_listed_and_ended(desk):
    order = {
        "matchers": {"country": "AAA"},
        "ends_at": (desk.now + timedelta(days=5)).isoformat(),
        "comment": "Known",
    }
    made = desk.post("/silences", order)
    assert made.status_code == 201
    number = made.json()["subject"]
    (listed,) = desk.call("GET", "/silences").json()
    assert (listed["holds"], listed["author"]) == (True, "key:alerts-act")
    assert desk.call("DELETE", f"/silences/{number}").json()["action"] == "end_silence"
    assert desk.call("GET", "/silences").json()[0]["holds"] is False
    assert desk.call("DELETE", f"/silences/{number}").status_code == 409
    assert desk.call("DELETE", "/silences/99").status_code == 404
    assert [item.action for item in desk.trail()] == ["end_silence", "silence"]


def test_a_dead_letter_is_replayed(desk):
    with desk.database.write() as connection:
        connection.execute(update(outbox).values(status="dead"))
        message_id = connection.execute(select(outbox.c.message_id)).scalars().first()
    dead = desk.call("GET", "/messages?status=dead", "operations:read").json()
    assert message_id in [item["message_id"] for item in dead]
    assert desk.call("POST", f"/messages/{message_id}/replay").status_code == 200
    assert desk.call("POST", f"/messages/{message_id}/replay").status_code == 409
    assert desk.call("POST", "/messages/none/replay").status_code == 404
    assert desk.trail()[0].action == "replay"


def test_rules_are_checked_applied_and_kept(desk):
    bad = {**RULE, "levels": [{"name": "some", "enter": 0.1, "exit": 0.2}]}
    checked = desk.post("/rules/check", {"rules": [RULE, bad, RULE]}, "rules:write").json()
    assert checked["good"] == ["any-risk"]
    assert len(checked["refusals"]) == 2
    refused = desk.post("/rules", {"rules": [bad]}, "rules:write")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_input")
    assert desk.trail() == []
    first = desk.post("/rules", {"rules": [RULE]}, "rules:write").json()
    assert first == {"stored": [{"rule_id": "any-risk", "version": 1}], "n_unchanged": 0}
    assert desk.post("/rules", {"rules": [RULE]}, "rules:write").json()["n_unchanged"] == 1
    desk.post("/rules", {"rules": [{**RULE, "enabled": False}]}, "rules:write")
    versions = desk.call("GET", "/rules/any-risk", None).json()
    assert [(item["version"], item["enabled"]) for item in versions] == [(2, False), (1, True)]
    assert desk.call("GET", "/rules/nothing", None).status_code == 404
    with desk.database.read() as connection:
        assert len(list_rules(connection)) > 1
    assert [item.subject for item in desk.trail()] == ["any-risk", "any-risk"]


def test_operators_read_what_is_not_public(desk):
    contacts = desk.call("GET", "/contact-points", "operations:read").json()
    assert contacts == [{"name": "log", "channel": "log", "language": "en", "labels": {}}]
    assert desk.call("GET", "/system-alerts", "operations:read").json() == []
    trail = desk.call("GET", "/audit?limit=2", "operations:read").json()
    assert [item["action"] for item in trail] == ["create_key", "create_key"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/alerts/x/acknowledge", "operations:read"),
        ("POST", "/alerts/x/assign", "rules:write"),
        ("POST", "/alerts/x/notes", "rules:write"),
        ("GET", "/alerts/x/story", "rules:write"),
        ("GET", "/silences", "rules:write"),
        ("POST", "/silences", "operations:read"),
        ("DELETE", "/silences/1", "operations:read"),
        ("POST", "/messages/x/replay", "operations:read"),
        ("POST", "/rules", "alerts:act"),
        ("POST", "/rules/check", "alerts:act"),
        ("GET", "/contact-points", "events:write"),
        ("GET", "/messages", "events:write"),
        ("GET", "/system-alerts", "events:write"),
        ("GET", "/audit", "events:write"),
    ],
)
def test_each_address_asks_for_its_scope(desk, method, path, scope):
    bodies = {
        "/alerts/x/acknowledge": {},
        "/alerts/x/assign": {"assignee": "a"},
        "/alerts/x/notes": {"text": "a"},
        "/silences": {"matchers": {"a": "b"}, "ends_at": "2022-02-01T00:00:00Z", "comment": "c"},
        "/rules": {"rules": [RULE]},
        "/rules/check": {"rules": [RULE]},
    }
    body = bodies.get(path) if method == "POST" else None
    missing = desk.call(method, path, None, body)
    assert (missing.status_code, missing.json()["code"]) == (401, "key_missing")
    narrow = desk.call(method, path, scope, body)
    assert (narrow.status_code, narrow.json()["code"]) == (403, "scope_missing")
    assert desk.trail() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("acknowledge", {"note": "a", "by": "me"}),
        ("acknowledge", {"until": "2022-01-20T00:00:00"}),
        ("acknowledge", {"until": "2021-01-20T00:00:00Z"}),
        ("acknowledge", {"note": "x" * 2001}),
        ("acknowledge", []),
        ("assign", {}),
        ("assign", {"assignee": " "}),
        ("notes", {"text": ""}),
        ("notes", {"text": "one\0two"}),
        ("acknowledge", {"note": "\0"}),
    ],
)
def test_what_makes_no_sense_is_refused(desk, path, body):
    answer = desk.post(f"/alerts/{desk.incident.incident_id}/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "usage")
    assert desk.trail() == []


def test_what_is_over_is_not_acknowledged(desk, publish, make_publication, settings):
    for month in (2, 3):
        quiet = dict.fromkeys(
            [
                (region, horizon)
                for region in ("AA01", "AA02", "BB01", "BB02")
                for horizon in (1, 3)
            ],
            0.01,
        )
        stored = publish(make_publication(as_of=date(2022, month, 15), risk=quiet))
        with desk.database.write() as connection:
            evaluate_publication(connection, stored, settings=settings, now=desk.now)
    at = f"/alerts/{desk.incident.incident_id}"
    assert desk.post(f"{at}/acknowledge", {}).status_code == 409
    assert desk.post(f"{at}/notes", {"text": "It was market day"}).status_code == 200
    assert desk.post("/alerts/x/notes", {"text": "a"}).status_code == 404
    # The beginning of an id is for people at a command line.
    assert desk.post(f"{at[:-4]}/notes", {"text": "a"}).status_code == 404
