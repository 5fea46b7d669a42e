"""Templates: one environment, every text escaped, no name left undefined in silence."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment

from service.templates import open_templates
from service.web import links, words

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
STATIC = _HERE / "static"
"""Folder that the application serves under `/static`."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
"""What a page may load: its own style sheet and icon. No script, nothing from elsewhere."""


def render_page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Returns a page.

    Args:
        template: File name in `templates/`.
        status: HTTP status.
        **values: What the template shows.
    """
    body = environment().get_template(template).render(**values)
    return HTMLResponse(
        body,
        status,
        {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            # A page for somebody who is signed in is for nobody else.
            "Cache-Control": "no-cache" if values.get("me") is None else "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        },
    )


@cache
def environment() -> Environment:
    """Returns the template environment of the process."""
    made = open_templates(TEMPLATES)
    made.globals.update(
        words=words,
        links=links,
        static=_static_addresses(),
        nav={"set": None, "here": ""},
        me=None,
    )
    return made


def _static_addresses() -> dict[str, str]:
    """File name to address; the address changes with the content, so that caches never lie."""
    return {
        path.name: f"/static/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
        for path in sorted(STATIC.iterdir())
    }
