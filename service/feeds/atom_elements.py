"""Elements of Atom (Nottingham & Sayre 2005, RFC 4287), which two feeds share."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from lxml import etree
from lxml.etree import _Element as Element
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"


def begin_feed(identity: str, title: str, updated: str) -> Element:
    """Returns a feed with its identifier, title, moment and author."""
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]
    add_text(feed, "id", identity)
    add_text(feed, "title", title)
    add_text(feed, "updated", updated)
    add_text(feed, "generator", "Tocsin")
    add_text(add_element(feed, "author"), "name", "Tocsin")
    return feed


def add_element(parent: Element, name: str) -> Element:
    """Returns a new element of Atom in `parent`."""
    return etree.SubElement(parent, f"{{{_ATOM}}}{name}")


def add_text(parent: Element, name: str, text: str) -> None:
    """Adds an element with a text, less the characters that XML cannot hold."""
    add_element(parent, name).text = ILLEGAL_CHARACTERS_RE.sub("", text)


def add_link(parent: Element, relation: str, address: str, media_type: str) -> None:
    """Adds a link."""
    etree.SubElement(
        parent, f"{{{_ATOM}}}link", {"rel": relation, "href": address, "type": media_type}
    )


def add_category(parent: Element, scheme: str, term: str) -> None:
    """Adds what an entry is about, by which it can be found."""
    etree.SubElement(parent, f"{{{_ATOM}}}category", {"scheme": scheme, "term": term})


def keep_entries(body: bytes, wanted: Mapping[str, str]) -> bytes:
    """Returns a feed of ours with only the entries that have all the categories.

    Args:
        body: The feed.
        wanted: Scheme of a category to its term.
    """
    feed = etree.fromstring(body)
    for entry in feed.findall(f"{{{_ATOM}}}entry"):
        found = {
            item.get("scheme"): item.get("term") for item in entry.iter(f"{{{_ATOM}}}category")
        }
        if any(found.get(scheme) != term for scheme, term in wanted.items()):
            feed.remove(entry)
    return write_feed(feed)


def identify(*parts: object) -> str:
    """Returns the permanent identifier of what the parts name, a URN."""
    return uuid5(NAMESPACE_URL, "/".join(["tocsin:feeds", *map(str, parts)])).urn


def write_feed(feed: Element) -> bytes:
    """Returns a feed as UTF-8 XML."""
    return etree.tostring(feed, encoding="UTF-8", xml_declaration=True)
