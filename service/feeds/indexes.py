"""The lists under `/feeds/`: region sets, and the publications of one, with their addresses."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import Connection

from data.regions import list_set_names
from service.feeds.addresses import FeedAddress, write_address, write_index_address
from service.feeds.facts import write_moment
from service.feeds.files import explain_absence
from service.publications.rows import PublicationHead
from service.publications.store import find_head, list_formats, list_publications


def render_index(connection: Connection, address: FeedAddress) -> bytes:
    """Returns the list that an address without a format asks for, as JSON.

    Raises:
        UnknownName: There is no such set.
    """
    if address.region_set is None:
        content: dict[str, Any] = {"sets": _list_sets(connection)}
    else:
        content = _list_publications(connection, address)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _list_sets(connection: Connection) -> list[dict[str, Any]]:
    listed = []
    for name in list_set_names(connection):
        head = find_head(connection, name)
        listed.append(
            {
                "set": name,
                "index": write_index_address(name),
                "latest_as_of": None if head is None else head.as_of.isoformat(),
                "simulated": None if head is None else head.is_simulated,
            }
        )
    return listed


def _list_publications(connection: Connection, address: FeedAddress) -> dict[str, Any]:
    name = address.region_set or ""
    heads = list_publications(connection, name)
    if not heads:
        raise explain_absence(connection, address)
    formats = list_formats(connection, name)
    newest: dict[date, int] = {}
    for head in heads:
        newest.setdefault(head.as_of, head.revision)
    return {
        "set": name,
        "latest": {
            feed_format: write_address(name, feed_format)
            for feed_format in formats.get(heads[0].publication_id, [])
        },
        "publications": [
            _describe(head, formats.get(head.publication_id, []), newest[head.as_of])
            for head in heads
        ],
    }


def _describe(head: PublicationHead, formats: list[str], newest: int) -> dict[str, Any]:
    return {
        "as_of": head.as_of.isoformat(),
        "revision": head.revision,
        "newest_revision": head.revision == newest,
        "origin": head.origin_label,
        "data_cutoff": head.data_cutoff.isoformat(),
        "published_at": write_moment(head.published_at),
        "model_version": head.model_version,
        "simulated": head.is_simulated,
        "files": {
            feed_format: write_address(head.region_set, feed_format, head.as_of, head.revision)
            for feed_format in formats
        },
    }
