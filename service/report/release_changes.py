"""The picture of what a release changed: more or fewer events and deaths, by region and month."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt

from data.errors import NothingKnown
from data.revisions import CellChange
from service.report.pictures import inline, write_picture

_FEWER, _SAME, _MORE = "#0072B2", "#f4f4f2", "#D55E00"
_WRITTEN_UP_TO = 18
_WIDEST, _NARROWEST, _ALL_MONTHS = 46, 3, 560
_ROW = 17


def write_release_changes(cells: Sequence[CellChange], path: Path, title: str) -> None:
    """Writes the picture: a tile for each region and month in which anything changed.

    The colour is what is known after less what was known before: orange for more, blue for fewer. A
    month that was not known before has a black edge: all that is known of it is new, which is no
    revision. One that is no longer known, or of which neither was, has no tile.

    Args:
        cells: What changed, as `data.revisions` gives it.
        path: A file that ends in .svg or .png.
        title: What was compared.

    Raises:
        UsageError: The file has another ending.
        NothingKnown: Nothing changed.
    """
    rows = [row for cell in cells for row in _tiles(cell)]
    if not rows:
        raise NothingKnown(
            "Nothing changed, so there is nothing to draw.",
            "Name other vintages, or more months with --from and --to.",
        )
    panels = [_draw([row for row in rows if row["what"] == what]) for what in ("events", "deaths")]
    whole = alt.hconcat(*panels).resolve_scale(color="independent", y="shared")
    write_picture(whole.properties(title=alt.Title(title, anchor="start", fontSize=14)), path)


def _tiles(cell: CellChange) -> list[dict[str, Any]]:
    tiles = []
    for what in ("events", "deaths"):
        before = getattr(cell, f"{what}_before")
        after = getattr(cell, f"{what}_after")
        if after is not None:
            change = after - (before or 0)
            tiles.append(
                {
                    "what": what,
                    "region": f"{cell.country} {cell.region_name or '(no region)'}",
                    "month": cell.month,
                    "change": change,
                    "written": f"{change:+d}" if change else "0",
                    "is_new": before is None,
                }
            )
    return tiles


def _draw(rows: Sequence[dict[str, Any]]) -> alt.LayerChart | alt.FacetChart:
    what = rows[0]["what"]
    months = sorted({row["month"] for row in rows})
    highest = max(1, *(abs(row["change"]) for row in rows))
    step = max(_NARROWEST, min(_WIDEST, _ALL_MONTHS // len(months)))
    base = alt.Chart().encode(
        x=alt.X("month:O", title=None, sort=months, axis=alt.Axis(labelAngle=-60)),
        y=alt.Y("region:N", title=None, sort="ascending"),
    )
    tiles = base.mark_rect().encode(
        color=alt.Color(
            "change:Q",
            title=f"change in {what}",
            scale=alt.Scale(
                # A few large revisions must not leave all others white.
                type="symlog",
                domain=[-highest, 0, highest],
                range=[_FEWER, _SAME, _MORE],
                interpolate="rgb",
            ),
            legend=alt.Legend(orient="bottom", gradientLength=160),
        ),
        stroke=alt.condition("datum.is_new", alt.value("#000000"), alt.value("#ffffff")),
    )
    layers: list[alt.Chart] = [tiles]
    if len(months) <= _WRITTEN_UP_TO:
        layers.append(base.mark_text(fontSize=10, color="#000000").encode(text="written:N"))
    edge = ["black edge: month not known before"] if any(row["is_new"] for row in rows) else []
    title = alt.Title(
        f"{what.capitalize()}, after less before", subtitle=edge, anchor="start", fontSize=12
    )
    return alt.layer(*layers, data=inline(rows)).properties(
        title=title,
        width={"step": step},
        height={"step": _ROW},
    )
