"""Lists of publications, their stored files, and the history of a region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, func, select

from data.calendar import Step, period_label
from service.publication import Document, PublishedScore
from service.publication_rows import read_score
from service.publication_store import newest_first
from service.tables import documents as document_rows
from service.tables import publications, scores


@dataclass(frozen=True)
class PublicationHead:
    """A publication without its scores.

    Attributes:
        publication_id: Row number in the database.
        region_set: Name of the region set.
        as_of: Knowledge limit.
        revision: 1 for the first; a correction is the next.
        step: Calendar unit.
        origin: Ordinal of the last period used.
        data_cutoff: Last day that the data speak for.
        published_at: When it was written, UTC.
        model_version: The model that scored.
        is_simulated: True if the events are simulated.
        digest: SHA-256 of the content.
    """

    publication_id: int
    region_set: str
    as_of: date
    revision: int
    step: Step
    origin: int
    data_cutoff: date
    published_at: datetime
    model_version: str
    is_simulated: bool
    digest: str

    @property
    def origin_label(self) -> str:
        """The origin as people write it, `2021-12`."""
        return period_label(self.origin, self.step)


@dataclass(frozen=True)
class PastScore:
    """A score of one region in a publication of the past.

    Attributes:
        as_of: Knowledge limit of the publication.
        revision: The revision, the newest of that as-of.
        origin: Ordinal of the last period used.
        published_at: When it was written, UTC.
        model_version: The model that scored.
        score: The score.
    """

    as_of: date
    revision: int
    origin: int
    published_at: datetime
    model_version: str
    score: PublishedScore


def find_head(
    connection: Connection,
    region_set: str,
    as_of: date | None = None,
    revision: int | None = None,
) -> PublicationHead | None:
    """Returns a publication without its scores: the latest, or that of an as-of and revision."""
    query = newest_first(region_set).limit(1)
    if as_of is not None:
        query = query.where(publications.c.as_of == as_of)
    if revision is not None:
        query = query.where(publications.c.revision == revision)
    row = connection.execute(query).mappings().first()
    return None if row is None else _read_head(row)


def list_publications(connection: Connection, region_set: str) -> tuple[PublicationHead, ...]:
    """Returns all publications of a set and all their revisions, the newest first."""
    rows = connection.execute(newest_first(region_set)).mappings()
    return tuple(_read_head(row) for row in rows)


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
    row = connection.execute(
        select(document_rows.c.name, document_rows.c.media_type, document_rows.c.body).where(
            document_rows.c.publication_id == publication_id, document_rows.c.name == name
        )
    ).one_or_none()
    return None if row is None else Document(row.name, row.media_type, row.body)


def score_history(connection: Connection, region_set: str, region_id: str) -> tuple[PastScore, ...]:
    """Returns all that was published of a region, newest revisions only, oldest as-of first."""
    newest = (
        select(publications.c.as_of, func.max(publications.c.revision).label("revision"))
        .where(publications.c.region_set == region_set)
        .group_by(publications.c.as_of)
        .subquery()
    )
    rows = connection.execute(
        select(
            scores,
            publications.c.as_of,
            publications.c.revision,
            publications.c.origin,
            publications.c.published_at,
            publications.c.model_version,
        )
        .join(publications, publications.c.publication_id == scores.c.publication_id)
        .join(
            newest,
            (newest.c.as_of == publications.c.as_of)
            & (newest.c.revision == publications.c.revision),
        )
        .where(publications.c.region_set == region_set, scores.c.region_id == region_id)
        .order_by(publications.c.as_of, scores.c.position)
    ).mappings()
    return tuple(
        PastScore(
            as_of=row["as_of"],
            revision=row["revision"],
            origin=row["origin"],
            published_at=row["published_at"],
            model_version=row["model_version"],
            score=read_score(row),
        )
        for row in rows
    )


def _read_head(row: RowMapping) -> PublicationHead:
    return PublicationHead(**{name: row[name] for name in PublicationHead.__dataclass_fields__})
