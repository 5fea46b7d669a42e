"""`tocsin models` as users run it, on the real file: compare, promote, roll back, card."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from data.errors import NotReady, TocsinError, UsageError
from service.cli.main import app

DAY = ("--as-of", "2022-01-15")


@pytest.fixture(scope="module")
def call(state: Path, shared_data: Path) -> Callable[..., Any]:
    def invoke(*words: str, **settings: str) -> Any:
        environment = {"TOCSIN_STATE_DIR": str(state), "TOCSIN_BOOTSTRAP_DRAWS": "100", **settings}
        done = CliRunner().invoke(app, list(words), env=environment)
        if isinstance(done.exception, TocsinError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    invoke("regions", "import", str(shared_data / "sahel_admin1.geojson"), "--set", "sahel")
    events = str(shared_data / "ged_sahel_1989_2021.csv")
    invoke("ingest", "ged", events, "--vintage", "24.1", "--known-at", "2022-01-15")
    return invoke


@pytest.fixture(scope="module")
def versions(call: Callable[..., Any]) -> tuple[str, str]:
    made = [
        json.loads(call("train", *DAY, "--json", TOCSIN_HORIZONS="[3]", TOCSIN_RIDGE_C=ridge))
        for ridge in ("0.02", "0.0005")
    ]
    assert [one["role"] for one in made] == ["champion", "challenger"]
    return made[0]["model_version"], made[1]["model_version"]


def test_compare_pairs_two_models(call: Callable[..., Any], versions: tuple[str, str]) -> None:
    first, second = versions
    report = json.loads(call("models", "compare", first, second, *DAY, "--json"))
    gain = report["horizons"]["3"]["paired"]["in_service"]["log_score"]
    back = json.loads(call("models", "compare", second, first, *DAY, "--json"))
    assert back["horizons"]["3"]["paired"]["in_service"]["log_score"]["value"] == pytest.approx(
        -gain["value"]
    )
    assert gain["value"] < 0
    assert "in brackets: paired" in call("models", "compare", first, second, *DAY)


def test_promote_wants_a_word_and_rollback_leads_back(
    call: Callable[..., Any], versions: tuple[str, str]
) -> None:
    first, second = versions
    with pytest.raises(NotReady, match="No earlier model"):
        call("models", "rollback", *DAY)
    with pytest.raises(UsageError, match="risk levels change"):
        call("models", "promote", second, *DAY, "--json")
    done = json.loads(call("models", "promote", second, *DAY, "--yes", "--json"))
    assert (done["replaced"], len(done["changes"])) == (first, 31)
    shown = call("models", "rollback", *DAY, "--yes")
    assert f"{first} is in service instead of {second}" in shown
    assert "ML08" in shown or "changes" in shown
    roles = {
        one["model_version"]: one["role"]
        for one in json.loads(call("models", "list", "--json"))
        if one["outcome"] == "escalation"
    }
    assert roles == {first: "champion", second: "retired"}


def test_the_card_is_json_and_a_page(
    call: Callable[..., Any], versions: tuple[str, str], tmp_path: Path
) -> None:
    card = json.loads(call("models", "card", versions[0], "--html", str(tmp_path / "card.html")))
    assert card["model_version"] == versions[0]
    assert versions[0] in (tmp_path / "card.html").read_text(encoding="utf-8")


def test_models_of_different_outcomes_are_not_compared(
    call: Callable[..., Any], versions: tuple[str, str]
) -> None:
    severe = json.loads(call("train", *DAY, "--outcome", "severe", "--json", TOCSIN_HORIZONS="[3]"))
    assert severe["role"] == "champion"
    with pytest.raises(UsageError, match="different things"):
        call("models", "compare", versions[0], severe["model_version"], *DAY)
