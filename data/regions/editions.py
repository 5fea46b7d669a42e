"""Editions of a region set: the borders of before, kept when a set is drawn anew.

A publication names the shapes that it was made with by their digest, so that its map, its
verification and its alerts can always be read with the borders of its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from data.regions.contract import RegionSet, digest_shapes
from data.regions.crosswalk import weigh_crosswalk
from data.regions.storage import edition_name, load_region_set, read_region_set
from data.tables import region_sets


def load_edition(connection: Connection, name: str, shapes: str | None) -> RegionSet:
    """Returns a set with the shapes of a digest, under the set's own name; else as it is now.

    Args:
        connection: Any connection.
        name: Name of the set.
        shapes: What `digest_shapes` said of it; None: as it is now.

    Raises:
        UnknownName: There is no such set.
    """
    if shapes is not None:
        kept = read_region_set(connection, edition_name(name, shapes))
        if kept is not None:
            return replace(kept, name=name)
    return load_region_set(connection, name)


def list_editions(connection: Connection, name: str) -> tuple[RegionSet, ...]:
    """Returns the editions of before of a set, oldest first, under the set's own name."""
    names = connection.scalars(
        select(region_sets.c.region_set)
        .where(region_sets.c.replaced_by == name)
        .order_by(region_sets.c.imported_at, region_sets.c.region_set)
    ).all()
    found = [read_region_set(connection, edition) for edition in names]
    return tuple(replace(edition, name=name) for edition in found if edition is not None)


def trace_lines(current: RegionSet, editions: Sequence[RegionSet]) -> dict[str, dict[str, str]]:
    """Returns which region of now continues which of before.

    Args:
        current: The set as it is now.
        editions: Editions of before.

    Returns:
        Digest of the shapes to old region id to the id of the region that continues it; see
        `Crosswalk.lines`.
    """
    now = digest_shapes(current)
    return {
        digest: weigh_crosswalk(edition, current).lines
        for edition in editions
        if (digest := digest_shapes(edition)) != now
    }
