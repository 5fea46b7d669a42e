"""Taking in a delivery: one batch, one transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from data.database import Database
from data.events import Batch
from data.sources.contract import SourceInfo
from data.store import DeliveryReport, append_delivery


def take_in(
    database: Database,
    batch: Batch,
    *,
    source: SourceInfo,
    vintage: str,
    known_at: datetime,
    received_at: datetime,
    file: Path,
) -> DeliveryReport:
    """Stores a batch that was read from a file, whole or not at all.

    Args:
        database: The database.
        batch: What the source's reader made of the file.
        source: The source.
        vintage: Its version.
        known_at: When the delivery became known.
        received_at: Now.
        file: The file; its name and SHA-256 are stored.

    Returns:
        What was added, changed, left, deleted and quarantined.

    Raises:
        Conflict: The delivery is older than one that is stored and overlaps it.
    """
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    with database.write() as connection:
        return append_delivery(
            connection,
            batch,
            source=source,
            vintage=vintage,
            known_at=known_at,
            received_at=received_at,
            file_name=file.name,
            sha256=sha256,
        )
