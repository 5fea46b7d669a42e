"""Pictures of a backtest, drawn on the server and carried inside the page as data addresses.

Colours are those of Okabe & Ito (2008), told apart by every kind of colour vision.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import altair as alt
import vl_convert

from data.errors import StateError, UsageError

NAMES: Mapping[str, str] = {
    "model": "#0072B2",
    "climatology": "#E69F00",
    "conflictology": "#009E73",
}
"""What is drawn, and its colour."""

_SIZE = {"width": 360, "height": 280}
_GREY = "#6b7680"
_SCALE = 2.0

# The renderer holds one JavaScript engine; one picture at a time keeps its memory small.
_renderer = Lock()


def draw_reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    """Returns the reliability diagram with its consistency bars.

    Args:
        bins: `reliability` of a skill table.
    """
    highest = max(0.1, *(max(one["frequency"], one["forecast"], one["bar_high"]) for one in bins))
    scale = alt.Scale(domain=[0, min(1.0, highest * 1.05)], nice=False)
    x = alt.X("forecast:Q", scale=scale, title="mean forecast", axis=_percents())
    points = alt.Chart(inline(bins)).encode(x=x)
    corner = {"forecast": highest * 1.05, "frequency": highest * 1.05}
    diagonal = alt.Chart(inline([{"forecast": 0.0, "frequency": 0.0}, corner])).mark_line(
        color=_GREY, strokeDash=[4, 4], clip=True
    )
    y = alt.Y("frequency:Q", scale=scale, title="share that came true", axis=_percents())
    bars = points.mark_rule(color=_GREY, strokeWidth=5, opacity=0.45).encode(
        y=alt.Y("bar_low:Q", scale=scale, title="share that came true", axis=_percents()),
        y2="bar_high:Q",
    )
    dots = points.mark_point(color=NAMES["model"], filled=True, size=70, opacity=1).encode(y=y)
    return _draw(alt.layer(diagonal.encode(x=x, y=y), bars, dots))


def draw_precision_recall(
    curves: Mapping[str, Sequence[Mapping[str, float]]], prevalence: float
) -> str:
    """Returns the precision-recall curves over the prevalence.

    Args:
        curves: Points by name.
        prevalence: How often the outcome came, in [0, 1].
    """
    rows = [
        {"name": name, "order": at, **point}
        for name, points in curves.items()
        for at, point in enumerate(points)
    ]
    unit = alt.Scale(domain=[0, 1])
    lines = (
        alt.Chart(inline(rows))
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("recall:Q", scale=unit, title="recall", axis=_percents()),
            y=alt.Y("precision:Q", scale=unit, title="precision", axis=_percents()),
            color=_colours(curves),
            order="order:Q",
        )
    )
    floor = alt.Chart(inline([{"y": prevalence}])).mark_rule(color=_GREY, strokeDash=[4, 4])
    return _draw(alt.layer(floor.encode(y="y:Q"), lines))


def draw_skill_by_year(strata: Sequence[Mapping[str, Any]]) -> str:
    """Returns the Brier skill of each year with its interval.

    Args:
        strata: `strata` of an assessment; those of the group `year` that have figures are drawn.
    """
    rows = [
        {"year": one["name"], "against": rival, **one[f"brier_skill_{rival}"]}
        for one in strata
        if one["group"] == "year"
        for rival in ("climatology", "conflictology")
        if one[f"brier_skill_{rival}"] is not None
    ]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("year:N", title=None, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("against:N"),
        color=alt.Color(
            "against:N",
            title="against",
            scale=alt.Scale(
                domain=["climatology", "conflictology"],
                range=[NAMES["climatology"], NAMES["conflictology"]],
            ),
            legend=alt.Legend(orient="top"),
        ),
    )
    bars = base.mark_rule(strokeWidth=3).encode(
        y=alt.Y("low:Q", title="Brier skill"), y2=alt.Y2("high:Q")
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(y=alt.Y("value:Q"))
    zero = alt.Chart(inline([{"y": 0}])).mark_rule(color=_GREY).encode(y="y:Q")
    return _draw(alt.layer(zero, bars, dots))


def draw_cost_loss(curves: Mapping[str, Any]) -> str:
    """Returns the relative value over the ratio of cost to loss.

    Args:
        curves: `cost_loss` of an assessment: `ratios`, and values by name.
    """
    rows = [
        {"name": name, "ratio": ratio, "value": max(value, -0.5)}
        for name in NAMES
        for ratio, value in zip(curves["ratios"], curves[name], strict=True)
        if value is not None
    ]
    lines = (
        alt.Chart(inline(rows))
        .mark_line(point=True)
        .encode(
            x=alt.X("ratio:Q", title="cost of acting / loss avoided", axis=_percents()),
            y=alt.Y("value:Q", title="relative value (1 is perfect)"),
            color=_colours(NAMES),
        )
    )
    zero = alt.Chart(inline([{"y": 0}])).mark_rule(color=_GREY).encode(y="y:Q")
    return _draw(alt.layer(zero, lines))


def draw_coverage(coverage: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the share of cases inside each interval, by group, over the nominal level.

    Args:
        coverage: `coverage` of a backtest of fatalities.
    """
    rows = [
        {"group": group, "name": name, "level": level, "share": cover["coverage"]}
        for group, one in coverage.items()
        for name in ("model", "conflictology")
        for level, cover in one[name].items()
    ]
    names = {name: NAMES[name] for name in ("model", "conflictology")}
    dots = (
        alt.Chart(inline(rows))
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            x=alt.X("group:N", title=None, sort=None, axis=alt.Axis(labelAngle=-25)),
            y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), title="inside", axis=_percents()),
            color=_colours(names),
            shape=alt.Shape("level:N", title=None, legend=alt.Legend(orient="top")),
        )
    )
    nominal = [
        {"y": float(level.rstrip("%")) / 100} for level in sorted({row["level"] for row in rows})
    ]
    lines = alt.Chart(inline(nominal)).mark_rule(color=_GREY, strokeDash=[4, 4]).encode(y="y:Q")
    return _draw(alt.layer(lines, dots))


