"""Maps of the house (docstrings of packages, docs/architecture.md) name nothing that is gone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAPS = [
    *(
        path.relative_to(ROOT)
        for room in ("data", "features", "models", "service")
        for path in sorted((ROOT / room).rglob("__init__.py"))
    ),
    Path("docs/architecture.md"),
]
_FILE = re.compile(r"(?<![\w/*])[\w/*]+\.py\b")
_ROOTED = re.compile(r"\b(?:data|features|models|service|tests)/[\w/]+\.py\b")
_FOLDER = re.compile(r"(?<![\w./])(?:data|docs|features|models|service)/[\w/]*/(?!\w)")
_DOTTED = re.compile(r"`((?:data|features|models|service)(?:\.\w+)+)`")


@pytest.mark.parametrize("where", MAPS, ids=str)
def test_a_map_names_nothing_that_is_gone(where: Path) -> None:
    text = (ROOT / where).read_text()
    if where.suffix == ".py":
        text = ast.get_docstring(ast.parse(text)) or ""
    package = (ROOT / where).parent
    gone = {
        name
        for name in {*_FILE.findall(text), *_FOLDER.findall(text)}
        if not any(True for base in (ROOT, package) for _ in base.glob(name.rstrip("/")))
    }
    gone |= {name for name in _DOTTED.findall(text) if not is_there(name)}
    assert gone == set()


@pytest.mark.parametrize("room", ["data", "docs", "features", "models", "service"])
def test_no_text_names_a_file_or_a_thing_that_is_gone(room: str) -> None:
    gone = []
    for path in sorted((ROOT / room).rglob("*.*")):
        if path.suffix not in (".md", ".py"):
            continue
        text = path.read_text(encoding="utf-8")
        gone += [(str(path), name) for name in _ROOTED.findall(text) if not (ROOT / name).exists()]
        if path.suffix == ".py":
            gone += [(str(path), name) for name in _DOTTED.findall(text) if not is_there(name)]
    assert gone == []


def is_there(name: str) -> bool:
    """True if a dotted name is a module or package, or stands in the text of one."""
    parts = name.split(".")
    for n_parts in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:n_parts])
        module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if module.exists():
            rest = parts[n_parts:]
            return not rest or re.search(rf"\b{rest[0]}\b", module.read_text()) is not None
    return False


def test_a_name_that_is_gone_is_seen() -> None:
    assert _FILE.findall("data/panel.py, web/*_view.py x.py") == [
        "data/panel.py",
        "web/*_view.py",
        "x.py",
    ]
    assert _FOLDER.findall("see data/store/ and `service/feeds/app.py`") == ["data/store/"]
    assert is_there("data.panel")
    assert is_there("data.panel.Panel")
    assert not is_there("data.gone")
