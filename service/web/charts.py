"""The charts of a region: deaths with the forecast window, and the score over publications.

Time runs in years as plain numbers: no time zone can shift a month. Every colour is a paint of
`service.web.svg`. Each chart is drawn for a wide page and for a phone; the page shows one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import altair as alt
from markupsafe import Markup

from data.calendar import Step, period_start
from service.publications.fatality import PublishedFatalities
from service.web.history import TYPES, DeathsHistory
from service.web.levels import Level
from service.web.skill_view import ReliabilityRow
from service.web.svg import inline_picture, paint

Width = Literal["wide", "narrow"]
Point = tuple[date, float | None]
"""As-of and risk score in [0, 1], or None."""
WIDTHS: tuple[Width, ...] = ("wide", "narrow")
_PIXELS: dict[Width, tuple[int, int]] = {"wide": (1000, 290), "narrow": (310, 230)}


@dataclass(frozen=True)
class Window:
    """What a forecast is about, for the picture.

    Attributes:
        origin: Ordinal of the last period used.
        horizon: Periods that the window holds.
        threshold: Deaths in the whole window that make the outcome true, or None.
    """

    origin: int
    horizon: int
    threshold: float | None


def draw_deaths(history: DeathsHistory, window: Window, width: Width, title: str) -> Markup:
    """Returns deaths per period, stacked by type, with unknown periods and the window marked.

    A thin line spans the low and the high estimate of each period in which they differ.

    Args:
        history: Deaths of one region.
        window: The forecast window, and the threshold of the whole window.
        width: Which page it is for.
        title: What the picture shows, in words.
    """
    step = history.step
    first = int(history.periods[0])
    last = window.origin + window.horizon
    per_step = None if window.threshold is None else window.threshold / window.horizon
    highest = max(history.highest, per_step or 0, 1.0)
    scale_x = alt.Scale(domain=[_year(first, step), _year(last + 1, step)], nice=False)
    x = alt.X("x:Q", scale=scale_x, axis=_years_axis(first, last, step, width), title=None)
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[0, highest * 1.08], nice=False),
        axis=_counts_axis(),
        title=None,
    )
    layers: list[alt.Chart] = [
        _bands([(window.origin + 1, last)], step, highest, x, y, "window"),
        _bands(history.unknown_spans, step, highest, x, y, "unknown"),
    ]
    layers += [_stack(history, index, x, y) for index in range(len(TYPES))]
    layers.append(_ranges(history, x, y))
    if per_step is not None:
        line = [{"y": per_step, "x": _year(first, step), "x2": _year(last + 1, step)}]
        layers.append(
            alt.Chart(_inline(line))
            .mark_rule(color=paint("threshold"), strokeWidth=1.5, strokeDash=[5, 3])
            .encode(x=x, x2="x2:Q", y=y)
        )
    return _finish(alt.layer(*layers), width, title)


def draw_fan(
    history: DeathsHistory,
    ahead: Sequence[PublishedFatalities],
    origin: int,
    width: Width,
    title: str,
) -> Markup:
    """Returns recent deaths and, for each period ahead, the median, the 50 and the 90 % interval.

    Args:
        history: Deaths of one region, its last periods; drawn as in `draw_deaths`.
        ahead: Its distributions, those with quantiles only, at least one.
        origin: Ordinal of the last period used.
        width: Which page it is for.
        title: What the picture shows, in words.
    """
    step = history.step
    first = int(history.periods[0])
    last = origin + max(one.horizon for one in ahead)
    rows = []
    for one in ahead:
        half, most = one.interval(50), one.interval(90)
        if half is None or most is None:
            continue
        at = origin + one.horizon
        place = {"x": _year(at, step), "x2": _year(at + 1, step), "median": one.median}
        rows.append(place | {"l50": half[0], "h50": half[1], "l90": most[0], "h90": most[1]})
    highest = max(history.highest, *(row["h90"] or 0 for row in rows), 1.0)
    scale_x = alt.Scale(domain=[_year(first, step), _year(last + 1, step)], nice=False)
    x = alt.X("x:Q", scale=scale_x, axis=_years_axis(first, last, step, width), title=None)
    scale_y = alt.Scale(domain=[0, highest * 1.08], nice=False)
    y = alt.Y("y:Q", scale=scale_y, axis=_counts_axis(), title=None)

    def of(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", scale=scale_y, axis=_counts_axis(), title=None)

    fan = alt.Chart(_inline(rows))
    layers: list[alt.Chart] = [
        _bands(history.unknown_spans, step, highest, x, y, "unknown"),
        fan.mark_rect(color=paint("window")).encode(x=x, x2="x2:Q", y=of("l90"), y2="h90:Q"),
        fan.mark_rect(color=paint("score"), opacity=0.45).encode(
            x=x, x2="x2:Q", y=of("l50"), y2="h50:Q"
        ),
        fan.mark_rule(color=paint("ink"), strokeWidth=2).encode(x=x, x2="x2:Q", y=of("median")),
    ]
    layers += [_stack(history, index, x, y) for index in range(len(TYPES))]
    layers.append(_ranges(history, x, y))
    return _finish(alt.layer(*layers), width, title)


def draw_scores(
    points: Sequence[Point], levels: Sequence[Level], width: Width, title: str
) -> Markup:
    """Returns the risk score over publications, a gap where there was none.

    Args:
        points: As-of and risk score in [0, 1] or None, oldest first; at least one with a score.
        levels: Levels whose lower bounds are drawn.
        width: Which page it is for.
        title: What the picture shows, in words.
    """
    highest = max(score for _, score in points if score is not None)
    top = min(1.0, max([highest * 1.15, *(level.low * 1.1 for level in levels)]))
    years = [_year_of_day(day) for day, _ in points]
    pad = max((years[-1] - years[0]) * 0.03, 0.04)
    domain = [years[0] - pad, years[-1] + pad]
    rows = _runs(years, [score for _, score in points])
    ticks = _year_ticks(domain[0], domain[1], 9 if width == "wide" else 4)
    axis = _axis(values=ticks, labelExpr=_labels(ticks))
    x = alt.X("x:Q", scale=alt.Scale(domain=domain, nice=False), axis=axis, title=None)
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=_axis(format=".0%", tickCount=4, grid=False),
        title=None,
    )
    bounds = [
        {"y": level.low, "words": level.words, "x": domain[0], "x2": domain[1]}
        for level in levels
        if 0 < level.low < top
    ]
    base = alt.Chart(_inline(bounds)).encode(y=y)
    layers: list[Any] = [
        base.mark_rule(color=paint("grid"), strokeWidth=1).encode(x=x, x2="x2:Q"),
        base.mark_text(
            align="right", baseline="bottom", dx=-2, dy=-2, color=paint("muted"), fontSize=12
        ).encode(x="x2:Q", text="words:N"),
        alt.Chart(_inline(rows))
        .mark_line(color=paint("score"), strokeWidth=2)
        .encode(x=x, y=y, detail="run:N"),
        alt.Chart(_inline(rows)).mark_circle(color=paint("score"), opacity=1, size=30).encode(x, y),
    ]
    return _finish(alt.layer(*layers), width, title, height=200)


def draw_reliability(rows: Sequence[ReliabilityRow], width: Width, title: str) -> Markup:
    """Returns the reliability curve: what was said against what came, with consistency bars.

    Args:
        rows: Groups of past forecasts, at least one.
        width: Which page it is for.
        title: What the picture shows, in words.
    """
    points = [
        {"x": row.forecast, "y": row.frequency, "low": row.low, "high": row.high} for row in rows
    ]
    top = min(1.0, 1.1 * max(max(row.forecast, row.frequency, row.high) for row in rows))
    scale = alt.Scale(domain=[0, top], nice=False)
    ticks: dict[str, Any] = {"format": ".0%", "tickCount": 5, "titleColor": paint("muted")}
    look = {"titleFontWeight": "normal", "titleFontSize": 12}
    x = alt.X("x:Q", scale=scale, axis=_axis(**ticks, **look), title="Forecast")
    y = alt.Y("y:Q", scale=scale, axis=_axis(**ticks, **look), title="Came true")
    base = alt.Chart(_inline(points))
    chart = alt.layer(
        alt.Chart(_inline([{"x": 0, "y": 0}, {"x": top, "y": top}]))
        .mark_line(color=paint("muted"), strokeDash=[4, 3], strokeWidth=1)
        .encode(x=x, y=y),
        base.mark_rule(color=paint("muted"), strokeWidth=5, opacity=0.3).encode(
            x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"
        ),
        base.mark_circle(color=paint("score"), opacity=1, size=60).encode(x=x, y=y),
    )
    return _finish(chart, width, title, pixels=440 if width == "wide" else None)


def draw_skill(years: Sequence[tuple[int, float]], width: Width, title: str) -> Markup:
    """Returns the Brier skill of each year as bars from 0.

    Args:
        years: Year and skill, oldest first, at least one.
        width: Which page it is for.
        title: What the picture shows, in words.
    """
    rows = [{"x": str(year), "y": max(skill, -1.0)} for year, skill in years]
    x = alt.X("x:O", axis=_axis(labelAngle=0), title=None)
    y = alt.Y(
        "y:Q",
        axis=_axis(format="+.2f", tickCount=5, grid=True, gridColor=paint("grid")),
        title=None,
    )
    bars = alt.Chart(_inline(rows)).mark_bar(color=paint("score")).encode(x=x, y=y)
    zero = alt.Chart(_inline([{"y": 0}])).mark_rule(color=paint("muted")).encode(y=y)
    return _finish(alt.layer(bars, zero), width, title, height=200)


def _stack(history: DeathsHistory, index: int, x: alt.X, y: alt.Y) -> alt.Chart:
    rows = [
        {
            "x": _year(period, history.step),
            "x2": _year(period + 1, history.step),
            "y": low,
            "y2": up,
        }
        for period, low, up in history.stacked(index)
    ]
    drawn: alt.Chart = (
        alt.Chart(_inline(rows))
        .mark_rect(color=paint(TYPES[index].paint))
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q")
    )
    return drawn


def _ranges(history: DeathsHistory, x: alt.X, y: alt.Y) -> alt.Chart:
    rows = [
        {
            "x": (_year(period, history.step) + _year(period + 1, history.step)) / 2,
            "y": low,
            "y2": up,
        }
        for period, low, up in history.ranges
    ]
    drawn: alt.Chart = (
        alt.Chart(_inline(rows))
        .mark_rule(color=paint("ink"), strokeWidth=1, opacity=0.6)
        .encode(x=x, y=y, y2="y2:Q")
    )
    return drawn


def _bands(
    spans: Sequence[tuple[int, int]], step: Step, highest: float, x: alt.X, y: alt.Y, name: str
) -> alt.Chart:
    rows = [
        {"x": _year(first, step), "x2": _year(last + 1, step), "y": 0, "y2": highest * 1.08}
        for first, last in spans
    ]
    drawn: alt.Chart = (
        alt.Chart(_inline(rows)).mark_rect(color=paint(name)).encode(x=x, x2="x2:Q", y=y, y2="y2:Q")
    )
    return drawn


def _runs(years: Sequence[float], scores: Sequence[float | None]) -> list[dict[str, float]]:
    """Rows of the line; a missing score ends a run, so that no line is drawn across it."""
    rows: list[dict[str, float]] = []
    run = 0
    for year, score in zip(years, scores, strict=True):
        if score is None:
            run += 1
        else:
            rows.append({"x": year, "y": score, "run": run})
    return rows


def _years_axis(first: int, last: int, step: Step, width: Width) -> alt.Axis:
    low, high = _year(first, step), _year(last + 1, step)
    ticks = _year_ticks(low, high, 11 if width == "wide" else 5)
    return _axis(values=ticks, labelExpr=_labels(ticks))


def _year_ticks(low: float, high: float, most: int) -> list[float]:
    """Starts of years or months between two moments, in the finest stride that leaves `most`."""
    first, last = math.ceil(low * 12 - 1e-6), math.floor(high * 12 + 1e-6)
    for stride in (1, 3, 6, 12, 24, 60, 120):
        ticks = [month / 12 for month in range(first, last + 1) if month % stride == 0]
        if len(ticks) <= most:
            return ticks
    return []


def _labels(ticks: Sequence[float]) -> str:
    """An expression that names each tick: the year, or year and month within a year."""
    names = []
    for tick in ticks:
        year, month = divmod(round(tick * 12), 12)
        names.append(f"{year}" if month == 0 else f"{date(2000, month + 1, 1):%b} {year}")
    chosen = [
        f"abs(datum.value - {tick}) < 0.001 ? '{name}'"
        for tick, name in zip(ticks, names, strict=True)
    ]
    return " : ".join([*chosen, "''"])


def _counts_axis() -> alt.Axis:
    return _axis(tickMinStep=1, tickCount=5, format=",d", grid=True, gridColor=paint("grid"))


def _axis(**options: Any) -> alt.Axis:
    look: dict[str, Any] = {
        "labelColor": paint("muted"),
        "tickColor": paint("grid"),
        "domainColor": paint("grid"),
        "labelFontSize": 12,
        "labelPadding": 5,
        "grid": False,
    }
    return alt.Axis(**{**look, **options})


def _finish(
    chart: alt.LayerChart | alt.FacetChart,
    width: Width,
    title: str,
    *,
    pixels: int | None = None,
    height: int | None = None,
) -> Markup:
    usual_pixels, usual_height = _PIXELS[width]
    spec = (
        chart.properties(
            width=pixels or usual_pixels,
            height=height or usual_height,
            padding=4,
            background="transparent",
        )
        .configure(font="sans-serif")
        .configure_view(stroke=None)
        .to_dict()
    )
    return inline_picture(spec, title=title, css_class=f"chart {width}")


def _inline(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=list(rows))


def _year(ordinal: int, step: Step) -> float:
    """The start of a period in years; a month is a twelfth, whatever its length."""
    if step == "month":
        return 1970 + ordinal / 12
    return _year_of_day(period_start(ordinal, step))


def _year_of_day(day: date) -> float:
    start = date(day.year, 1, 1)
    return day.year + (day - start) / (date(day.year + 1, 1, 1) - start)
