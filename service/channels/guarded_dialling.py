"""The guard for a library that opens its own connections: it checks where each one goes.

The check sits in the interpreter, at the moment a socket dials. So it sees the numeric address that
is reached in the end, whatever a name resolved to before and whatever redirect led there.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

from data.errors import Refused
from service.channels.addresses import check_addresses


@dataclass
class Dialling:
    """What happens while connections are guarded.

    Attributes:
        is_tls: Whether the calls are encrypted; plain ones must not leave this machine.
        allow_loopback: Let addresses of this machine be called.
        refusal: Why a connection was refused, the last one; None if none was.
    """

    is_tls: bool
    allow_loopback: bool
    refusal: Refused | None = None


_DIALLING: ContextVar[Dialling | None] = ContextVar("_DIALLING", default=None)


@contextmanager
def guard_dialling(*, is_tls: bool, allow_loopback: bool) -> Iterator[Dialling]:
    """Lets this thread connect only to addresses that a user-supplied URL may reach.

    A connection to any other fails like one that nobody answers, so that the library handles it as
    it handles every failure; `refusal` then says why.

    Args:
        is_tls: Whether the calls are encrypted.
        allow_loopback: Let addresses of this machine be called, also by plain http.
    """
    _watch_sockets()
    dialling = Dialling(is_tls, allow_loopback)
    token = _DIALLING.set(dialling)
    try:
        yield dialling
    finally:
        _DIALLING.reset(token)


@cache
def _watch_sockets() -> None:
    # A hook cannot be taken away again, so it is set once, when it is first needed.
    sys.addaudithook(_check_event)


def _check_event(event: str, arguments: tuple[object, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return
    dialling = _DIALLING.get()
    if dialling is None:
        return
    address = arguments[1]
    if address is None:  # `sendmsg` on a socket that is connected, and so was checked.
        return
    host = address[0] if isinstance(address, tuple) else address
    try:
        check_addresses([str(host)], is_tls=dialling.is_tls, allow_loopback=dialling.allow_loopback)
    except Refused as refusal:
        dialling.refusal = refusal
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused") from None
