"""Which addresses may be called: hosts of the public internet, and nothing that is near us.

A user-supplied URL must not reach what only this machine can reach (server-side request forgery).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from data.errors import Refused, SourceUnavailable

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the numeric addresses of a host; raises `OSError` if it has none."""

_ALLOCATED_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Global by the registries, wholly or in part, yet no place of a receiver: the wire server of Azure,
# protocol assignments (among them a metadata service), 6to4 with its relays, Teredo.
_NEAR = tuple(
    map(
        ip_network,
        ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16"),
    )
)
_NUMBER_LIKE = re.compile(r"^(0[xX][0-9a-fA-F]*|[0-9]+)$")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True)
class Target:
    """A URL that may be looked up.

    Attributes:
        is_tls: True for https.
        host: Host name in ASCII, or a numeric address without brackets.
        port: Port.
        path: Path and query.
        authority: Value of the header `Host`.
    """

    is_tls: bool
    host: str
    port: int
    path: str
    authority: str


def read_target(url: str, *, allow_loopback: bool) -> Target:
    """Returns the parts of a URL.

    Args:
        url: The address that a user supplied.
        allow_loopback: Accept plain http too; where it leads is checked before the call.

    Raises:
        Refused: The URL is not https, has credentials or a fragment, or writes its host in a way
            that different parsers read differently. The message does not hold the URL.
    """
    if _FORBIDDEN.search(url) or not url.isascii():
        raise Refused("The address holds a space, a control character or a letter beyond ASCII.")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise Refused("The address cannot be read as a URL.") from None
    if parsed.scheme != "https" and not (allow_loopback and parsed.scheme == "http"):
        raise Refused("The address must begin with https://.")
    if not host:
        raise Refused("The address names no host.")
    # An @ anywhere before the path: some parsers see an empty user where others see none.
    if parsed.userinfo or "@" in url.split("://", 1)[1].split("/", 1)[0]:
        raise Refused("The address must not hold a user name or a password.")
    if parsed.fragment or "#" in url:
        raise Refused("The address must not hold a fragment (#).")
    if "%" in host or host.endswith("."):
        raise Refused("The host of the address is written in an unusual way.")
    if ":" not in host and _NUMBER_LIKE.match(host.rpartition(".")[2]):
        try:
            IPv4Address(host)
        except ValueError:
            raise Refused("A numeric host must be written as four decimal numbers.") from None
    is_tls = parsed.scheme == "https"
    port = parsed.port if parsed.port is not None else (443 if is_tls else 80)
    if not 0 < port < 65_536:
        raise Refused("The port of the address does not exist.")
    return Target(
        is_tls=is_tls,
        host=host,
        port=port,
        path=parsed.raw_path.decode("ascii"),
        authority=parsed.netloc.decode("ascii"),
    )


def resolve_by_system(host: str, port: int) -> list[str]:
    """Returns the addresses that the operating system knows for a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def check_addresses(
    addresses: Sequence[str], *, is_tls: bool, allow_loopback: bool
) -> tuple[str, ...]:
    """Returns the addresses of a host, if every one of them may be dialled.

    One bad address condemns the host: which one would be dialled must not matter.

    Raises:
        Refused: An address is neither global nor, where that is allowed, loopback; or plain http
            would leave this machine.
        SourceUnavailable: There is no address.
    """
    if not addresses:
        raise SourceUnavailable("The host has no address.")
    for text in addresses:
        address = _unwrap(text)
        if allow_loopback and address.is_loopback:
            continue
        if not _is_global(address):
            raise Refused("The host resolves to an address that is not on the public internet.")
        if not is_tls:
            raise Refused("Plain http is allowed on this machine only.")
    return tuple(addresses)


def _unwrap(text: str) -> IPv4Address | IPv6Address:
    """Returns the address that is reached in the end: IPv6 may carry an IPv4 address inside."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        raise Refused("The host resolves to something that is no address.") from None
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFF_FFFF)
    return inner or address


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _ALLOCATED_IPV6:
        return False
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return address.is_global and not any(address in network for network in _NEAR)
