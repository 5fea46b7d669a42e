"""Every command says what it does, and stands in the documentation."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli.commands import COMMANDS, INGEST, Entry, load_command
from service.cli.main import app

ROOT = Path(__file__).resolve().parents[3]
RUN_AND_PRINT_MODULES = """
import sys
from service.cli.main import run
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
print("modules:", *sys.modules)
"""
WEB_AND_MODELS = {"altair", "fastapi", "matplotlib", "shap", "sklearn"}
SOURCES = {"data.simulate", "data.sources.registry"}
TABLES = {"numpy", "pandas", "pyarrow", "scipy", "sqlalchemy"}


def paths(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    if not hasattr(command, "commands"):
        yield words
        return
    for name, inner in command.commands.items():
        yield from paths(inner, *words, name)


ALL = [words for name in COMMANDS for words in paths(load_command(name), name)]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_command_has_help_and_is_documented(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    assert len(shown.output) > 100
    assert f"`tocsin {' '.join(words)}`" in (ROOT / "docs" / "operations.md").read_text()


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("tocsin ")


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table in (COMMANDS, INGEST) for name in table]
)
def test_a_table_says_what_the_command_says_of_itself(table: dict[str, Entry], name: str) -> None:
    assert table[name].line == load_command(name, table).get_short_help_str(limit=1000)


def test_every_file_with_a_group_is_in_the_table() -> None:
    files = {
        path.stem
        for path in (ROOT / "service" / "cli").glob("*.py")
        if "\napp = typer.Typer(" in path.read_text()
    }
    groups = {entry.place for entry in COMMANDS.values() if entry.place.endswith(":app")}
    assert groups == {f"{file}:app" for file in files - {"main"}}


@pytest.mark.parametrize(
    ("line", "absent"),
    [
        ("--help", WEB_AND_MODELS | TABLES),
        ("--version", WEB_AND_MODELS | TABLES),
        ("ingest --help", WEB_AND_MODELS | TABLES),
        ("ingest list", WEB_AND_MODELS | {"scipy"} | SOURCES),
        ("keys list", WEB_AND_MODELS | {"scipy"}),
        ("indicators list", WEB_AND_MODELS | {"models.train", "scipy.stats"}),
        ("models list", WEB_AND_MODELS | {"scipy.stats"}),
    ],
)
def test_a_command_imports_only_what_it_needs(line: str, absent: set[str], tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
    done = subprocess.run(
        [sys.executable, "-c", RUN_AND_PRINT_MODULES, *line.split()],
        capture_output=True,
        text=True,
        env={**environment, "TOCSIN_STATE_DIR": str(tmp_path)},
        cwd=ROOT,
        check=True,
    )
    printed, _, modules = done.stdout.partition("modules: ")
    assert printed
    assert "service.cli.main" in modules.split()
    assert not absent & set(modules.split())


def test_completion_reaches_into_a_group() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "tocsin")],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "_TOCSIN_COMPLETE": "complete_bash",
            "COMP_WORDS": "tocsin ingest ob",
            "COMP_CWORD": "2",
        },
        check=True,
    )
    assert done.stdout.split() == ["observations"]
