"""The report page of a backtest of fatalities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from service.report.page import report_environment
from service.report.pictures import draw_coverage


def write_fatality_report(report: Mapping[str, Any], path: Path, *, made_at: datetime) -> None:
    """Writes the page whole, as HTML that asks for nothing from elsewhere.

    Args:
        report: `report` of a `models.fatalities.trial.FatalityTrial`.
        path: The file.
        made_at: The present moment, UTC.
    """
    template = report_environment().get_template("fatalities.html")
    picture = draw_coverage(report["figures"]["coverage"])
    page = template.render(report=report, picture=picture, made_at=made_at)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(path)
