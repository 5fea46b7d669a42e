"""Finding files: which one an address means now, and its bytes in every encoding, kept in memory.

Which publication is the newest is asked of the database, because another process may have
published. The bytes of a publication never change, so they are read once. A file that is filtered
by country or outcome, or has hashtags, is rendered when it is first asked for.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, select

from data.database import Database
from data.errors import NotReady, UnknownName, UsageError
from data.regions import RegionSet, list_set_names, load_edition
from service.feeds import csv_feed
from service.feeds.addresses import (
    CAP_FORMAT,
    FeedAddress,
    write_address,
    write_index_address,
)
from service.feeds.cap_feed import CAP_MEDIA_TYPE, cut_cap_feed
from service.feeds.compression import compress_document
from service.feeds.formats import FORMATS, Render
from service.publications.publication import Document, Publication
from service.publications.rows import PublicationHead
from service.publications.store import find_head, load_publication, read_document
from service.tables import cap_messages, documents, scores

CACHE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class StoredFile:
    """A file as it goes out.

    Attributes:
        media_type: Content type.
        file_name: Name under which it is saved; says `simulated` where that is so.
        modified_at: When its publication was written.
        etag: Strong entity tag of the plain bytes, quoted.
        bodies: Content encoding to bytes; `identity` is always there.
    """

    media_type: str
    file_name: str
    modified_at: datetime
    etag: str
    bodies: Mapping[str, bytes] = field(repr=False)

    def tag_of(self, encoding: str) -> str:
        """Returns the entity tag of the bytes in an encoding: other bytes, another tag."""
        return self.etag if encoding == "identity" else f'{self.etag[:-1]}-{encoding}"'

    @property
    def tags(self) -> tuple[str, ...]:
        """The entity tags of all its encodings."""
        return tuple(self.tag_of(encoding) for encoding in self.bodies)

    @property
    def n_bytes(self) -> int:
        """What its bodies take together."""
        return sum(map(len, self.bodies.values()))


class FileCache:
    """Files by publication and address, the least recently used dropped first.

    Safe to use from many threads.

    Args:
        database: Where publications are.
        max_bytes: What the kept bodies may take together; one file is kept whatever its size.
    """

    def __init__(self, database: Database, max_bytes: int = CACHE_BYTES) -> None:
        self._database = database
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[int, FeedAddress], StoredFile] = OrderedDict()
        self._lock = threading.Lock()
        self._rendering = threading.Lock()

    def find(self, address: FeedAddress) -> StoredFile:
        """Returns the file that an address means now.

        Raises:
            UnknownName: There is no such set, as-of, revision or format, or no such country or
                outcome in it.
            NotReady: The set has no publication yet.
            UsageError: The format cannot be filtered, or has no hashtags.
        """
        region_set = address.region_set
        if region_set is None or address.format is None:
            raise ValueError("an index is no stored file")
        if address.message is not None:
            return self._find_message(region_set, address)
        with self._database.read() as connection:
            head = find_head(connection, region_set, address.as_of, address.revision)
            if head is None:
                raise explain_absence(connection, address)
            key = (head.publication_id, replace(address, as_of=None, revision=None))
            kept = self._get(key)
            if kept is not None:
                return kept
            whole = None
            if not address.is_cut:
                document = _read(connection, head, address.format)
            elif address.format == CAP_FORMAT:
                document = _cut_alerts(connection, head, address)
            else:
                render = _choose_render(connection, head, address)
                publication = load_publication(connection, head.publication_id)
                shapes = publication.manifest.get("shapes")
                whole = publication, load_edition(connection, region_set, shapes)
        if whole is not None:
            # Outside the transaction, which would keep writers waiting; one at a time, for memory.
            with self._rendering:
                document = render(*_cut(*whole, address))
        found = _prepare(document, head, address)
        self._keep(key, found)
        return found

    def _find_message(self, region_set: str, address: FeedAddress) -> StoredFile:
        query = select(cap_messages.c.body, cap_messages.c.sent_at).where(
            cap_messages.c.region_set == region_set,
            cap_messages.c.identifier == address.message,
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise UnknownName(
                f"'{region_set}' has no CAP message '{address.message}'.",
                f"{write_address(region_set, CAP_FORMAT)} lists those that have not expired.",
            )
        document = compress_document(Document(CAP_FORMAT, CAP_MEDIA_TYPE, row.body))
        return _store(document, f"{address.message}.xml", row.sent_at)

    def _get(self, key: tuple[int, FeedAddress]) -> StoredFile | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def _keep(self, key: tuple[int, FeedAddress], found: StoredFile) -> None:
        with self._lock:
            self._kept[key] = found
            size = sum(file.n_bytes for file in self._kept.values())
            while size > self._max_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                size -= dropped.n_bytes


def _read(connection: Connection, head: PublicationHead, feed_format: str) -> Document:
    document = read_document(connection, head.publication_id, feed_format)
    if document is None:
        raise _explain_format(connection, head, feed_format)
    return document


def _cut_alerts(connection: Connection, head: PublicationHead, address: FeedAddress) -> Document:
    if address.has_hashtags:
        raise UsageError("Only the CSV feed has hashtags.", "Ask for .csv?hxl=1.")
    for name, wanted, column in (
        ("country", address.country, scores.c.details["country"].as_string()),
        ("outcome", address.outcome, scores.c.outcome),
    ):
        query = select(column).where(scores.c.publication_id == head.publication_id).distinct()
        known = sorted(connection.scalars(query)) if wanted is not None else []
        if wanted is not None and wanted not in known:
            raise UnknownName(f"There is no {name} '{wanted}'.", f"Known: {', '.join(known)}.")
    document = _read(connection, head, CAP_FORMAT)
    return cut_cap_feed(document, address.country, address.outcome)


def _choose_render(connection: Connection, head: PublicationHead, address: FeedAddress) -> Render:
    feed_format = address.format or ""
    if feed_format not in FORMATS:
        if read_document(connection, head.publication_id, feed_format) is not None:
            raise UsageError(f"'{feed_format}' cannot be cut.", "Ask for it without parameters.")
        raise _explain_format(connection, head, feed_format)
    if not address.has_hashtags:
        return FORMATS[feed_format]
    if feed_format != "csv":
        raise UsageError("Only the CSV feed has hashtags.", "Ask for .csv?hxl=1.")
    return csv_feed.render_with_hashtags


def _cut(
    publication: Publication, region_set: RegionSet, address: FeedAddress
) -> tuple[Publication, RegionSet]:
    """Returns the part of a publication that an address asks for."""
    scores = publication.scores
    if address.country is not None:
        known = sorted({score.country for score in scores})
        if address.country not in known:
            raise UnknownName(
                f"No region lies in '{address.country}'.", f"Known: {', '.join(known)}."
            )
        scores = tuple(score for score in scores if score.country == address.country)
        ahead = tuple(one for one in publication.fatalities if one.country == address.country)
        publication = replace(publication, fatalities=ahead)
        regions = tuple(
            region for region in region_set.regions if region.country == address.country
        )
        # Who touches whom is not told by any file.
        region_set = replace(region_set, regions=regions, neighbours=((),) * len(regions))
    if address.outcome is not None:
        known = sorted({score.outcome for score in scores})
        if address.outcome not in known:
            raise UnknownName(
                f"There is no outcome '{address.outcome}'.", f"Known: {', '.join(known)}."
            )
        cut = replace(publication, scores=scores, fatalities=())
        return cut.of_outcome(address.outcome), region_set
    return replace(publication, scores=scores), region_set


def _prepare(document: Document, head: PublicationHead, address: FeedAddress) -> StoredFile:
    if document.gzip_body is None and document.brotli_body is None:
        document = compress_document(document)
    return _store(document, _name_file(head, address), head.published_at)


def _store(document: Document, file_name: str, modified_at: datetime) -> StoredFile:
    bodies = {
        "br": document.brotli_body,
        "gzip": document.gzip_body,
        "identity": document.body,
    }
    return StoredFile(
        media_type=document.media_type,
        file_name=file_name,
        modified_at=modified_at,
        etag=document.etag,
        bodies={name: body for name, body in bodies.items() if body is not None},
    )


def explain_absence(connection: Connection, address: FeedAddress) -> UnknownName | NotReady:
    """Returns the error that says why an address means no publication."""
    name = address.region_set or ""
    known = list_set_names(connection)
    if name not in known:
        return UnknownName(
            f"There is no region set '{name}'.", f"Known: {', '.join(sorted(known)) or 'none'}."
        )
    if find_head(connection, name) is None:
        return NotReady(
            f"Nothing is published for '{name}' yet.",
            f"Run `tocsin score --set {name}`, then ask again.",
        )
    wanted = f"{address.as_of}" + (f" revision {address.revision}" if address.revision else "")
    return UnknownName(
        f"'{name}' has no publication for {wanted}.",
        f"{write_index_address(name)} lists what there is.",
    )


def _explain_format(connection: Connection, head: PublicationHead, feed_format: str) -> UnknownName:
    known = connection.execute(
        select(documents.c.name)
        .where(documents.c.publication_id == head.publication_id)
        .order_by(documents.c.name)
    ).scalars()
    return UnknownName(
        f"There is no feed in the format '{feed_format}'.", f"Formats: {', '.join(known)}."
    )


def _name_file(head: PublicationHead, address: FeedAddress) -> str:
    parts = ["tocsin", head.region_set, head.as_of.isoformat(), f"r{head.revision}"]
    if head.is_simulated:
        parts.insert(1, "SIMULATED")
    parts += [part for part in (address.country, address.outcome) if part is not None]
    if address.has_hashtags:
        parts.append("hxl")
    return re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(parts)) + f".{address.format}"
