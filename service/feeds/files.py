"""Finding stored files: which one an address means now, and its bytes, kept in memory.

Which publication is the newest is asked of the database each time, because another process may
have published. The bytes of a publication never change, so they are read and compressed once.
"""

from __future__ import annotations

import gzip
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from data.database import Database
from data.errors import NotReady, UnknownName
from data.tables import region_sets
from service.feeds.addresses import FeedAddress, write_index_address
from service.publication_rows import PublicationHead
from service.publication_store import find_head, read_document
from service.tables import documents

CACHE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class StoredFile:
    """A file as it goes out.

    Attributes:
        media_type: Content type.
        file_name: Name under which it is saved; says `simulated` where that is so.
        modified_at: When its publication was written.
        etag: Strong entity tag of the plain bytes, quoted.
        body: The plain bytes.
        zipped: The bytes compressed with gzip.
    """

    media_type: str
    file_name: str
    modified_at: datetime
    etag: str
    body: bytes = field(repr=False)
    zipped: bytes = field(repr=False)

    @property
    def zipped_etag(self) -> str:
        """Strong entity tag of the compressed bytes: other bytes, another tag."""
        return f'{self.etag[:-1]}-gzip"'


class FileCache:
    """Stored files by publication and format, the least recently used dropped first.

    Safe to use from many threads.

    Args:
        database: Where publications are.
        max_bytes: What the kept bodies may take together; one file is kept whatever its size.
    """

    def __init__(self, database: Database, max_bytes: int = CACHE_BYTES) -> None:
        self._database = database
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[int, str], StoredFile] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, address: FeedAddress) -> StoredFile:
        """Returns the file that an address means now.

        Raises:
            UnknownName: There is no such set, as-of, revision or format.
            NotReady: The set has no publication yet.
        """
        region_set, feed_format = address.region_set, address.format
        if region_set is None or feed_format is None:
            raise ValueError("an index is no stored file")
        with self._database.read() as connection:
            head = find_head(connection, region_set, address.as_of, address.revision)
            if head is None:
                raise explain_absence(connection, address)
            key = (head.publication_id, feed_format)
            kept = self._get(key)
            if kept is not None:
                return kept
            document = read_document(connection, *key)
            if document is None:
                raise _explain_format(connection, head, feed_format)
        found = StoredFile(
            media_type=document.media_type,
            file_name=_name_file(head, feed_format),
            modified_at=head.published_at,
            etag=document.etag,
            body=document.body,
            zipped=gzip.compress(document.body, compresslevel=6, mtime=0),
        )
        self._keep(key, found)
        return found

    def _get(self, key: tuple[int, str]) -> StoredFile | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def _keep(self, key: tuple[int, str], found: StoredFile) -> None:
        with self._lock:
            self._kept[key] = found
            size = sum(len(file.body) + len(file.zipped) for file in self._kept.values())
            while size > self._max_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                size -= len(dropped.body) + len(dropped.zipped)


def explain_absence(connection: Connection, address: FeedAddress) -> UnknownName | NotReady:
    """Returns the error that says why an address means no publication."""
    name = address.region_set or ""
    known = connection.execute(select(region_sets.c.region_set)).scalars().all()
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


def _name_file(head: PublicationHead, feed_format: str) -> str:
    parts = ["tocsin", head.region_set, head.as_of.isoformat(), f"r{head.revision}"]
    if head.is_simulated:
        parts.insert(1, "SIMULATED")
    return re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(parts)) + f".{feed_format}"
