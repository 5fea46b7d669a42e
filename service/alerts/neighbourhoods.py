"""Which regions touch, by the borders that a publication was made with."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from data.regions import RegionSet, digest_shapes, load_edition
from service.alerts.conditions import Neighbours
from service.alerts.rules import Rule
from service.publications.publication import Publication
from service.publications.redraws import SHAPES


def neighbours_of(region_set: RegionSet) -> Neighbours:
    """Returns the regions that each region of a set touches."""
    names = region_set.region_ids
    return {
        name: tuple(names[position] for position in touched)
        for name, touched in zip(names, region_set.neighbours, strict=True)
    }


class Neighbourhoods:
    """The neighbours in each edition of a region set, read when first asked for.

    Args:
        connection: An open transaction.
        region_set: Name of the set.
    """

    def __init__(self, connection: Connection, region_set: str) -> None:
        self._connection = connection
        self._region_set = region_set
        self._found: dict[str | None, Neighbours] = {}

    def of(self, publication: Publication, rules: Iterable[Rule]) -> Neighbours:
        """Returns which regions touched when a publication was made.

        Args:
            publication: A publication of the set.
            rules: The rules that it is evaluated under.

        Returns:
            Nothing if no rule asks for neighbours, or if the borders are not kept: then they are
            not known, which is not the same as having none.
        """
        if all(rule.near is None for rule in rules):
            return {}
        shapes = publication.manifest.get(SHAPES)
        if shapes not in self._found:
            edition = load_edition(self._connection, self._region_set, shapes)
            is_it = shapes is None or digest_shapes(edition) == shapes
            self._found[shapes] = neighbours_of(edition) if is_it else {}
        return self._found[shapes]
