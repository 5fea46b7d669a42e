"""`tocsin rules`: check, apply, list, show, example."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from data.errors import BadInput, UnknownName
from service.alerts.rule_files import SHIPPED
from service.cli.main import app

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "state"))
    return lambda *words: CliRunner().invoke(app, ["rules", *map(str, words)])


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_rule_lives_from_example_to_its_second_version(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(call("example", "default").stdout)
    assert path.read_text() == SHIPPED["default"].read_text()
    assert [rule["id"] for rule in read(call("check", path, "--json"))["rules"]] == [
        "escalation-risk"
    ]
    assert read(call("list", "--json")) == []
    assert read(call("apply", path, "--json")) == [{"id": "escalation-risk", "version": 1}]
    assert read(call("apply", path, "--json")) == []
    path.write_text(path.read_text().replace("clear_n = 2", "clear_n = 3"))
    assert "version 2" in call("apply", path).stdout
    (listed,) = read(call("list", "--json"))
    assert (listed["version"], listed["clear_n"]) == (2, 3)
    shown = read(call("show", "escalation-risk", "--json"))
    assert [(item["version"], item["clear_n"]) for item in shown] == [(2, 3), (1, 2)]
    words = call("show", "escalation-risk").stdout
    assert words.index("version 2") < words.index("version 1")
    assert "escalation-risk" in call("list").stdout


def test_a_refusal_has_its_line_and_stores_nothing(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    text = SHIPPED["default"].read_text()
    path.write_text(text.replace("enter = 0.50", "enter = 1.50"))
    line = text[: text.index("[[rules]]")].count("\n") + 1
    checked = call("check", path)
    assert isinstance(checked.exception, BadInput)
    flat = checked.stdout.replace("\n", "")
    assert f"{path}:{line}: Rule 'escalation-risk' is refused: level 'very_high'" in flat
    applied = call("apply", path)
    assert isinstance(applied.exception, BadInput)
    assert f"line {line}: " in applied.exception.message
    assert read(call("list", "--json")) == []


def test_unknown_names(call: Call) -> None:
    assert isinstance(call("show", "nothing").exception, UnknownName)
    assert isinstance(call("example", "nothing").exception, UnknownName)


def test_a_rule_test_says_what_differs_and_fails(call: Call, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(SHIPPED["default"].read_text())
    path = tmp_path / "rules_test.toml"
    path.write_text(
        'rules = "rules.toml"\n[[tests]]\nname = "fires"\nrule = "escalation-risk"\n'
        'scores = {A = "0.1 0.3"}\nexpect = {A = ["2 fired high"]}\n'
    )
    (result,) = read(call("test", path, "--json"))
    assert result["differences"] == []
    path.write_text(path.read_text().replace("0.1 0.3", "0.3 0.1"))
    failed = call("test", path)
    assert failed.exit_code == 1
    assert "expected 2 fired high; happened 1 fired high" in failed.stdout
    assert "0 passed, 1 failed" in failed.stdout
