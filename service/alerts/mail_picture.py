"""The map of an e-mail: the regions of the publication in the colours of their levels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import vl_convert

from data.database import Database
from data.regions import RegionSet, load_region_set
from service.channels.mail_text import Picture
from service.feeds.map_picture import draw_map
from service.feeds.palette import colour_levels
from service.publications.publication import Publication
from service.publications.store import find_publication

_SCALE = 0.64
"""Pixels a unit of the map, which is 1000 units wide."""
_KEPT = 8


def make_picture(database: Database) -> Picture:
    """Returns what draws the map of a message about alerts; other messages have none.

    The map of a publication, outcome and horizon is drawn once and kept for a few messages.

    Args:
        database: Holds the publication and the shapes.
    """

    @lru_cache(maxsize=_KEPT)
    def draw(
        name: str, as_of: date, revision: int, outcome: str, horizon: int, told: frozenset[str]
    ) -> bytes | None:
        with database.read() as connection:
            publication = find_publication(connection, name, as_of, revision)
            if publication is None:
                return None
            region_set = load_region_set(connection, name)
        if not region_set.regions:
            return None
        return _draw(publication, region_set, outcome, horizon, told)

    def picture(data: Mapping[str, Any]) -> bytes | None:
        publication, alerts = data.get("publication"), data["alerts"]
        if not publication or not alerts:
            return None
        first = alerts[0]
        return draw(
            publication["region_set"],
            date.fromisoformat(publication["as_of"]),
            publication["revision"],
            first["outcome"],
            first["horizon"],
            frozenset(alert["region_id"] for alert in alerts),
        )

    return picture


def _draw(
    publication: Publication,
    region_set: RegionSet,
    outcome: str,
    horizon: int,
    told: frozenset[str],
) -> bytes:
    colours = colour_levels(publication.manifest.get("levels", {}))
    shown = {
        row.region_id: colours[row.level]
        for row in publication.scores
        if (row.outcome, row.horizon) == (outcome, horizon) and row.level in colours
    }
    return vl_convert.svg_to_png(draw_map(region_set, shown, told), scale=_SCALE)
