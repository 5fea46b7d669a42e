"""The features of a publication, read from its stored GeoJSON feed and kept while they are used.

A walk over many pages reads the feed once.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from data.database import Database
from data.errors import StateError, UnknownName
from service.boxes import meets
from service.feeds.addresses import FeedAddress
from service.feeds.files import explain_absence
from service.ogc.query import ItemsQuery
from service.publications.rows import PublicationHead, read_head
from service.publications.store import find_head, read_document
from service.tables import publications

_KEPT = 4


@dataclass(frozen=True)
class Collection:
    """The features of one publication.

    Attributes:
        head: The publication.
        bbox: West, south, east, north of all of them; empty if there are none.
        window: First and last day that any score covers; None if there are no scores.
        notice: What a reader must know first.
        attributions: Lines that must be shown.
        features: GeoJSON features in the order of every feed.
        positions: Feature id to its place.
    """

    head: PublicationHead
    bbox: list[float]
    window: tuple[date, date] | None
    notice: list[str]
    attributions: list[str]
    features: list[dict[str, Any]] = field(repr=False)
    positions: dict[str, int] = field(repr=False)

    def select(self, query: ItemsQuery) -> list[dict[str, Any]]:
        """Returns all features that a query asks for, before paging."""
        if self.window is not None:
            first, last = self.window
            if (query.since and query.since > last) or (query.until and query.until < first):
                return []
        return [
            feature
            for feature in self.features
            if (query.country is None or feature["properties"]["country"] == query.country)
            and (query.bbox is None or meets(query.bbox, tuple(feature["bbox"])))
        ]


class CollectionStore:
    """Collections by publication, the least recently used dropped first; safe for threads.

    Args:
        database: Where publications are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[int, Collection] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, region_set: str, publication_id: int | None = None) -> Collection:
        """Returns the newest publication of a set, or the one of a walk.

        Raises:
            UnknownName: There is no such set, or no such publication of it.
            NotReady: The set has no publication yet.
        """
        with self._lock, self._database.read() as connection:
            if publication_id is None:
                head = find_head(connection, region_set)
                if head is None:
                    raise explain_absence(connection, FeedAddress(region_set))
            else:
                row = connection.execute(
                    select(publications).where(
                        publications.c.publication_id == publication_id,
                        publications.c.region_set == region_set,
                    )
                ).mappings()
                found = row.one_or_none()
                if found is None:
                    raise UnknownName("The publication is not there.", "Begin a new walk.")
                head = read_head(found)
            kept = self._kept.get(head.publication_id)
            if kept is None:
                document = read_document(connection, head.publication_id, "geojson")
                if document is None:
                    raise StateError(f"Publication {head.publication_id} has no GeoJSON.")
                kept = _read_collection(head, document.body)
                self._kept[head.publication_id] = kept
            self._kept.move_to_end(head.publication_id)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return kept


def _read_collection(head: PublicationHead, body: bytes) -> Collection:
    content = json.loads(body)
    days = [
        (date.fromisoformat(item["window_from"]), date.fromisoformat(item["window_to"]))
        for item in content["horizons"]
    ]
    return Collection(
        head=head,
        bbox=content.get("bbox", []),
        window=(min(days)[0], max(last for _, last in days)) if days else None,
        notice=content["notice"],
        attributions=[item["text"] for item in content["attributions"]],
        features=content["features"],
        positions={feature["id"]: place for place, feature in enumerate(content["features"])},
    )
