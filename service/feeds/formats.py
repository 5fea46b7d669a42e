"""The list of feed formats: a new format is a new file with `render`, and a line here."""

from __future__ import annotations

from collections.abc import Callable

from data.regions import RegionSet
from service.feeds import csv_feed, geojson_feed, json_feed
from service.publication import Document, Publication

Render = Callable[[Publication, RegionSet], Document]

FORMATS: dict[str, Render] = {
    "csv": csv_feed.render,
    "json": json_feed.render,
    "geojson": geojson_feed.render,
}
"""Extension in the feed's address to the function that renders it."""


def render_documents(publication: Publication, region_set: RegionSet) -> tuple[Document, ...]:
    """Returns the publication in every format.

    Args:
        publication: With the revision under which it will be stored.
        region_set: Its regions, with their shapes.
    """
    return tuple(render(publication, region_set) for render in FORMATS.values())
