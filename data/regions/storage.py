"""Saving and loading region sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as copy_of
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import Connection, Row, delete, insert, select, update

from data.database import take_turn
from data.errors import Conflict, UnknownName
from data.regions.contract import Region, RegionSet, RegionSetHead, digest_shapes
from data.tables import neighbours, region_sets, regions

_EDITION_NAME_LENGTH = 47


def save_region_set(
    connection: Connection, region_set: RegionSet, imported_at: datetime, *, replace: bool = False
) -> bool:
    """Stores a region set; returns False if the same set is stored already.

    Args:
        connection: Inside a write transaction; nothing is half-written if it rolls back.
        region_set: The set.
        imported_at: Now, aware.
        replace: Overwrite a different set of the same name. Where its borders were others, it is
            kept as an edition of before (`data.regions.editions`), with which the publications of
            its time can be read.

    Raises:
        Conflict: A different set of that name is stored, and `replace` is False.
    """
    # One task for all sets: the editions of two whose names begin alike may share a name.
    take_turn(connection, "save region sets")
    stored = read_region_set(connection, region_set.name)
    if stored is not None:
        if _is_same(stored, region_set):
            return False
        if not replace:
            raise Conflict(
                f"A different region set '{region_set.name}' is stored already.",
                "If its borders were redrawn, add --replace; else import it under another name.",
            )
        _keep_edition(connection, stored, region_set, imported_at)
        connection.execute(delete(neighbours).where(neighbours.c.region_set == region_set.name))
        connection.execute(delete(regions).where(regions.c.region_set == region_set.name))
        # Models and publications point at the row of the set, so it is changed in place.
        connection.execute(
            update(region_sets)
            .where(region_sets.c.region_set == region_set.name)
            .values(**_describe(region_set, imported_at))
        )
        _insert_regions(connection, region_set)
        return True
    _insert(connection, region_set, imported_at)
    return True


def edition_name(name: str, shapes: str) -> str:
    """Returns the name under which an edition of before of a set is stored: no set has a '@'."""
    return f"{name[:_EDITION_NAME_LENGTH]}@{shapes}"


def _keep_edition(
    connection: Connection, stored: RegionSet, drawn_anew: RegionSet, replaced_at: datetime
) -> None:
    shapes = digest_shapes(stored)
    name = edition_name(stored.name, shapes)
    if shapes != digest_shapes(drawn_anew) and read_region_set(connection, name) is None:
        _insert(connection, copy_of(stored, name=name), replaced_at, replaced_by=stored.name)


def _insert(
    connection: Connection,
    region_set: RegionSet,
    imported_at: datetime,
    replaced_by: str | None = None,
) -> None:
    connection.execute(
        insert(region_sets).values(
            region_set=region_set.name,
            replaced_by=replaced_by,
            **_describe(region_set, imported_at),
        )
    )
    _insert_regions(connection, region_set)


def load_region_set(connection: Connection, name: str) -> RegionSet:
    """Returns a stored region set.

    Raises:
        UnknownName: There is none of that name.
    """
    region_set = read_region_set(connection, name)
    if region_set is None:
        names = list_set_names(connection)
        hint = (
            f"There are: {', '.join(names)}."
            if names
            else "Import one with `tocsin regions import FILE --set NAME`."
        )
        raise UnknownName(f"There is no region set '{name}'.", hint)
    return region_set


def list_region_sets(connection: Connection) -> list[RegionSet]:
    """Returns all stored region sets by name."""
    return [load_region_set(connection, name) for name in list_set_names(connection)]


def list_set_heads(connection: Connection) -> list[RegionSetHead]:
    """Returns all stored region sets by name, without their regions: a grid has thousands."""
    query = select(region_sets).where(region_sets.c.replaced_by.is_(None))
    heads = [RegionSetHead(**_read_head(row)) for row in connection.execute(query)]
    return sorted(heads, key=lambda head: head.name)


def list_set_names(connection: Connection) -> list[str]:
    """Returns the names of all sets, sorted; editions of before are not among them."""
    query = select(region_sets.c.region_set).where(region_sets.c.replaced_by.is_(None))
    return sorted(connection.scalars(query).all())


def _read_head(row: Row[Any]) -> dict[str, Any]:
    names = ("kind", "step", "source", "is_schematic", "attribution")
    return {"name": row.region_set} | {name: getattr(row, name) for name in names}


def _describe(region_set: RegionSet, imported_at: datetime) -> dict[str, object]:
    return {
        "kind": region_set.kind,
        "step": region_set.step,
        "source": region_set.source,
        "is_schematic": region_set.is_schematic,
        "attribution": region_set.attribution,
        "imported_at": imported_at,
    }


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
                    "parent": region.parent,
                    "valid_from": region.valid_from,
                    "valid_to": region.valid_to,
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


def read_region_set(connection: Connection, name: str) -> RegionSet | None:
    """Returns a stored set, or None if there is none of that name."""
    description = connection.execute(
        select(region_sets).where(region_sets.c.region_set == name)
    ).one_or_none()
    if description is None:
        return None
    rows = connection.execute(
        select(regions).where(regions.c.region_set == name).order_by(regions.c.position)
    ).all()
    position_of = {row.region_id: position for position, row in enumerate(rows)}
    borders = connection.execute(
        select(neighbours.c.region_id, neighbours.c.neighbour_id).where(
            neighbours.c.region_set == name
        )
    ).all()
    return RegionSet(
        **_read_head(description),
        regions=tuple(
            Region(
                row.region_id,
                row.name,
                row.country,
                shapely.from_wkb(row.geometry),
                parent=row.parent,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
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
        [
            (
                item.region_id,
                item.name,
                item.country,
                _to_wkb(item),
                item.parent,
                item.valid_from,
                item.valid_to,
            )
            for item in region_set.regions
        ],
    )
