"""What became of the regions between two publications whose borders differ.

A region goes on in the one that holds at least half of it, under its identifier of now; of several
that were merged, one goes on (`data.regions.Crosswalk.lines`). Scores are not additive, so nothing
is shared out: what goes on keeps its scores, its alerts and its change, and what does not begins
anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, select

from data.regions import (
    Region,
    digest_shapes,
    list_editions,
    load_edition,
    load_region_set,
    trace_lines,
    weigh_crosswalk,
)
from data.tables import region_sets
from service.publications.publication import Publication
from service.tables import publications

SHAPES = "shapes"
"""Member of a publication's manifest: the digest of the borders that it was made with."""

OUTSIDE_NOW = "Its region was redrawn and lies outside the set now."
PART_OF = "Its region was redrawn. It is now part of: "
"""What is stored of an incident whose region goes on nowhere; the names of the regions follow."""


@dataclass(frozen=True)
class Redraw:
    """What became of the regions of before.

    Attributes:
        lines: Region of before to the one that continues it; no region of now twice.
        parts: Every region of before to those that hold a part of it, the largest part first.
        names: Region of now to its name for people.
    """

    lines: Mapping[str, str]
    parts: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]


def find_redraw(
    connection: Connection, region_set: str, before: str | None, after: str | None
) -> Redraw | None:
    """Returns what became of the regions of a set; None if its borders are the same, or not known.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
        before: Digest of the shapes of the earlier publication.
        after: Digest of those of the later one.
    """
    if before is None or after is None or before == after:
        return None
    old, new = (load_edition(connection, region_set, shapes) for shapes in (before, after))
    if digest_shapes(old) != before or digest_shapes(new) != after:
        return None
    found = weigh_crosswalk(old, new)
    return Redraw(
        lines=found.lines,
        parts={region_id: found.successors_of(region_id) for region_id in old.region_ids},
        names={region.region_id: region.name for region in new.regions},
    )


def shapes_column() -> ColumnElement[str]:
    """Returns the digest of the borders that a publication was made with, for a query."""
    shapes: ColumnElement[str] = publications.c.manifest["facts"][SHAPES].as_string()
    return shapes


def read_shapes(connection: Connection, publication_id: int | None) -> str | None:
    """Returns the digest of the borders of a stored publication; None for None."""
    query = select(shapes_column()).where(publications.c.publication_id == publication_id)
    return None if publication_id is None else connection.scalar(query)


def lines_into(
    connection: Connection, region_set: str, shapes: str | None
) -> dict[str, dict[str, str]]:
    """Returns which region of given borders continues which of all other ones of the set.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
        shapes: Digest of the borders; None: those of now.

    Returns:
        Digest of other borders to region id there to region id here; empty if the set was never
        drawn anew.
    """
    editions = list_editions(connection, region_set)
    if not editions:
        return {}
    here = load_edition(connection, region_set, shapes)
    return trace_lines(here, (*editions, load_region_set(connection, region_set)))


def carry_publication(publication: Publication, redraw: Redraw | None) -> Publication:
    """Returns a publication of before with the regions of now: those that go on, and no other."""
    if redraw is None:
        return publication
    return replace(
        publication,
        scores=tuple(
            replace(score, region_id=redraw.lines[score.region_id])
            for score in publication.scores
            if score.region_id in redraw.lines
        ),
    )


def former_regions(
    connection: Connection, region_set: str | None = None
) -> dict[tuple[str, str], Region]:
    """Returns what became of regions whose identifier is no more.

    Args:
        connection: An open transaction.
        region_set: Only of this set; None: of all.

    Returns:
        Name of the set and identifier of before to the region of now that continues it, or to the
        region as it was if none does; empty if nothing was drawn anew.
    """
    query = select(region_sets.c.replaced_by).where(region_sets.c.replaced_by.is_not(None))
    if region_set is not None:
        query = query.where(region_sets.c.replaced_by == region_set)
    found: dict[tuple[str, str], Region] = {}
    for name in sorted(set(connection.scalars(query))):
        current = load_region_set(connection, name)
        regions = {region.region_id: region for region in current.regions}
        for edition in list_editions(connection, name):
            lines = weigh_crosswalk(edition, current).lines
            for region in edition.regions:
                if region.region_id not in regions:
                    heir = lines.get(region.region_id)
                    found[name, region.region_id] = region if heir is None else regions[heir]
    return found
