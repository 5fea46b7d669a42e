"""What was known when: panels of past days, read from the database one at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from data.actors import load_actors
from data.database import Database
from data.panel import Panel, build_panel, find_origins
from data.regions import RegionSet, digest_shapes, load_region_set
from data.store import list_deliveries
from models.as_known import Knowledge


def open_knowledge(
    database: Database,
    connection: Connection,
    region_set: RegionSet,
    beside: Sequence[str],
    as_of: date,
) -> Knowledge:
    """Returns what was known of a region set and of those that train beside it, day by day.

    Args:
        database: The database; each panel is read in a transaction of its own, so that nobody waits
            for a long replay.
        connection: A read transaction.
        region_set: The set whose origins are looked for.
        beside: Names of the sets that train beside it.
        as_of: The last day that is looked at.

    Raises:
        UnknownName: There is no such set.
    """
    sets = {name: load_region_set(connection, name) for name in beside}
    sets[region_set.name] = region_set

    def read(name: str, day: date) -> Panel:
        with database.read() as opened:
            return build_panel(opened, sets[name], day)

    return Knowledge(
        origins=find_origins(connection, region_set, as_of),
        known_from={
            name: min(one.as_of for one in found.values())
            for name in dict.fromkeys(beside)
            if (found := find_origins(connection, sets[name], as_of))
        },
        read=read,
        digest=_digest(connection, sets, as_of),
    )


def _digest(connection: Connection, sets: Mapping[str, RegionSet], as_of: date) -> str:
    """Returns the SHA-256, in hex, of regions, names of actors and deliveries of all sources."""
    told = [
        [one.source, one.vintage, one.sha256, one.known_at.isoformat()]
        for one in list_deliveries(connection, as_of=as_of)
    ]
    shapes = {name: digest_shapes(one) for name, one in sorted(sets.items())}
    content = json.dumps([shapes, load_actors(connection).sha256, told])
    return hashlib.sha256(content.encode()).hexdigest()