def _colours(names: Mapping[str, Any]) -> alt.Color:
    return alt.Color(
        "name:N",
        title=None,
        scale=alt.Scale(domain=list(names), range=[NAMES[name] for name in names]),
        legend=alt.Legend(orient="top"),
    )


def _percents() -> alt.Axis:
    return alt.Axis(format="%", tickCount=6)


def inline(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Returns rows as the data of a chart."""
    return alt.InlineData(values=[dict(row) for row in rows])


def write_picture(chart: alt.LayerChart | alt.FacetChart | alt.HConcatChart, path: Path) -> None:
    """Writes a chart as a file of its own.

    Raises:
        UsageError: The file does not end in .svg or .png.
        StateError: It cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in {".svg", ".png"}:
        raise UsageError(f"{path} is no picture.", "Name a file that ends in .svg or .png.")
    svg = render_svg(chart)
    try:
        path.write_bytes(svg.encode() if ending == ".svg" else vl_convert.svg_to_png(svg, _SCALE))
    except OSError as problem:
        raise StateError(f"{path} cannot be written: {problem.strerror}.") from None


def render_svg(chart: alt.LayerChart | alt.FacetChart | alt.HConcatChart) -> str:
    """Returns a chart as SVG; nothing is fetched."""
    spec = chart.configure_view(stroke="#d8dee2").to_dict()
    with _renderer:
        return vl_convert.vegalite_to_svg(json.dumps(spec), allowed_base_urls=[])


def _draw(chart: alt.LayerChart | alt.FacetChart) -> str:
    """Returns the picture as a `data:` address."""
    svg = render_svg(chart.properties(**_SIZE))
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
