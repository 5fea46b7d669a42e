"""Keys of the API: made once, stored as a digest, refused without a reason that helps a thief."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import event, select

from data.errors import Conflict, KeyInvalid, UnknownName, UsageError
from service.alerts.audit import list_actions, verify_audit
from service.api.access import PROTECTED, require_scope
from service.api.context import ApiContext
from service.api.handlers import install_problem_handlers
from service.api.openapi import build_openapi
from service.api.problem_schema import declare_problems
from service.keys import TRIES_A_MINUTE, Caller, identify, list_keys, make_key, revoke_key
from service.tables import api_keys

pytestmark = pytest.mark.both_databases


@pytest.fixture
def make(database, now):
    def make(name="desk", scopes=("alerts:act",), expires_at=None):
        with database.write() as connection:
            return make_key(connection, name, scopes, actor="awa", expires_at=expires_at, now=now)

    return make


def test_a_key_says_whose_it_is_and_is_not_stored(database, make, now):
    secret = make(scopes=("alerts:act", "events:write", "alerts:act"))
    assert identify(database, secret, now) == Caller(
        "desk", frozenset({"alerts:act", "events:write"})
    )
    with database.read() as connection:
        (row,) = connection.execute(select(api_keys)).all()
        trail = list_actions(connection)
        assert verify_audit(connection).is_good
        (listed,) = list_keys(connection)
    assert listed.last_used == now.date()
    assert listed.prefix == secret.split("_")[1]
    random_part = secret.split("_", 2)[2]
    assert random_part not in repr(row) + repr(trail) + repr(listed)
    assert (trail[0].actor, trail[0].action, trail[0].subject) == ("awa", "create_key", "desk")


def test_two_keys_have_nothing_in_common(make):
    first, second = make("a"), make("b")
    assert len({*first.split("_", 2), *second.split("_", 2)}) == 5


def test_a_key_ends_when_it_expires_or_is_revoked(database, make, now):
    ends = now + timedelta(days=1)
    expiring, revoked = make("a", expires_at=ends), make("b")
    assert identify(database, expiring, ends - timedelta(seconds=1)).name == "a"
    with pytest.raises(KeyInvalid):
        identify(database, expiring, ends)
    with database.write() as connection:
        revoke_key(connection, "b", actor="awa", now=now)
    with pytest.raises(KeyInvalid):
        identify(database, revoked, now)
    with database.read() as connection:
        assert list_actions(connection)[0].action == "revoke_key"
    with database.write() as connection, pytest.raises(Conflict):
        revoke_key(connection, "b", actor="awa", now=now)
    with database.write() as connection, pytest.raises(UnknownName):
        revoke_key(connection, "c", actor="awa", now=now)


def test_a_key_that_differs_in_one_character_is_nobodys(database, make, now):
    secret = make()
    for position in range(len(secret)):
        other = "A" if secret[position] != "A" else "B"
        with pytest.raises(KeyInvalid):
            identify(database, secret[:position] + other + secret[position + 1 :], now)
    for wrong in ("", secret + "x", secret[:-1], secret.upper(), "é" * 60):
        with pytest.raises(KeyInvalid):
            identify(database, wrong, now)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"name": ""}, UsageError),
        ({"name": "a b"}, UsageError),
        ({"name": "x" * 49}, UsageError),
        ({"scopes": ()}, UsageError),
        ({"scopes": ("alerts:act", "root")}, UsageError),
        ({"expires_at": datetime(2022, 1, 16, 6, tzinfo=UTC)}, UsageError),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(make, options, error):
    with pytest.raises(error):
        make(**options)


def test_a_name_is_used_once(database, make, now):
    make("a")
    with database.write() as connection:
        revoke_key(connection, "a", actor="awa", now=now)
    with pytest.raises(Conflict):
        make("a")


def test_the_day_of_use_is_written_once_a_day(database, make, now):
    secret = make()
    written = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE api_keys"):
            written.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    for hours, n_written in ((0, 1), (3, 1), (24, 2), (25, 2)):
        identify(database, secret, now + timedelta(hours=hours))
        assert len(written) == n_written
    with database.read() as connection:
        assert list_keys(connection)[0].last_used == date(2022, 1, 17)


@pytest.fixture
def desk(database, settings, clock, browse):
    """An application with one address that needs a key."""
    context = ApiContext(database, settings, clock)
    router = APIRouter(prefix="/api/v1")

    @router.get("/who", responses=declare_problems(*PROTECTED))
    def who(caller: Caller = require_scope(context, "alerts:act")) -> str:
        return caller.actor

    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(router)
    client = browse(app)
    client.document = build_openapi(router)
    return client


def ask(desk, key=None, scheme="Bearer"):
    headers = {} if key is None else {"authorization": f"{scheme} {key}"}
    return desk.get("/api/v1/who", headers=headers)


def test_an_address_asks_for_a_key_and_its_scope(desk, make):
    assert ask(desk, make()).json() == "key:desk"
    missing = ask(desk)
    assert (missing.status_code, missing.json()["code"]) == (401, "key_missing")
    assert missing.headers["www-authenticate"] == 'Bearer realm="tocsin"'
    assert ask(desk, "abc", "Basic").json()["code"] == "key_missing"
    wrong = ask(desk, "tocsin_00000000_" + "x" * 43)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "key_invalid")
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    narrow = ask(desk, make("other", ("events:write",)))
    assert (narrow.status_code, narrow.json()["code"]) == (403, "scope_missing")
    assert 'scope="alerts:act"' in narrow.headers["www-authenticate"]
    assert narrow.headers["content-type"] == "application/problem+json"


def test_many_wrong_keys_are_not_looked_up(desk, make):
    secret = make()
    codes = {ask(desk, f"wrong-{number}").json()["code"] for number in range(TRIES_A_MINUTE)}
    assert codes == {"key_invalid"}
    stopped = ask(desk, secret)
    assert (stopped.status_code, stopped.json()["code"]) == (429, "too_many_tries")
    assert stopped.headers["retry-after"] == "60"


def test_the_document_names_the_scheme_and_the_scope(desk):
    operation = desk.document["paths"]["/api/v1/who"]["get"]
    assert operation["security"] == [{"key": ["alerts:act"]}]
    scheme = desk.document["components"]["securitySchemes"]["key"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert {"401", "403", "429"} <= set(operation["responses"])
