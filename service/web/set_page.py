"""The page of a set."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from service.web import words
from service.web.page_head import Frame, view_head
from service.web.reading import Reader
from service.web.set_view import view_set
from service.web.skill_view import view_skill
from service.web.templating import render_page

_FORMAT_WORDS: dict[str, tuple[str, str]] = {
    "csv": ("CSV", "One row per region and horizon, for spreadsheets and scripts."),
    "json": ("JSON", "The same with drivers, skill and sources, for programs."),
    "geojson": ("GeoJSON", "The same with shapes, for QGIS and other maps."),
    "xlsx": ("Excel", "A workbook with one sheet per horizon."),
    "fatalities.csv": ("Deaths, CSV", "Deaths of each period ahead as quantiles."),
    "parquet": ("Parquet", "The rows of the CSV file, typed, for analysis."),
    "html": ("Bulletin", "Two pages to read, print and pass on."),
    "fr.html": ("Bulletin, fr", "The same in French."),
    "pdf": ("PDF", "The bulletin on paper."),
    "fr.pdf": ("PDF, fr", "The same in French."),
    "atom": ("Atom", "News of each publication, for feed readers."),
    "cap.xml": ("CAP", "Alerts in the Common Alerting Protocol, for warning systems."),
    "manifest.json": (
        "Manifest",
        "The signed list of these files: none can be altered unseen.",
    ),
}


def render_set(
    reader: Reader,
    connection: Connection,
    name: str,
    *,
    horizon: int | None,
    sort: str | None,
    as_of: date | None,
    outcome: str | None,
    page: int,
) -> HTMLResponse:
    """Returns the page of a set: map, table, downloads, skill.

    Raises:
        UnknownName: No such set, as-of, outcome, horizon, order or page of the table.
        NotReady: Nothing is published of the set.
    """
    frame = reader.frame(connection, name, as_of, outcome)
    view = view_set(frame, horizon, sort, page)
    skill = view_skill(frame.publication, view.horizon, frame.outcome_words.event)
    previous = frame.publication.previous_as_of
    files = reader.files(connection, frame.publication.publication_id)
    return render_page(
        "set.html",
        **frame_values(frame, "map"),
        view=view,
        shapes=reader.shapes(frame),
        downloads=[(*_FORMAT_WORDS.get(name, (name.upper(), "")), name) for name in files],
        previous=None if previous is None else words.day(previous),
        earlier_model=_earlier_model(frame),
        skill=skill,
        reliability_pictures=reader.reliability_pictures(skill.reliability),
    )


def frame_values(frame: Frame, here: str) -> dict[str, Any]:
    """Returns what the templates of every page about a publication need."""
    publication = frame.publication
    return {
        "nav": {"set": publication.region_set, "here": here},
        "head": view_head(frame),
        "region_set": frame.region_set,
        "is_schematic": publication.is_schematic,
        "as_of": frame.as_of,
        "outcome": frame.asked_outcome,
        "told": frame.outcome_words,
        "step": publication.step,
        "credits": publication.attributions,
        "model_version": publication.model_version,
        "outcome_version": publication.outcome_version,
    }


def _earlier_model(frame: Frame) -> str | None:
    """The model of the publication before, if it was another one."""
    earlier = frame.publication.manifest.get("previous_model_version")
    return earlier if earlier != frame.publication.model_version else None
