"""Keys of the API: who may do what is not open to everybody.

A key is `tocsin_`, eight characters that may be shown, and 256 random bits. Only its SHA-256 is
stored, so it is shown once, when it is made. A key is never changed: a lost or leaked one is
revoked, and another made.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, insert, select, update

from data.database import Database
from data.errors import Conflict, KeyInvalid, TooManyTries, UnknownName, UsageError
from service.alerts.audit import record_action
from service.tables import api_keys

SCOPES: dict[str, str] = {
    "alerts:act": "acknowledge, silence, assign, note, replay dead letters",
    "events:write": "send events",
    "operations:read": "read contact points, messages and the audit trail",
    "rules:write": "apply alert rules",
}
"""What a key may be allowed, each for itself; whatever is not listed here needs no key."""

TRIES_A_MINUTE = 60
_MINUTE = timedelta(minutes=1)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")
_KEY = re.compile(r"tocsin_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
_NO_DIGEST = "0" * 64


@dataclass(frozen=True)
class Caller:
    """Whoever holds a key.

    Attributes:
        name: Name of the key.
        scopes: What it may do.
    """

    name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How the audit trail names it: apart from names that were only claimed."""
        return f"key:{self.name}"


@dataclass(frozen=True)
class ApiKey:
    """A key as it is listed.

    Attributes:
        name: Its name, never used twice.
        prefix: The eight characters that may be shown.
        scopes: What it may do, sorted.
        created_at: When it was made, UTC.
        expires_at: From when it does not hold any more; None: never.
        revoked_at: When it was revoked; None: it was not.
        last_used: The last day on which it was used, UTC; None: not yet.
    """

    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used: date | None

    def holds(self, now: datetime) -> bool:
        """Returns True if it opens anything at that moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def make_key(
    connection: Connection,
    name: str,
    scopes: Collection[str],
    *,
    actor: str,
    expires_at: datetime | None,
    now: datetime,
) -> str:
    """Makes a key and returns it: nobody can find it out again.

    Args:
        connection: A write transaction.
        name: Its name: letters, digits, `.`, `_`, `-`, at most 48.
        scopes: What it may do; keys of `SCOPES`.
        actor: Who makes it.
        expires_at: From when it does not hold any more; None: never.
        now: The present moment.

    Raises:
        UsageError: The name or a scope is none, or it would have expired already.
        Conflict: A key of that name was made before.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot name a key.", "Use letters, digits, '.', '_' and '-', at most 48."
        )
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        said = f"There is no scope '{unknown[0]}'." if unknown else "A key needs a scope."
        raise UsageError(said, f"Scopes: {', '.join(SCOPES)}.")
    if expires_at is not None and expires_at <= now:
        raise UsageError("The key would have expired already.", "Choose a later day.")
    if connection.execute(select(api_keys.c.name).where(api_keys.c.name == name)).first():
        raise Conflict(f"A key '{name}' was made before.", "Choose another name.")
    prefix = secrets.token_hex(4)
    secret = f"tocsin_{prefix}_{secrets.token_urlsafe(32)}"
    allowed = sorted(set(scopes))
    connection.execute(
        insert(api_keys).values(
            name=name,
            prefix=prefix,
            digest=_digest(secret),
            scopes=allowed,
            created_at=now,
            expires_at=expires_at,
        )
    )
    record_action(
        connection,
        actor=actor,
        action="create_key",
        subject=name,
        detail={"prefix": prefix, "scopes": allowed, "expires": _iso(expires_at)},
        now=now,
    )
    return secret


def revoke_key(connection: Connection, name: str, *, actor: str, now: datetime) -> None:
    """Ends a key now, for good.

    Raises:
        UnknownName: There is no such key.
        Conflict: It was revoked before.
    """
    this = api_keys.c.name == name
    row = connection.execute(select(api_keys.c.revoked_at).where(this)).one_or_none()
    if row is None:
        raise UnknownName(f"There is no key '{name}'.", "See `tocsin keys list`.")
    if row.revoked_at is not None:
        raise Conflict(f"Key '{name}' was revoked at {_iso(row.revoked_at)}.")
    connection.execute(update(api_keys).where(this).values(revoked_at=now))
    record_action(connection, actor=actor, action="revoke_key", subject=name, detail={}, now=now)


def list_keys(connection: Connection, name: str | None = None) -> tuple[ApiKey, ...]:
    """Returns all keys, or the one of a name; those that do not hold any more too, by name."""
    query = select(api_keys).order_by(api_keys.c.name)
    if name is not None:
        query = query.where(api_keys.c.name == name)
    return tuple(
        ApiKey(
            name=row.name,
            prefix=row.prefix,
            scopes=tuple(row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used=row.last_used,
        )
        for row in connection.execute(query)
    )


def identify(database: Database, secret: str, now: datetime) -> Caller:
    """Returns whose key it is, and notes the day of its use.

    Args:
        database: The database.
        secret: The key as it came.
        now: The present moment.

    Raises:
        KeyInvalid: Nobody's; or it has expired or was revoked, which is told apart by nobody.
    """
    shape = _KEY.fullmatch(secret)
    with database.read() as connection:
        row = connection.execute(
            select(api_keys).where(api_keys.c.prefix == (shape[1] if shape else ""))
        ).one_or_none()
    # Compared in every case: the time taken tells nothing about prefixes.
    is_equal = hmac.compare_digest(_digest(secret), _NO_DIGEST if row is None else row.digest)
    has_ended = row is not None and (
        row.revoked_at is not None or (row.expires_at is not None and now >= row.expires_at)
    )
    if row is None or not is_equal or has_ended:
        raise KeyInvalid(
            "The key is unknown, has expired or was revoked.", "Ask the operator for another."
        )
    if row.last_used != now.date():
        with database.write() as connection:
            connection.execute(
                update(api_keys).where(api_keys.c.name == row.name).values(last_used=now.date())
            )
    return Caller(row.name, frozenset(row.scopes))


def find_holder(connection: Connection, name: str, now: datetime) -> Caller | None:
    """Returns who holds the key of a name, if it holds at that moment; else None."""
    for key in list_keys(connection, name):
        if key.holds(now):
            return Caller(key.name, frozenset(key.scopes))
    return None


@dataclass
class FailedTries:
    """Wrong keys of the last minute by address, in this process.

    It spares the database, not the keys: 256 bits are not guessed.
    """

    _by_address: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def check(self, address: str, now: datetime) -> None:
        """Does nothing as long as few wrong keys came from there.

        Raises:
            TooManyTries: `TRIES_A_MINUTE` wrong keys came from there within the last minute.
        """
        with self._lock:
            if len(self._recent(address, now)) >= TRIES_A_MINUTE:
                raise TooManyTries(
                    f"{TRIES_A_MINUTE} wrong keys came from here within a minute.",
                    "Wait a minute, and check the key.",
                )

    def add(self, address: str, now: datetime) -> None:
        """Counts a wrong key."""
        with self._lock:
            self._recent(address, now).append(now)
            for other in [key for key in self._by_address if not self._recent(key, now)]:
                del self._by_address[other]

    def _recent(self, address: str, now: datetime) -> deque[datetime]:
        tries = self._by_address.setdefault(address, deque(maxlen=TRIES_A_MINUTE))
        while tries and tries[0] <= now - _MINUTE:
            tries.popleft()
        return tries


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
