"""Saving and loading region sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import shapely
from sqlalchemy import Connection, delete, insert, select, update

from data.errors import Conflict, UnknownName
from data.regions.contract import Region, RegionSet
from data.tables import neighbours, region_sets, regions


def save_region_set(
    connection: Connection, region_set: RegionSet, imported_at: datetime, *, replace: bool = False
) -> bool:
    """Stores a region set; returns False if the same set is stored already.

    Args:
        connection: Inside a write transaction; nothing is half-written if it rolls back.
        region_set: The set.
        imported_at: Now, aware.
        replace: Overwrite a different set of the same name. Models and publications made for it
            keep the region identifiers of their time.

    Raises:
        Conflict: A different set of that name is stored, and `replace` is False.
    """
    stored = _load(connection, region_set.name)
    if stored is not None:
        if _is_same(stored, region_set):
            return False
        if not replace:
            raise Conflict(
                f"A different region set '{region_set.name}' is stored already.",
                "Import it under another name with --set.",
            )
        connection.execute(delete(neighbours).where(neighbours.c.region_set == region_set.name))
        connection.execute(delete(regions).where(regions.c.region_set == region_set.name))
    description = {
        "kind": region_set.kind,
        "step": region_set.step,
        "source": region_set.source,
        "is_schematic": region_set.is_schematic,
        "attribution": region_set.attribution,
        "imported_at": imported_at,
    }
    if stored is None:
        connection.execute(insert(region_sets).values(region_set=region_set.name, **description))
    else:
        # Models and publications point at the row of the set, so it is changed in place.
        connection.execute(
            update(region_sets)
            .where(region_sets.c.region_set == region_set.name)
            .values(**description)
        )
    _insert_regions(connection, region_set)
    return True


def load_region_set(connection: Connection, name: str) -> RegionSet:
    """Returns a stored region set.

    Raises:
        UnknownName: There is none of that name.
    """
    region_set = _load(connection, name)
    if region_set is None:
        names = connection.scalars(
            select(region_sets.c.region_set).order_by(region_sets.c.region_set)
        ).all()
        hint = (
            f"There are: {', '.join(names)}."
            if names
            else "Import one with `tocsin regions import FILE --set NAME`."
        )
        raise UnknownName(f"There is no region set '{name}'.", hint)
    return region_set


def list_region_sets(connection: Connection) -> list[RegionSet]:
    """Returns all stored region sets by name."""
    names = connection.scalars(select(region_sets.c.region_set)).all()
    return [load_region_set(connection, name) for name in sorted(names)]


def _insert_regions(connection: Connection, region_set: RegionSet) -> None:
    if region_set.regions:
        connection.execute(
            insert(regions),
            [
                {
                    "region_set": region_set.name,
                    "region_id": region.region_id,
                    "position": position,
                    "name": region.name,
                    "country": region.country,
                    "geometry": _to_wkb(region),
                }
                for position, region in enumerate(region_set.regions)
            ],
        )
    borders = [
        {
            "region_set": region_set.name,
            "region_id": region_set.regions[position].region_id,
            "neighbour_id": region_set.regions[other].region_id,
        }
        for position, touching in enumerate(region_set.neighbours)
        for other in touching
    ]
    if borders:
        connection.execute(insert(neighbours), borders)


def _load(connection: Connection, name: str) -> RegionSet | None:
    description = connection.execute(
        select(region_sets).where(region_sets.c.region_set == name)
    ).one_or_none()
    if description is None:
        return None
    rows = connection.execute(
        select(regions.c.region_id, regions.c.name, regions.c.country, regions.c.geometry)
        .where(regions.c.region_set == name)
        .order_by(regions.c.position)
    ).all()
    position_of = {row.region_id: position for position, row in enumerate(rows)}
    borders = connection.execute(
        select(neighbours.c.region_id, neighbours.c.neighbour_id).where(
            neighbours.c.region_set == name
        )
    ).all()
    return RegionSet(
        name=name,
        kind=description.kind,
        step=description.step,
        source=description.source,
        is_schematic=description.is_schematic,
        attribution=description.attribution,
        regions=tuple(
            Region(row.region_id, row.name, row.country, shapely.from_wkb(row.geometry))
            for row in rows
        ),
        neighbours=_group(
            [(position_of[row.region_id], position_of[row.neighbour_id]) for row in borders],
            len(rows),
        ),
    )


def _group(pairs: Sequence[tuple[int, int]], n_regions: int) -> tuple[tuple[int, ...], ...]:
    touching: list[list[int]] = [[] for _ in range(n_regions)]
    for position, other in sorted(pairs):
        touching[position].append(other)
    return tuple(tuple(positions) for positions in touching)


def _to_wkb(region: Region) -> bytes:
    # Byte order fixed, so that the same shape has the same bytes on every machine.
    return bytes(shapely.to_wkb(region.geometry, byte_order=1))


def _is_same(stored: RegionSet, given: RegionSet) -> bool:
    return _identity(stored) == _identity(given)


def _identity(region_set: RegionSet) -> tuple[object, ...]:
    return (
        region_set.kind,
        region_set.step,
        region_set.source,
        region_set.is_schematic,
        region_set.attribution,
        region_set.neighbours,
        [(item.region_id, item.name, item.country, _to_wkb(item)) for item in region_set.regions],
    )
