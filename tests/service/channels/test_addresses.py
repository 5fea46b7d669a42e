"""Hostile addresses: nothing but the public internet is ever accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import Refused, SourceUnavailable
from service.channels.addresses import check_addresses, read_target, resolve_by_system

UNREADABLE_URLS = [
    "",
    "hooks.example.org/x",
    "//hooks.example.org/x",
    "http://hooks.example.org/x",
    "HTTP://hooks.example.org/x",
    "ftp://hooks.example.org/x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/_",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "https://",
    "https:///etc/passwd",
    "https:hooks.example.org",
    "https://:443/",
    "https://user@hooks.example.org/",
    "https://user:pass@hooks.example.org/",
    "https://@127.0.0.1/",
    "https://hooks.example.org@127.0.0.1/",
    "https://hooks.example.org:443@127.0.0.1/",
    "https://hooks.example.org%40127.0.0.1/",
    "https://127.0.0.1#@hooks.example.org/",
    "https://hooks.example.org/#x",
    "https://127.0.0.1\\@hooks.example.org/",
    "https://hooks.example.org\\.127.0.0.1/",
    "https://hooks.example.org /",
    " https://hooks.example.org/",
    "https://hooks.example.org/a b",
    "https://hooks.example.org/\r\nX-Header: 1",
    "https://hooks.example.org/\t",
    "https://hooks.example.org/\x00",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.0x1/",
    "https://0/",
    "https://127.0.0.1./",
    "https://localhost./",
    "https://hooks.example.org./",
    "https://hooks.example.org../",
    "https://%31%32%37.0.0.1/",
    "https://%6c%6f%63alhost/",
    "https://１２７.0.0.1/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://exämple.org/",
    "https://127。0。0。1/",
    "https://[::1/",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://hooks.example.org:0/",
    "https://hooks.example.org:65536/",
    "https://hooks.example.org:99999/",
    "https://hooks.example.org:port/",
    "https://hooks.example.org:-1/",
]


@pytest.mark.parametrize("url", UNREADABLE_URLS)
def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        read_target(url, allow_loopback=False)
    assert "example" not in str(caught.value)
    assert "127" not in str(caught.value)


def test_loopback_lets_plain_http_be_read_and_nothing_else() -> None:
    readable = [url for url in UNREADABLE_URLS if is_readable(url, allow_loopback=True)]
    assert readable == ["http://hooks.example.org/x", "HTTP://hooks.example.org/x"]


def is_readable(url: str, *, allow_loopback: bool) -> bool:
    try:
        read_target(url, allow_loopback=allow_loopback)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://hooks.example.org", "hooks.example.org", 443, "/", "hooks.example.org"),
        ("https://Hooks.Example.org:443/a?b=c%20d", "hooks.example.org", 443, "/a?b=c%20d",
         "hooks.example.org"),
        ("https://hooks.example.org:8443/a", "hooks.example.org", 8443, "/a",
         "hooks.example.org:8443"),
        ("https://xn--exmple-cua.org/", "xn--exmple-cua.org", 443, "/", "xn--exmple-cua.org"),
        ("https://93.184.215.14/", "93.184.215.14", 443, "/", "93.184.215.14"),
        ("https://[2606:2800::1]:8443/", "2606:2800::1", 8443, "/", "[2606:2800::1]:8443"),
        ("https://hooks.example.org/@me", "hooks.example.org", 443, "/@me", "hooks.example.org"),
    ],
)  # fmt: skip
def test_a_plain_url_is_read(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = read_target(url, allow_loopback=False)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert (target.authority, target.is_tls) == (authority, True)


NOT_GLOBAL = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "168.63.129.16",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:db8::1", "2001::1", "100::1", "4000::1", "5f00::1",
    "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_GLOBAL)
@pytest.mark.parametrize("friend", [[], ["93.184.215.14"]])
def test_one_address_that_is_not_global_condemns_the_host(address: str, friend: list[str]) -> None:
    for addresses in ([*friend, address], [address, *friend]):
        with pytest.raises(Refused):
            check_addresses(addresses, is_tls=True, allow_loopback=False)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:2800::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_global_addresses_pass_over_tls_only(address: str) -> None:
    assert check_addresses([address], is_tls=True, allow_loopback=False) == (address,)
    with pytest.raises(Refused, match="Plain http"):
        check_addresses([address], is_tls=False, allow_loopback=True)


def test_loopback_passes_only_where_it_is_allowed() -> None:
    passing = {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"}
    for address in NOT_GLOBAL:
        try:
            check_addresses([address], is_tls=False, allow_loopback=True)
        except Refused:
            assert address not in passing
        else:
            assert address in passing


def test_no_address_is_no_host() -> None:
    with pytest.raises(SourceUnavailable):
        check_addresses([], is_tls=True, allow_loopback=False)


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_passes(address: object) -> None:
    try:
        check_addresses([str(address)], is_tls=True, allow_loopback=False)
    except Refused:
        return
    assert not address.is_private  # type: ignore[attr-defined]
    assert not address.is_multicast  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1"])
def test_what_the_system_makes_of_odd_numbers_would_be_refused_too(host: str) -> None:
    found = resolve_by_system(host, 443)
    assert found == ["127.0.0.1"]
    with pytest.raises(Refused):
        check_addresses(found, is_tls=True, allow_loopback=False)
