"""Templates: the one strict environment that pages, reports, bulletins and mails are filled in."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


def open_templates(folder: Path) -> Environment:
    """Returns an environment of the templates in a folder.

    What is filled in is escaped, except in templates that end in `.txt` or `.txt.j2`. A name that
    nobody gave is an error, never an empty place.
    """
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(disabled_extensions=("txt", "txt.j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
