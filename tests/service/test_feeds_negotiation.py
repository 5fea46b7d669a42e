"""What a request accepts and what it has: pure decisions of HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.feeds.negotiation import choose_encoding, has_tag, is_unmodified

PLAIN = {"accept-encoding": "identity"}


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5, br;q=0.4", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=0", "identity"),
        ("x-gzip", "gzip"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("gzip;q=0.2, identity;q=0.8", "identity"),
        ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
        ("gzip;q=nonsense", "identity"),
        ("br", "br"),
    ],
)
def test_the_encoding_that_the_client_prefers_is_sent(header, chosen):
    assert choose_encoding(header, ("br", "gzip", "identity")) == chosen


@pytest.mark.parametrize("header", ["br, gzip", "*", ""])
def test_what_is_not_worth_compressing_goes_out_plain(header):
    assert choose_encoding(header, ("identity",)) == "identity"


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"x", "b"', True),
        ("*", True),
        ('"x"', False),
        ("a", False),
        ("", False),
    ],
)
def test_tags_are_compared_weakly(header, known):
    assert has_tag(header, ('"a"', '"b"')) is known


@pytest.mark.parametrize(
    "header",
    [
        "",
        "yesterday",
        "Sun, 99 Jan 2022 06:00:00 GMT",
        "2022-01-16",
        "Sat, 15 Jan 99999999999999999999 06:00:00 GMT",
        "Sat, 15 Jan 2022 06:00:00 +99999999999999999999",
    ],
)
def test_a_date_that_is_none_proves_nothing(header):
    assert not is_unmodified(header, datetime(1970, 1, 1, tzinfo=UTC))
