"""Every command says what it does, and stands in the documentation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from service.cli.main import app

ROOT = Path(__file__).resolve().parents[3]


def commands(of: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for command in of.registered_commands:
        callback = command.callback
        assert callback is not None
        yield (*path, command.name or callback.__name__)
    for group in of.registered_groups:
        assert group.typer_instance is not None
        assert group.name is not None
        yield from commands(group.typer_instance, (*path, group.name))


@pytest.mark.parametrize("words", list(commands(app)), ids=" ".join)
def test_command_has_help_and_is_documented(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    assert len(shown.output) > 100
    assert f"`tocsin {' '.join(words)}`" in (ROOT / "docs" / "operations.md").read_text()


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("tocsin ")
