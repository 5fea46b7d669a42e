"""POST /api/v1/events: what is taken, what is refused, and that a report takes nothing away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from data.quality import accept_held, list_examinations
from data.store import confidences_as_known, coverage_as_known, events_as_known, list_quarantine
from service.alerts.audit import list_actions
from service.keys import make_key

EVENT: dict[str, Any] = {
    "event_id": "desk-1",
    "date": "2022-01-03",
    "date_precision": 1,
    "latitude": 14.5,
    "longitude": -4.2,
    "where_precision": 1,
    "country": "MLI",
    "event_type": "one_sided",
    "fatalities_best": 4,
    "confidence": 0.6,
}


@pytest.fixture
def send(api, squares, now) -> Callable[..., Any]:
    with squares.write() as connection:
        secret = make_key(
            connection, "desk", ("events:write",), actor="t", expires_at=None, now=now
        )

    def post(*events: dict[str, Any], **members: Any) -> Any:
        body = {"events": [{**EVENT, **event} for event in events], **members}
        return api.request(
            "POST", "/api/v1/events", json=body, headers={"Authorization": f"Bearer {secret}"}
        )

    return post


def test_an_event_is_taken_with_its_confidence(send, squares, now):
    answer = send({}, {"event_id": "desk-2", "date": "2031-01-01"}, report="r1")
    told = answer.json()
    assert (answer.status_code, told["state"], told["n_added"]) == (200, "stored", 1)
    assert told["taken"] == ["desk-1"]
    (refused,) = told["refused"]
    assert (refused["position"], refused["event_id"]) == (2, "desk-2")
    assert refused["reason"] == "date_after_known_at"
    with squares.read() as connection:
        (event,) = events_as_known(connection, "reports", now.date()).to_dict("records")
        assert confidences_as_known(connection, "reports", now.date()) == {"desk-1": 0.6}
        assert coverage_as_known(connection, "reports", now.date()) == []
        (row,) = list_quarantine(connection, 1)
        newest = list_actions(connection)[0]
    assert (event["fatalities_low"], event["fatalities_high"]) == (4, 4)
    assert event["date_start"] == event["date"]
    assert row.reason == "date_after_known_at"
    assert (newest.actor, newest.action, newest.subject) == ("key:desk", "report_events", "r1")


def test_a_report_sent_twice_changes_nothing(send):
    assert send({}, report="r1").json()["state"] == "stored"
    assert send({}, report="r1").json()["state"] == "repeated"


def test_a_report_takes_nothing_away(send, squares, now, api):
    send({}, report="r1")
    told = send({"event_id": "desk-9", "latitude": 15}, report="r2").json()
    assert (told["n_added"], told["n_changed"]) == (1, 0)
    with squares.read() as connection:
        assert len(events_as_known(connection, "reports", now.date())) == 2
    # The clock of the test stands still: a correction at the very moment cannot be told apart.
    assert send({"fatalities_best": 9}, report="r3").status_code == 409
    assert send({"confidence": 0.9}, report="r4").status_code == 409


def test_a_suspicious_report_is_held(send, squares, now):
    same = [{"event_id": f"desk-{n}"} for n in range(10)]
    told = send(*same).json()
    assert (told["state"], told["n_added"], len(told["taken"])) == ("held", 0, 10)
    assert "repeated_events" in {finding["code"] for finding in told["findings"]}
    with squares.write() as connection:
        assert events_as_known(connection, "reports", now.date()).empty
        (held,) = list_examinations(connection, "held")
        accept_held(connection, held.examination_id, decided_at=now, note="seen")
        assert len(events_as_known(connection, "reports", now.date())) == 10
        assert len(confidences_as_known(connection, "reports", now.date())) == 10


@pytest.mark.parametrize(
    "bad",
    [
        {"confidence": 1.5},
        {"confidence": None},
        {"confidence": "0.5"},
        {"fatalities_best": 1.5},
        {"fatalities_best": "4"},
        {"fatalities_best": -1},
        {"date": 19000},
        {"date": "2022-01-03T10:00:00"},
        {"event_type": "riot"},
        {"event_id": "a b"},
        {"admin1": "a\u0000b"},
        {"country": "ml"},
        {"latitude": 91},
        {"date_precision": 6},
        {"surprise": 1},
    ],
)
def test_a_body_that_is_none(send, squares, now, bad):
    answer = send(bad)
    assert (answer.status_code, answer.json()["code"]) == (422, "usage")
    with squares.read() as connection:
        assert events_as_known(connection, "reports", now.date()).empty


def test_who_may_not_report(api, squares, now):
    assert api.request("POST", "/api/v1/events", json={"events": [EVENT]}).status_code == 401
    with squares.write() as connection:
        key = make_key(connection, "reader", ("alerts:act",), actor="t", expires_at=None, now=now)
    headers = {"Authorization": f"Bearer {key}"}
    answer = api.request("POST", "/api/v1/events", json={"events": [EVENT]}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert api.get("/api/v1/sources/reports/events").json()["code"] == "refused"
