"""What was published of one region over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, null, select

from service.publications.publication import PublishedScore
from service.publications.redraws import lines_into, shapes_column
from service.publications.rows import read_score
from service.tables import publications, scores


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


def score_history(connection: Connection, region_set: str, region_id: str) -> tuple[PastScore, ...]:
    """Returns all that was published of a region, newest revisions only, oldest as-of first.

    Where borders were redrawn, what was published of the region that this one continues is part of
    it.
    """
    newest = (
        select(publications.c.as_of, func.max(publications.c.revision).label("revision"))
        .where(publications.c.region_set == region_set)
        .group_by(publications.c.as_of)
        .subquery()
    )
    lines = lines_into(connection, region_set, None)
    before = {old for mapping in lines.values() for old, new in mapping.items() if new == region_id}
    rows = connection.execute(
        select(
            scores,
            (shapes_column() if lines else null()).label("shapes"),
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
        .where(
            publications.c.region_set == region_set, scores.c.region_id.in_([region_id, *before])
        )
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
        # An identifier may have meant another region when the borders were others.
        if lines.get(row["shapes"], {row["region_id"]: row["region_id"]}).get(row["region_id"])
        == region_id
    )
