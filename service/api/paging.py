"""Cursors: where a list goes on, opaque to the caller and tied to what was asked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from data.errors import UsageError


@dataclass(frozen=True)
class Cursor:
    """Where a walk through scores stands.

    Attributes:
        publication_id: The publication that the walk began in: a correction in between changes
            nothing for it.
        position: Position of the last score that was given.
        filters: Digest of the filters that the walk began with.
    """

    publication_id: int
    position: int
    filters: str


def digest_filters(filters: dict[str, Any]) -> str:
    """Returns a short digest of filters, the same whatever their order."""
    text = json.dumps(filters, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_cursor(cursor: Cursor) -> str:
    """Returns the cursor as a word that can stand in an address."""
    content = json.dumps([cursor.publication_id, cursor.position, cursor.filters])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(text: str, filters: str) -> Cursor:
    """Returns the cursor that `write_cursor` wrote.

    Args:
        text: The word.
        filters: Digest of the filters of this request.

    Raises:
        UsageError: It is no such word, or belongs to other filters.
    """
    try:
        content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        publication_id, position, written_for = content
        cursor = Cursor(int(publication_id), int(position), str(written_for))
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise UsageError(
            "The cursor cannot be read.", "Use `next_cursor` of the answer before, unchanged."
        ) from None
    # Anybody can write a cursor: no database takes a number that is longer than this.
    is_place = all(0 <= one < 2**63 for one in (cursor.publication_id, cursor.position))
    if cursor.filters != filters or not is_place:
        raise UsageError(
            "The cursor belongs to other filters.", "Keep the filters while following a cursor."
        )
    return cursor
