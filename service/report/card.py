"""The model card as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.report.page import report_environment
from service.report.pictures import draw_reliability


def write_card(card: Mapping[str, Any], path: Path) -> None:
    """Writes the card whole, as HTML that asks for nothing from elsewhere.

    Args:
        card: What `models.artefacts.card.build_card` returned.
        path: The file.
    """
    pictures = {
        horizon: draw_reliability(described["reliability"])
        for horizon, described in card["horizons"].items()
    }
    page = report_environment().get_template("card.html").render(card=card, pictures=pictures)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(path)
