"""`tocsin markers`: entered, imported, listed as known, withdrawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from data.errors import BadInput, UsageError
from service.cli.main import app

HEADER = "marker_id,kind,country,place,date_start,date_end,title,reference,author\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "var"))


def run(*words: str) -> Any:
    done = CliRunner().invoke(app, ["markers", *words])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout) if "--json" in words else done.stdout


def add(name: str, *words: str, kind: str = "blockade") -> str:
    fixed = ("--title", "T", "--reference", "R", "--author", "desk", "--country", "ML")
    return str(run("add", name, "--kind", kind, *fixed, *words))


def test_a_marker_is_listed_as_known(tmp_path: Path) -> None:
    add("timbuktu", "--start", "2023-08-08", "--place", "ML06", "--known-at", "2023-08-10")
    path = tmp_path / "markers.csv"
    path.write_text(HEADER + "coup-2020,coup,MLI,,2020-08-18,2020-08-18,Coup,News,desk\n")
    assert run("import", str(path), "--known-at", "2020-08-18", "--json")["n_stored"] == 1
    assert run("import", str(path), "--json")["n_stored"] == 0
    early = run("list", "--as-of", "2023-08-09", "--json")
    assert [row["marker_id"] for row in early] == ["coup-2020"]
    later = {row["marker_id"]: row for row in run("list", "--json")}
    assert later["timbuktu"]["date_end"] is None
    assert later["coup-2020"]["date_end"] == "2020-08-18"
    assert "Withdrew" in run("withdraw", "timbuktu", "--author", "desk")
    assert len(run("list", "--json")) == 1


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("A b,coup,MLI,,2020-08-18,,T,R,a", "cannot name"),
        ("a,feast,MLI,,2020-08-18,,T,R,a", "no kind"),
        ("a,coup,Mali,,2020-08-18,,T,R,a", "no country"),
        ("a,coup,MLI,,soon,,T,R,a", "no day"),
        ("a,coup,MLI,,2020-08-18,2020-08-17,T,R,a", "before it begins"),
        ("a,coup,MLI,,2020-08-18,,T,,a", "its reference"),
        ("a,coup,MLI,,2020-08-18,,T,R,a\na,coup,MLI,,2020-08-18,,T,R,a", "line 3: 'a' stands"),
    ],
)
def test_a_bad_row_and_nothing_is_taken_in(tmp_path: Path, row: str, found: str) -> None:
    path = tmp_path / "markers.csv"
    path.write_text(HEADER + row + "\n")
    with pytest.raises(BadInput, match=found):
        run("import", str(path))
    assert run("list", "--json") == []


def test_what_has_not_begun_is_not_known() -> None:
    with pytest.raises(UsageError, match="after 2023-08-01"):
        add("timbuktu", "--start", "2023-08-08", "--known-at", "2023-08-01")
