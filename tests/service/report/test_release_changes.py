"""The picture of what a release changed holds every change, and says what was not known before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data.errors import NothingKnown, StateError, UsageError
from data.revisions import CellChange
from service.report.release_changes import write_release_changes

REVISED = CellChange("MLI", "ML5", "Mopti", "2023-09", 4, 3, 20, 27, 0, 2, 1)
NEW = CellChange("BFA", None, None, "2023-10", None, 2, None, 9, 2, 0, 0)
UNKNOWN = CellChange("NER", "NE1", "Diffa", "2023-11", None, None, None, None, 1, 0, 0)


def texts(path: Path) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", path.read_text())


def test_each_change_has_a_tile_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "changes.svg"
    write_release_changes([REVISED, NEW, UNKNOWN], path, "sahel: ged 23.1 to 23.0.10")
    found = texts(path)
    assert {"+2", "+7", "+9", "-1", "MLI Mopti", "BFA (no region)", "2023-09", "2023-10"} <= {
        *found
    }
    assert "sahel: ged 23.1 to 23.0.10" in found
    assert "black edge: month not known before" in found
    # A month that is not known has no number that could be drawn.
    assert not {"2023-11", "NER Diffa"} & {*found}


def test_a_revision_alone_speaks_of_no_edge(tmp_path: Path) -> None:
    path = tmp_path / "changes.svg"
    write_release_changes([REVISED], path, "x")
    assert not [text for text in texts(path) if "edge" in text]


def test_many_months_are_drawn_without_numbers(tmp_path: Path) -> None:
    months = [f"{2000 + n // 12}-{n % 12 + 1:02d}" for n in range(200)]
    cells = [CellChange("MLI", "ML5", "Mopti", month, 1, 2, 3, 7, 1, 0, 0) for month in months]
    write_release_changes(cells, tmp_path / "long.svg", "x")
    assert "+4" not in texts(tmp_path / "long.svg")
    width = re.search(r'<svg[^>]* width="([\d.]+)"', (tmp_path / "long.svg").read_text())
    assert width is not None
    assert float(width[1]) < 2000


def test_a_picture_of_another_kind_or_of_nothing_is_refused(tmp_path: Path) -> None:
    write_release_changes([NEW], tmp_path / "changes.png", "x")
    assert (tmp_path / "changes.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        write_release_changes([NEW], tmp_path / "changes.gif", "x")
    with pytest.raises(NothingKnown, match="Nothing changed"):
        write_release_changes([UNKNOWN], tmp_path / "none.svg", "x")
    with pytest.raises(StateError, match="cannot be written"):
        write_release_changes([NEW], tmp_path / "no" / "folder.svg", "x")
