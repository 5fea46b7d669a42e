"""The guarded client and transport: the only ways to an address that a user supplied.

https only; every address that the host resolves to is global; the checked address is the one that
is dialled, while certificate, SNI and the header `Host` keep the name; no redirects, no proxies; a
small answer within a deadline. The check sits where the connection is made, so there is no second
look-up that could answer differently (DNS rebinding).
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from data.errors import SourceUnavailable
from service.channels.addresses import (
    Resolve,
    check_addresses,
    read_target,
    resolve_by_system,
)

MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What a receiver answered.

    Attributes:
        status: HTTP status.
        headers: Header fields, names in lower case.
        body: At most 64 kB of the body, as sent.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class GuardedClient:
    """Posts to foreign hosts.

    Args:
        allow_loopback: Let addresses of this machine be called, also by plain http.
        resolve: Look-up of host names.
        timeout_seconds: Longest wait for a connection, and for each read and write.
        deadline_seconds: Longest time for connection and answer together, so that a receiver that
            drips byte by byte cannot hold a worker.
        ssl_context: Trusted certificates; the default are those of httpx.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        resolve: Resolve = resolve_by_system,
        timeout_seconds: float = 10.0,
        deadline_seconds: float = 20.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds
        self._ssl_context = ssl_context

    def post(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Returns the answer to a POST; a redirect is an answer like any other.

        Raises:
            Refused: The URL, or an address that its host resolves to, may not be called.
            SourceUnavailable: The host cannot be found or reached, or does not answer in time.
        """
        target = read_target(url, allow_loopback=self._allow_loopback)
        backend = _GuardedBackend(
            self._resolve,
            is_tls=target.is_tls,
            allow_loopback=self._allow_loopback,
            ends_at=time.monotonic() + self._deadline_seconds,
        )
        address = httpcore.URL(
            scheme="https" if target.is_tls else "http",
            host=target.host,
            port=target.port,
            target=target.path,
        )
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._timeout_seconds)
        fields = {**headers, "Host": target.authority, "Connection": "close"}
        try:
            with httpcore.ConnectionPool(
                ssl_context=self._context() if target.is_tls else None, network_backend=backend
            ) as pool:
                with pool.stream(
                    "POST",
                    address,
                    headers=list(fields.items()),
                    content=content,
                    extensions={"timeout": timeout},
                ) as response:
                    return _read_answer(response)
        except httpcore.TimeoutException:
            raise SourceUnavailable("The receiver did not answer in time.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as problem:
            raise SourceUnavailable(f"The call failed: {_describe(problem)}.") from None

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            self._ssl_context = httpx.create_ssl_context()
        return self._ssl_context


class GuardedTransport(httpx.HTTPTransport):
    """Lets an HTTP client call only addresses that were checked, redirects included.

    Args:
        allow_loopback: Let addresses of this machine be called, also by plain http.
        resolve: Look-up of host names.
    """

    def __init__(
        self, *, allow_loopback: bool = False, resolve: Resolve = resolve_by_system
    ) -> None:
        super().__init__(trust_env=False)
        self._allow_loopback = allow_loopback
        self._pools = {
            is_tls: httpcore.ConnectionPool(
                ssl_context=httpx.create_ssl_context(trust_env=False),
                network_backend=_GuardedBackend(
                    resolve, is_tls=is_tls, allow_loopback=allow_loopback, ends_at=math.inf
                ),
            )
            for is_tls in (True, False)
        }

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Returns the answer to a request.

        Raises:
            Refused: The URL, or an address that its host resolves to, may not be called.
            SourceUnavailable: The host cannot be found.
        """
        target = read_target(str(request.url), allow_loopback=self._allow_loopback)
        self._pool = self._pools[target.is_tls]
        return super().handle_request(request)

    def close(self) -> None:
        """Closes all connections."""
        for pool in self._pools.values():
            pool.close()


class _GuardedBackend(httpcore.NetworkBackend):
    """Dials only addresses that were checked, and ends every wait at the deadline."""

    def __init__(
        self, resolve: Resolve, *, is_tls: bool, allow_loopback: bool, ends_at: float
    ) -> None:
        self._resolve = resolve
        self._is_tls = is_tls
        self._allow_loopback = allow_loopback
        self._ends_at = ends_at
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise SourceUnavailable("The host cannot be found.") from None
        addresses = check_addresses(found, is_tls=self._is_tls, allow_loopback=self._allow_loopback)
        for place, address in enumerate(addresses, start=1):
            try:
                stream = self._inner.connect_tcp(
                    address, port, _remaining(self._ends_at, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
            else:
                return _DeadlineStream(stream, self._ends_at)
        raise SourceUnavailable("The host has no address.")


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline of the whole call."""

    def __init__(self, inner: httpcore.NetworkStream, ends_at: float) -> None:
        self._inner = inner
        self._ends_at = ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _remaining(self._ends_at, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _remaining(self._ends_at, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        wait = _remaining(self._ends_at, timeout)
        return _DeadlineStream(
            self._inner.start_tls(ssl_context, server_hostname, wait), self._ends_at
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _remaining(ends_at: float, timeout: float | None) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left if timeout is None else min(left, timeout)


def _read_answer(response: httpcore.Response) -> Answer:
    body = b""
    for part in response.iter_stream():
        body += part
        if len(body) >= MAX_ANSWER_BYTES:
            break
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    return Answer(response.status, headers, body[:MAX_ANSWER_BYTES])


def _describe(problem: Exception) -> str:
    """Returns the kind of a failure; its text may hold the address, which can be a secret."""
    cause = problem.__cause__ or problem.__context__ or problem
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "the certificate of the receiver is not valid for it"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(problem).__name__
