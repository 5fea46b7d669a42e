"""`tocsin actors`: the shipped table, one of one's own, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from data.database import open_database
from data.sources.simulated import SIMULATED, deliver_simulated
from data.store import append_delivery
from service.cli.main import app

Tell = Callable[..., str]


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["actors", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def listed(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return found


def test_a_table_of_ones_own_and_back(tmp_path: Path, tell: Tell) -> None:
    names = {row["actor"] for row in listed(tell("list", "--group", "outside_force", "--json"))}
    assert {"Africa Corps", "MINUSMA", "Forces of France"} <= names
    assert "JNIM" not in names
    shown = listed(tell("show", "wagner group", "--json"))
    assert {row["actor"] for row in shown} == {"Africa Corps", "Wagner Group"}
    path = tmp_path / "actors.csv"
    tell("export", str(path))
    assert json.loads(tell("import", str(path), "--json"))["is_new"] is False
    with path.open("a", encoding="utf-8") as file:
        file.write("Sons of the Dune,Dune Sons,rebel,MLI,2020-01-01,\n")
    assert json.loads(tell("import", str(path), "--json"))["is_new"] is True
    assert listed(tell("show", "Dune Sons", "--json"))[0]["valid_from"] == "2020-01-01"
    assert "Dune Sons" in tell("export")
    assert "comes with Tocsin" in tell("reset")
    assert "Dune Sons" not in tell("export")


def test_names_that_no_alias_finds(tmp_path: Path, tell: Tell) -> None:
    assert "Every name is listed" in tell("list", "--unlisted", "simulated")
    day = date(2021, 6, 15)
    database = open_database(f"sqlite:///{tmp_path / 'state' / 'tocsin.db'}")
    with database.write() as connection:
        append_delivery(
            connection,
            deliver_simulated(day, 3),
            source=SIMULATED,
            vintage="1",
            known_at=datetime(2021, 6, 15, tzinfo=UTC),
            received_at=datetime(2021, 6, 15, tzinfo=UTC),
            file_name="simulated",
            sha256="0" * 64,
        )
    database.close()
    rows = listed(tell("list", "--unlisted", "simulated", "--json"))
    names = [row["name"] for row in rows]
    assert "Unidentified armed group" in names
    assert not {"Dune Column", "Northern Banner", "Civilians"} & set(names)
    assert [row["events"] for row in rows] == sorted((r["events"] for r in rows), reverse=True)
