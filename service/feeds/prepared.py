"""Answers made ready: the messages of a file in one encoding, sent as they are."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Message

from service.feeds.addresses import FeedAddress
from service.feeds.files import StoredFile
from service.feeds.negotiation import choose_encoding, has_tag, is_unmodified, write_http_date

CACHE_LATEST = "public, max-age=60, must-revalidate"
_CACHE_DATED = "public, max-age=3600, must-revalidate"
_CACHE_REVISION = "public, max-age=31536000, immutable"
_MAX_VARIANTS = 32

_SHOWN_IN_PLACE = (
    *("text/html", "application/json", "application/geo+json"),
    *("application/atom+xml", "application/cap+xml"),
)

ALWAYS: dict[str, str] = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "etag, last-modified, content-disposition",
    "x-content-type-options": "nosniff",
}
"""Headers of every answer: any web page may read a feed."""

# The bulletin is a page without scripts; its picture and style are part of it.
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Variant:
    """A file in one encoding.

    Attributes:
        tag: Its entity tag.
        full: The start of the answer with the bytes.
        body: The bytes.
        unchanged: The start of the answer without them, 304.
    """

    tag: bytes
    full: Message
    body: Message
    unchanged: Message


class PreparedFile:
    """All answers that one address has at the moment.

    Args:
        found: The file.
        address: The address that it was asked for under.
    """

    def __init__(self, found: StoredFile, address: FeedAddress) -> None:
        self.found = found
        self._address = address
        self._by_encoding: dict[str, Variant] = {}
        self._by_header: dict[bytes, Variant] = {}

    def choose(self, accept_encoding: bytes) -> Variant:
        """Returns the variant that a request with this header is answered with."""
        known = self._by_header.get(accept_encoding)
        if known is not None:
            return known
        encoding = choose_encoding(accept_encoding.decode("latin-1"), tuple(self.found.bodies))
        variant = self._by_encoding.get(encoding)
        if variant is None:
            variant = self._by_encoding[encoding] = _write_variant(
                self.found, self._address, encoding
            )
        if len(self._by_header) < _MAX_VARIANTS:  # Clients choose what they send.
            self._by_header[accept_encoding] = variant
        return variant

    def is_known(self, if_none_match: bytes | None, if_modified_since: bytes | None) -> bool:
        """Returns True if a request with these headers has the file already."""
        if if_none_match is not None:  # It wins over the date: section 13.1.3 of RFC 9110.
            return has_tag(if_none_match.decode("latin-1"), self.found.tags)
        if if_modified_since is None:
            return False
        return is_unmodified(if_modified_since.decode("latin-1"), self.found.modified_at)


def _write_variant(found: StoredFile, address: FeedAddress, encoding: str) -> Variant:
    tag, body = found.tag_of(encoding), found.bodies[encoding]
    unchanged = {
        "access-control-allow-origin": "*",
        "etag": tag,
        "cache-control": _cache_control(address),
        "vary": "accept-encoding",
    }
    headers = ALWAYS | unchanged | {"last-modified": write_http_date(found.modified_at)}
    in_place = found.media_type.startswith(_SHOWN_IN_PLACE) or found.media_type.endswith("/pdf")
    more = {
        "content-type": found.media_type,
        "content-disposition": (
            f'{"inline" if in_place else "attachment"}; filename="{found.file_name}"'
        ),
        "content-length": str(len(body)),
    }
    if encoding != "identity":
        more["content-encoding"] = encoding
    if found.media_type.startswith("text/html"):
        more["content-security-policy"] = _PAGE_POLICY
    return Variant(
        tag=tag.encode(),
        full=write_start(200, headers | more),
        body={"type": "http.response.body", "body": body},
        unchanged=write_start(304, unchanged),
    )


def write_start(status: int, headers: dict[str, str]) -> Message:
    """Returns the ASGI message that begins an answer."""
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": fields}


def _cache_control(address: FeedAddress) -> str:
    if address.message is not None:
        return _CACHE_REVISION
    if address.as_of is None:
        return CACHE_LATEST
    return _CACHE_DATED if address.revision is None else _CACHE_REVISION
