"""Publications in the database: written once, read back exactly, never changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from data.database import take_turn
from data.errors import Conflict, StateError
from service.collection import without_collection
from service.publications.publication import Document, Publication
from service.publications.rows import (
    PublicationHead,
    fatality_row,
    indicator_rows,
    publication_row,
    read_facts,
    read_fatalities,
    read_head,
    read_publication,
    read_score,
    score_row,
    stored_score_row,
    write_day,
)
from service.tables import documents as document_rows
from service.tables import fatalities, publication_indicators, publications, scores


def content_digest(publication: Publication) -> str:
    """Returns the SHA-256 of what a publication says, in hexadecimal.

    The moment of publication, the revision and the row number do not count: the same content for
    the same as-of is the same publication.
    """
    content = publication_row(publication, digest="")
    for name in ("published_at", "revision", "digest"):
        del content[name]
    digest = hashlib.sha256()
    try:
        # Row by row, so that other threads get their turn.
        for part in (
            content,
            *map(score_row, publication.scores),
            *map(fatality_row, publication.fatalities),
            *indicator_rows(publication),
        ):
            digest.update(
                json.dumps(
                    part, sort_keys=True, default=write_day, ensure_ascii=False, allow_nan=False
                ).encode()
            )
    except ValueError as problem:
        raise StateError(f"The publication holds a number that is none: {problem}.") from None
    return digest.hexdigest()


def number_publication(connection: Connection, publication: Publication) -> Publication:
    """Returns the stored publication of the same content, or this one under its next revision.

    It has a `publication_id` if and only if it is stored already.
    """
    newest = find_head(connection, publication.region_set, publication.as_of)
    if newest is None:
        return replace(publication, revision=1)
    if newest.digest == content_digest(publication):
        return load_publication(connection, newest.publication_id)
    return replace(publication, revision=newest.revision + 1)


def take_turn_to_publish(connection: Connection, region_set: str) -> None:
    """Waits until nobody else publishes a set, and keeps others from it until the end.

    Args:
        connection: A write transaction that has not yet looked at what stands.
        region_set: Name of the set.
    """
    take_turn(connection, f"publish {region_set}")


def store_publication(
    connection: Connection, publication: Publication, documents: Sequence[Document]
) -> Publication:
    """Writes a publication with its documents, in the caller's write transaction.

    Args:
        connection: An open write transaction.
        publication: With the revision that `number_publication` gave it: the documents say it too.
        documents: Its files, rendered.

    Returns:
        The publication with its row number. If the newest revision of the same as-of has the same
        content, that stored one, and nothing is written.

    Raises:
        Conflict: The revision is not the next one.
    """
    take_turn_to_publish(connection, publication.region_set)
    numbered = number_publication(connection, publication)
    if numbered.publication_id is not None:
        return numbered
    if numbered.revision != publication.revision:
        raise Conflict(
            f"Revision {publication.revision} of {publication.region_set} {publication.as_of} "
            f"cannot be written: the next is {numbered.revision}.",
            "Another process published in between: run it again.",
        )
    publication_id = connection.execute(
        insert(publications).values(publication_row(publication, content_digest(publication)))
    ).inserted_primary_key[0]  # type: ignore[index]
    rows = [
        {"publication_id": publication_id, "position": position, **stored_score_row(score)}
        for position, score in enumerate(publication.scores)
    ]
    if rows:
        connection.execute(insert(scores), rows)
    ahead = [
        {"publication_id": publication_id, "position": position, **fatality_row(one)}
        for position, one in enumerate(publication.fatalities)
    ]
    if ahead:
        connection.execute(insert(fatalities), ahead)
    kept = [{"publication_id": publication_id, **row} for row in indicator_rows(publication)]
    if kept:
        connection.execute(insert(publication_indicators), kept)
    store_documents(connection, publication_id, documents)
    return replace(publication, publication_id=publication_id)


def store_documents(
    connection: Connection, publication_id: int, documents: Sequence[Document]
) -> None:
    """Writes files of a publication, in the transaction in which it is written."""
    files = [
        {
            "publication_id": publication_id,
            "name": document.name,
            "media_type": document.media_type,
            "etag": document.etag,
            "body": document.body,
            "gzip_body": document.gzip_body,
            "brotli_body": document.brotli_body,
        }
        for document in documents
    ]
    if files:
        connection.execute(insert(document_rows), files)


def load_publication(connection: Connection, publication_id: int) -> Publication:
    """Returns a stored publication.

    Raises:
        StateError: There is no such row.
    """
    head = (
        connection.execute(
            select(publications).where(publications.c.publication_id == publication_id)
        )
        .mappings()
        .one_or_none()
    )
    if head is None:
        raise StateError(f"There is no publication number {publication_id}.")
    rows = connection.execute(
        select(scores).where(scores.c.publication_id == publication_id).order_by(scores.c.position)
    ).mappings()
    ahead = connection.execute(
        select(fatalities)
        .where(fatalities.c.publication_id == publication_id)
        .order_by(fatalities.c.position)
    ).mappings()
    kept = connection.execute(
        select(publication_indicators.c.indicator, publication_indicators.c.by_region)
        .where(publication_indicators.c.publication_id == publication_id)
        .order_by(publication_indicators.c.indicator)
    )
    with without_collection():
        return read_publication(
            head,
            tuple(read_score(row) for row in rows),
            tuple(read_fatalities(row) for row in ahead),
            {row.indicator: row.by_region for row in kept},
        )


def find_facts(connection: Connection, region_set: str, as_of: date) -> dict[str, Any] | None:
    """Returns `Publication.manifest` of the newest revision of an as-of, or None without one."""
    query = _newest_first(region_set).where(publications.c.as_of == as_of).limit(1)
    row = connection.execute(query).mappings().first()
    return None if row is None else read_facts(row)


def find_publication(
    connection: Connection, region_set: str, as_of: date, revision: int | None = None
) -> Publication | None:
    """Returns the publication of a set for an as-of, its newest revision unless one is named."""
    head = find_head(connection, region_set, as_of, revision)
    return None if head is None else load_publication(connection, head.publication_id)


def latest_publication(
    connection: Connection, region_set: str, before: date | None = None
) -> Publication | None:
    """Returns the newest revision of the newest as-of, or None if nothing is published.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
        before: Look only at as-ofs before this day.
    """
    query = _newest_first(region_set).limit(1)
    if before is not None:
        query = query.where(publications.c.as_of < before)
    head = connection.execute(query).mappings().first()
    return None if head is None else load_publication(connection, head["publication_id"])


def find_head(
    connection: Connection,
    region_set: str,
    as_of: date | None = None,
    revision: int | None = None,
) -> PublicationHead | None:
    """Returns a publication without its scores: the latest, or that of an as-of and revision."""
    query = _newest_first(region_set).limit(1)
    if as_of is not None:
        query = query.where(publications.c.as_of == as_of)
    if revision is not None:
        query = query.where(publications.c.revision == revision)
    row = connection.execute(query).mappings().first()
    return None if row is None else read_head(row)


def list_publications(connection: Connection, region_set: str) -> tuple[PublicationHead, ...]:
    """Returns all publications of a set and all their revisions, the newest first."""
    rows = connection.execute(_newest_first(region_set)).mappings()
    return tuple(read_head(row) for row in rows)


def load_document(
    connection: Connection,
    region_set: str,
    as_of: date | None,
    name: str,
    revision: int | None = None,
) -> Document | None:
    """Returns a stored file: of the latest publication, or of an as-of (newest revision)."""
    head = find_head(connection, region_set, as_of, revision)
    return None if head is None else read_document(connection, head.publication_id, name)


def read_document(connection: Connection, publication_id: int, name: str) -> Document | None:
    """Returns a stored file of a publication, or None if it has none of that name."""
    columns = document_rows.c
    row = connection.execute(
        select(
            columns.name, columns.media_type, columns.body, columns.gzip_body, columns.brotli_body
        ).where(columns.publication_id == publication_id, columns.name == name)
    ).one_or_none()
    return None if row is None else Document(*row)


def list_formats(connection: Connection, region_set: str) -> dict[int, list[str]]:
    """Returns the names of the stored files of every publication of a set, by row number, sorted.

    A publication has the formats that there were when it was written.
    """
    formats: dict[int, list[str]] = {}
    rows = connection.execute(
        select(document_rows.c.publication_id, document_rows.c.name)
        .join(publications, publications.c.publication_id == document_rows.c.publication_id)
        .where(publications.c.region_set == region_set)
        .order_by(document_rows.c.name)
    )
    for publication_id, name in rows:
        formats.setdefault(publication_id, []).append(name)
    return formats


def _newest_first(region_set: str) -> Select[Any]:
    return (
        select(publications)
        .where(publications.c.region_set == region_set)
        .order_by(publications.c.as_of.desc(), publications.c.revision.desc())
    )
