"""What a request accepts and what it has: pure decisions of HTTP (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_SAME_AS = {"x-gzip": "gzip"}
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def choose_encoding(accept_encoding: str, available: Sequence[str]) -> str:
    """Returns the content encoding that the header Accept-Encoding prefers among those there are.

    Args:
        accept_encoding: The header; empty if the request has none.
        available: Encodings, the best first, `identity` last.
    """
    weights = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights[_SAME_AS.get(name, name)] = _read_weight(parameters)
    anything = weights.get("*", 0.0)
    plain = weights.get("identity", 0.0)
    best, best_weight = "identity", 0.0
    for encoding in available:
        weight = weights.get(encoding, anything)
        if encoding != "identity" and weight > best_weight and weight >= plain:
            best, best_weight = encoding, weight
    return best


def _read_weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def has_tag(if_none_match: str, etags: tuple[str, ...]) -> bool:
    """Returns True if the header names one of the tags, compared weakly, or is `*`."""
    return if_none_match.strip() == "*" or not set(_TAG.findall(if_none_match)).isdisjoint(etags)


def is_unmodified(if_modified_since: str, modified_at: datetime) -> bool:
    """Returns True if nothing changed after the moment of the header; False if it is no date."""
    try:
        since = parsedate_to_datetime(if_modified_since)
    except (ValueError, OverflowError):
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return modified_at <= since


def write_http_date(moment: datetime) -> str:
    """Returns `Sat, 15 Jan 2022 06:00:00 GMT`."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
