"""The report page: figures of a trial, in tables and pictures, as one file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from service.report.pictures import (
    draw_cost_loss,
    draw_precision_recall,
    draw_reliability,
    draw_skill_by_year,
)
from service.templates import open_templates

_HERE = Path(__file__).parent


def write_report(report: Mapping[str, Any], path: Path, *, made_at: datetime) -> None:
    """Writes the page whole.

    Args:
        report: `report` of a trial.
        path: The file.
        made_at: The present moment, UTC.
    """
    page = render_report(report, made_at=made_at)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(path)


def render_report(report: Mapping[str, Any], *, made_at: datetime) -> str:
    """Returns the page as HTML that asks for nothing from elsewhere.

    Args:
        report: `report` of a trial.
        made_at: The present moment, UTC.
    """
    pictures = {
        horizon: {
            "reliability": draw_reliability(figures["skill"]["reliability"]),
            "precision_recall": draw_precision_recall(
                figures["precision_recall"], figures["skill"]["prevalence"]
            ),
            "skill_by_year": draw_skill_by_year(figures["strata"]),
            "cost_loss": draw_cost_loss(figures["cost_loss"]),
        }
        for horizon, figures in report["horizons"].items()
    }
    template = report_environment().get_template("report.html")
    return template.render(report=report, pictures=pictures, made_at=made_at)


@cache
def report_environment() -> Environment:
    """Returns the environment of the report's templates: escaped, nothing undefined in silence."""
    made = open_templates(_HERE)
    made.filters.update(
        figure=_figure, interval=_interval, signed=_signed_interval, percent=_percent
    )
    return made


def _figure(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}" if value >= 0.1 else f"{value:.1%}"


def _interval(figure: Mapping[str, float | None] | None) -> str:
    return _write(figure, ".3f")


def _signed_interval(figure: Mapping[str, float | None] | None) -> str:
    return _write(figure, "+.3f")


def _write(figure: Mapping[str, float | None] | None, form: str) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    if figure["low"] is None or figure["high"] is None:
        return format(figure["value"], form)
    bounds = " to ".join(format(figure[end], form) for end in ("low", "high"))
    return f"{figure['value']:{form}} ({bounds})"
