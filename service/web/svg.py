"""What vl-convert draws, made fit to stand inside a page.

A chart names its colours by *paints*: stand-in colours that no picture uses otherwise. Here each
becomes a class, so that the style sheet decides the colour, for light, dark and print alike. Sizes
and fonts are left to the page too.
"""

from __future__ import annotations

import json
from threading import Lock
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert
from markupsafe import Markup

_SVG = "http://www.w3.org/2000/svg"
_PAINT_PREFIX = "#0000"
PAINTS: tuple[str, ...] = (
    "ink",
    "muted",
    "grid",
    "state-based",
    "non-state",
    "one-sided",
    "unknown",
    "window",
    "threshold",
    "score",
)
_DROPPED = {"font-family", "role", "aria-roledescription", "aria-label", "aria-hidden", "class"}

# The renderer holds one JavaScript engine; one picture at a time keeps its memory small.
_renderer = Lock()

ET.register_namespace("", _SVG)


def paint(name: str) -> str:
    """Returns the stand-in colour of one of `PAINTS`, for use in a chart."""
    return f"{_PAINT_PREFIX}{PAINTS.index(name) + 1:02x}"


def draw_svg(spec: dict[str, Any]) -> ET.Element:
    """Returns the root of the picture that a Vega-Lite specification describes.

    Needs no network: a specification that asks for an outside file is refused by the renderer.
    """
    with _renderer:
        text = vl_convert.vegalite_to_svg(json.dumps(spec), allowed_base_urls=[])
    return ET.fromstring(text)  # noqa: S314, the text is our own renderer's


def inline_picture(spec: dict[str, Any], *, title: str, css_class: str) -> Markup:
    """Returns the picture as markup that scales with the page.

    Args:
        spec: Vega-Lite specification whose colours are paints.
        title: What the picture shows, for those who cannot see it.
        css_class: Class of the `svg` element.
    """
    root = draw_svg(spec)
    for element in root.iter():
        _hand_over_to_page(element)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("class", css_class)
    root.set("role", "img")
    root.set("aria-label", title)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704, serialised tree


def _hand_over_to_page(element: ET.Element) -> None:
    for name in _DROPPED & element.attrib.keys():
        del element.attrib[name]
    classes = []
    for name, letter in (("fill", "f"), ("stroke", "s")):
        colour = element.get(name, "")
        if colour.startswith(_PAINT_PREFIX):
            classes.append(f"{letter}-{PAINTS[int(colour[-2:], 16) - 1]}")
            del element.attrib[name]
    if classes:
        element.set("class", " ".join(classes))
    if "f-unknown" in classes:
        # A hatch, so that it is told apart without colour; the page holds the pattern.
        element.set("fill", "url(#unknown)")
