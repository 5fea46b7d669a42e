"""The page in docs/ is what the catalogue says."""

from __future__ import annotations

from pathlib import Path

from features.catalogue import CATALOGUE
from features.page import write_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "indicators.md"


def test_the_page_is_what_the_catalogue_says() -> None:
    """If this fails: tocsin indicators page > docs/indicators.md."""
    assert PAGE.read_text(encoding="utf-8") == write_page()


def test_the_page_describes_every_indicator_once() -> None:
    page = write_page()
    for one in CATALOGUE.values():
        assert page.count(f"### `{one.name}`\n") == 1
        assert f"- formula: {one.formula}\n" in page
        assert f"window: {one.window};" in page
