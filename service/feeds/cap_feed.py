"""The feed of alerts: an Atom index of CAP messages, as aggregators read them.

It follows the example practice of OASIS ("CAP Feeds Version 1.0", committee note 2, 2014): each
message is an entry with its headline, moment, description, sender and a link. The feed holds every
message that had not expired when it was published, the newest first; updates and cancellations too,
since who reads late must be able to follow the references.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from data.tables import regions
from service.feeds.addresses import CAP_FORMAT, write_address, write_message_address
from service.feeds.atom_elements import (
    MEDIA_TYPE,
    add_category,
    add_element,
    add_link,
    add_text,
    begin_feed,
    identify,
    keep_entries,
    write_feed,
)
from service.feeds.compression import compress_document
from service.feeds.facts import write_moment
from service.publications.publication import Document, Publication
from service.tables import cap_messages

CAP_MEDIA_TYPE = "application/cap+xml"
MAX_ENTRIES = 1_000
"""Aggregators refuse feeds much larger than that."""


def render_cap_feed(
    connection: Connection, publication: Publication, *, public_url: str
) -> Document:
    """Returns the feed of a set's alerts, its messages written.

    Args:
        connection: The transaction of the publication.
        publication: The newest of its set.
        public_url: Address under which people reach the service.
    """
    name, base = publication.region_set, public_url.rstrip("/")
    updated = write_moment(publication.published_at)
    mark = "SIMULATED: " if publication.is_simulated else ""
    feed = begin_feed(identify(name, "cap"), f"{mark}Conflict alerts, {name} (CAP 1.2)", updated)
    add_link(feed, "self", base + write_address(name, CAP_FORMAT), MEDIA_TYPE)
    is_living = (cap_messages.c.region_set == name) & (
        cap_messages.c.expires_at > publication.published_at
    )
    total = connection.scalar(select(func.count()).select_from(cap_messages).where(is_living)) or 0
    if total > MAX_ENTRIES:
        said = f"The newest {MAX_ENTRIES} of {total} messages; /api/v1/alerts lists all alerts."
        add_text(feed, "subtitle", said)
    rows = connection.execute(
        select(
            cap_messages.c.identifier,
            cap_messages.c.sent_at,
            cap_messages.c.headline,
            cap_messages.c.description,
            cap_messages.c.outcome,
            regions.c.country,
        )
        .outerjoin(
            regions,
            (regions.c.region_set == cap_messages.c.region_set)
            & (regions.c.region_id == cap_messages.c.region_id),
        )
        .where(is_living)
        .order_by(cap_messages.c.publication_id.desc(), cap_messages.c.identifier)
        .limit(MAX_ENTRIES)
    )
    for row in rows:
        address = base + write_message_address(name, row.identifier)
        entry = add_element(feed, "entry")
        add_text(entry, "id", address)
        add_text(entry, "title", row.headline)
        add_text(entry, "updated", write_moment(row.sent_at))
        add_text(add_element(entry, "author"), "name", "Tocsin")
        add_link(entry, "alternate", address, CAP_MEDIA_TYPE)
        add_category(entry, "country", row.country or "")
        add_category(entry, "outcome", row.outcome)
        add_text(entry, "summary", row.description)
    media_type = f"{MEDIA_TYPE}; charset=utf-8"
    return compress_document(Document(CAP_FORMAT, media_type, write_feed(feed)))


def cut_cap_feed(document: Document, country: str | None, outcome: str | None) -> Document:
    """Returns the feed with only the messages about a country, an outcome, or both."""
    wanted = {"country": country, "outcome": outcome}
    given = {scheme: term for scheme, term in wanted.items() if term is not None}
    return Document(document.name, document.media_type, keep_entries(document.body, given))
