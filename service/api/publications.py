"""Publications as the API tells them, shared by the addresses that answer with one."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import Connection, func, select

from data.errors import UnknownName
from service.api.paging import read_cursor
from service.api.parameters import read_as_of
from service.api.schemas import PublicationOut
from service.feeds.addresses import FeedAddress
from service.feeds.facts import StatusCounts, write_notices
from service.feeds.files import explain_absence
from service.publications.publication import Publication
from service.publications.rows import PublicationHead, read_head, read_publication
from service.publications.store import find_head
from service.tables import publications, scores


def describe_head(head: PublicationHead) -> PublicationOut:
    """Returns a publication as it is answered."""
    return PublicationOut(
        as_of=head.as_of,
        revision=head.revision,
        origin=head.origin_label,
        data_cutoff=head.data_cutoff,
        published_at=head.published_at,
        model_version=head.model_version,
        simulated=head.is_simulated,
    )


def require_head(
    connection: Connection, region_set: str, as_of: date | None = None
) -> PublicationHead:
    """Returns the publication of an as-of, or the latest.

    Raises:
        UnknownName: There is no such set, or no publication for that as-of.
        NotReady: The set has no publication yet.
    """
    head = find_head(connection, region_set, as_of)
    if head is None:
        raise explain_absence(connection, FeedAddress(region_set, as_of=as_of))
    return head


def notices_of(connection: Connection, head: PublicationHead) -> list[str]:
    """Returns what a reader of the publication must know, as its feeds say it."""
    row = (
        connection.execute(
            select(publications).where(publications.c.publication_id == head.publication_id)
        )
        .mappings()
        .one()
    )
    counts: StatusCounts = {}
    columns = (scores.c.outcome, scores.c.horizon, scores.c.status)
    grouped = connection.execute(
        select(*columns, func.count())
        .where(scores.c.publication_id == head.publication_id)
        .group_by(*columns)
        .order_by(*columns)
    )
    for outcome, horizon, status, number in grouped:
        counts.setdefault((outcome, horizon), Counter())[status] = number
    return write_notices(read_publication(row, ()), counts)


def begin_or_continue(
    connection: Connection, set_name: str, as_of: str | None, cursor: str | None, filters: str
) -> tuple[PublicationHead, int]:
    """Returns the publication that a page of a list is of, and the position that it comes after.

    Without a cursor it is the one that is asked for, from its first row (-1). A walk with a cursor
    stays in the publication that it began in.

    Args:
        connection: Any connection.
        set_name: Name of the region set.
        as_of: The as-of that is asked for, as text; None for the newest.
        cursor: The cursor; None on the first page.
        filters: Digest of what the list is asked for; see `service.api.paging.digest_filters`.

    Raises:
        UnknownName: The set, or the publication of the cursor, is not there.
        NotReady: Nothing was published.
        UsageError: The cursor or the day is none, or the cursor is of another list.
    """
    if cursor is None:
        return require_head(connection, set_name, read_as_of(as_of)), -1
    stand = read_cursor(cursor, filters)
    query = select(publications).where(
        publications.c.publication_id == stand.publication_id,
        publications.c.region_set == set_name,
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownName("The publication of the cursor is not there.", "Begin without a cursor.")
    return read_head(row), stand.position


def load_without_scores(connection: Connection, head: PublicationHead) -> Publication:
    """Returns a publication with all but its scores and deaths, which may be many."""
    query = select(publications).where(publications.c.publication_id == head.publication_id)
    return read_publication(connection.execute(query).mappings().one(), ())
