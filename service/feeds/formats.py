"""The list of feed formats: a new format is a new file with `render`, and a line here."""

from __future__ import annotations

from collections.abc import Callable

from data.regions import RegionSet
from service.feeds import (
    atom_feed,
    bulletin_feed,
    csv_feed,
    fatality_feed,
    geojson_feed,
    json_feed,
    parquet_feed,
    xlsx_feed,
)
from service.feeds.compression import compress_document
from service.publications.publication import Document, Publication

Render = Callable[[Publication, RegionSet], Document]

FORMATS: dict[str, Render] = {
    "csv": csv_feed.render,
    fatality_feed.FORMAT: fatality_feed.render,
    "json": json_feed.render,
    "xlsx": xlsx_feed.render,
    "parquet": parquet_feed.render,
    "geojson": geojson_feed.render,
    "atom": atom_feed.render,
    "html": bulletin_feed.render_html,
    "fr.html": bulletin_feed.render_html_fr,
    "pdf": bulletin_feed.render_pdf,
    "fr.pdf": bulletin_feed.render_pdf_fr,
}
"""Extension in the feed's address to the function that renders it."""


def render_documents(publication: Publication, region_set: RegionSet) -> tuple[Document, ...]:
    """Returns the publication in every format, compressed as well.

    Args:
        publication: With the revision under which it will be stored.
        region_set: Its regions, with their shapes.
    """
    return tuple(compress_document(render(publication, region_set)) for render in FORMATS.values())
