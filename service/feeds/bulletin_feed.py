"""The bulletin as HTML and PDF, in English (`html`, `pdf`) and French (`fr.html`, `fr.pdf`).

Typst (Mädje 2022) sets the PDF. Its page is `bulletin.typ`; the texts reach it as JSON, so that no
name of a region is ever read as markup.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import typst
from jinja2 import Template

from data.errors import StateError
from data.regions import RegionSet
from service.feeds.bulletin import compose_bulletin
from service.languages import Language
from service.publications.publication import Document, Publication
from service.templates import open_templates

_FOLDER = Path(__file__).parent


def render_html(
    publication: Publication, region_set: RegionSet, language: Language = "en"
) -> Document:
    """Returns the bulletin as one HTML page without scripts."""
    bulletin = compose_bulletin(publication, region_set, language)
    text = _load_page().render(b=bulletin)
    return Document(_name("html", language), "text/html; charset=utf-8", text.encode())


def render_pdf(
    publication: Publication, region_set: RegionSet, language: Language = "en"
) -> Document:
    """Returns the bulletin as PDF, A4.

    Raises:
        StateError: The page cannot be set.
    """
    bulletin = json.dumps(compose_bulletin(publication, region_set, language), ensure_ascii=False)
    try:
        body = typst.compile(_load_sheet(), format="pdf", sys_inputs={"bulletin": bulletin})
    except typst.TypstError as problem:
        raise StateError(f"The bulletin cannot be set: {problem}.") from None
    if not isinstance(body, bytes):
        raise StateError("The bulletin was set as several files.")
    return Document(_name("pdf", language), "application/pdf", body)


def render_html_fr(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the bulletin as HTML in French."""
    return render_html(publication, region_set, "fr")


def render_pdf_fr(publication: Publication, region_set: RegionSet) -> Document:
    """Returns the bulletin as PDF in French."""
    return render_pdf(publication, region_set, "fr")


def _name(feed_format: str, language: Language) -> str:
    return feed_format if language == "en" else f"{language}.{feed_format}"


@cache
def _load_page() -> Template:
    return open_templates(_FOLDER).get_template("bulletin.html.j2")


@cache
def _load_sheet() -> bytes:
    return (_FOLDER / "bulletin.typ").read_bytes()
